/** Tests whose application is another process: one asks it by fetch, the other by node:http. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { get } from 'node:http'
import { after, before, test } from 'node:test'

let server
let address
before(async () => {
  server = spawn(process.execPath, ['server.js'], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [text] = await once(server.stdout, 'data')
  address = `http://127.0.0.1:${/PORT (\d+)/.exec(text.toString())[1]}`
})
// Nothing is asked of it whether it has delivered what it knows; but a call is written a turn of its event loop later.
after(async () => {
  await fetch(`${address}/turn`)
  server.kill('SIGKILL')
})

void test('fetches the feed', async () => void (await (await fetch(`${address}/feed`)).json()))
void test('gets a user', async () => {
  const [response] = await once(get(`${address}/users/7c9e6679-7425-40de-944b-e07fc1f90ae7`), 'response')
  response.resume()
  await once(response, 'end')
})
