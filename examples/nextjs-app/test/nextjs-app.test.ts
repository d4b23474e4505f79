import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createDatabase } from '../../../test/support/databases.ts'
import { freePort } from '../../../test/support/server-process.ts'

test('route handlers share one client: pages, cached reads, and writes that are seen', async () => {
  const database = await createDatabase('postgresql')
  const plain = database.createClient()
  await plain.user.createMany({
    data: Array.from({ length: 25 }, (_, index) => ({
      name: `User ${index + 1}`,
      email: `u${index + 1}@example.org`,
    })),
  })
  const port = await freePort()
  const server = start(port, database.url)
  const url = `http://127.0.0.1:${port}`
  try {
    await untilUp(`${url}/api/stats`, server)
    const get = async (path: string) => {
      const response = await fetch(`${url}${path}`)
      return { body: (await response.json()) as never, cache: response.headers.get('x-cache') }
    }
    const first = (await get('/api/users')).body as { items: unknown[]; pageInfo: { endCursor: string } }
    const next = (await get(`/api/users?after=${encodeURIComponent(first.pageInfo.endCursor)}`)).body as {
      items: unknown[]
    }
    expect([first.items.length, next.items.length]).toEqual([20, 5])
    expect(await get('/api/users/1')).toEqual({ body: { id: 1, name: 'User 1' }, cache: 'miss' })
    expect(await get('/api/users/1')).toEqual({ body: { id: 1, name: 'User 1' }, cache: 'hit' })
    await fetch(`${url}/api/users/1`, { method: 'PATCH', body: JSON.stringify({ name: 'Ada' }) })
    expect((await get('/api/users/1')).body).toEqual({ id: 1, name: 'Ada' })
    const { queries } = (await get('/api/stats')).body as { queries: { model: string; operation: string }[] }
    expect(queries.map(({ model, operation }) => `${model}.${operation}`)).toContain('User.findUnique')
  } finally {
    // `next dev` serves from a process of its own.
    process.kill(-(server.pid as number), 'SIGKILL')
    await database.drop()
  }
}, 180_000)

function start(port: number, url: string): ChildProcess {
  const directory = join(import.meta.dirname, '..')
  const { NODE_OPTIONS: _, ...env } = process.env
  return spawn(
    process.execPath,
    [join(directory, 'node_modules/next/dist/bin/next'), 'dev', '-p', String(port)],
    {
      cwd: directory,
      env: { ...env, DATABASE_URL: url, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: 'development' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    },
  )
}

/** Waits for the first answer; what the server printed explains why there was none. */
async function untilUp(url: string, server: ChildProcess): Promise<void> {
  let printed = ''
  server.stdout?.on('data', (chunk: Buffer) => (printed += String(chunk)))
  server.stderr?.on('data', (chunk: Buffer) => (printed += String(chunk)))
  const ended = once(server, 'exit').then(() => Promise.reject(new Error(`next ended:\n${printed}`)))
  ended.catch(() => undefined)
  for (let tries = 0; tries < 300; tries++) {
    const response = await Promise.race([fetch(url).catch(() => null), ended])
    if (response?.ok) return
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 300)), ended])
  }
  throw new Error(`no answer from next:\n${printed}`)
}
