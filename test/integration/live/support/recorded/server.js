/** A server that tests ask from another process; its routes are known by their names. */
import { createServer } from 'node:http'
import { feed, search } from './feed.js'

const routes = {
  '/turn': () => Promise.resolve(null),
  '/feed': () => feed(),
  '/users/7c9e6679-7425-40de-944b-e07fc1f90ae7': () => search('a'),
}
const server = createServer((request, response) => {
  const work = routes[request.url]
  work().then(
    (answer) => response.end(JSON.stringify(answer)),
    () => response.writeHead(500).end(),
  )
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`PORT ${server.address().port}\n`))
