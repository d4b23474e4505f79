import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RequestRow } from '@prisma-brisk/live'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { APPLICATION, COMMAND, endPrograms, NODE, seen, started } from './support/programs.ts'

/** Hubs that hang, die and come back: real processes, ended by signals. The application notices nothing of it. */

let database: TestDatabase<PrismaClient>
let directory: string
/** An application whose command was killed: nobody else ends it. */
let orphan: number | null = null
beforeAll(async () => {
  database = await createDatabase('postgresql')
  directory = mkdtempSync(join(tmpdir(), 'brisk-faults-'))
})
afterAll(async () => {
  endPrograms()
  if (orphan !== null) process.kill(orphan, 'SIGKILL')
  await database.drop()
  rmSync(directory, { recursive: true, force: true })
})

/** Takes connections, and never reads of them nor answers. */
async function hangingHub(): Promise<{ server: Server; sockets: Socket[]; address: string }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    sockets.push(socket.pause())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { server, sockets, address: `http://127.0.0.1:${port}/?token=${'t'.repeat(32)}` }
}

function close({ server, sockets }: { server: Server; sockets: Socket[] }): void {
  for (const socket of sockets) socket.destroy()
  server.close()
}

test('a hub that hangs costs the application nothing but messages: it answers, and ends when it is told to', async () => {
  const hub = await hangingHub()
  const app = await started([APPLICATION], { BRISK_LIVE: hub.address, APPLICATION_DATABASE: database.url })
  for (let round = 0; round < 5; round++) {
    const answers = await Promise.all(['/fine', '/fine', '/list'].map((path) => app.get(path)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  }
  await seen(
    () => hub.sockets.length,
    (count) => count > 0,
  )
  expect(hub.sockets.length).toBeGreaterThan(0)
  expect(await app.end('SIGTERM')).toBe(7)
  close(hub)
})

test('what waits for a hub that hangs is bounded on the heap', async () => {
  const hub = await hangingHub()
  const child = spawn(
    process.execPath,
    ['--expose-gc', ...NODE, join(import.meta.dirname, 'support/reporter-heap-run.ts')],
    {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        NODE_ENV: 'development',
        BRISK_LIVE: hub.address,
        BRISK_LIVE_VALUES: '1',
        APPLICATION_DATABASE: database.url,
      },
    },
  )
  const printed: string[] = []
  child.stdout.on('data', (text: Buffer) => printed.push(text.toString()))
  child.stderr.on('data', (text: Buffer) => printed.push(text.toString()))
  expect((await once(child, 'exit'))[0]).toBe(0)
  close(hub)
  const { megabytes } = JSON.parse(printed.join('')) as { megabytes: number }
  // What was reported is 32 MB at least: 8,000 times 4,000 characters.
  expect(megabytes).toBeLessThan(16)
})

test('a hub that is killed under load comes back at its address: the application reports on, and the page keeps its cookie', async () => {
  const env = { TMPDIR: directory, BRISK_LIVE: undefined, APPLICATION_DATABASE: database.url }
  const free = createServer()
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve))
  const { port } = free.address() as AddressInfo
  await new Promise((resolve) => free.close(resolve))
  const flags = ['--port', String(port)]
  const hub = await started(
    [COMMAND, 'live', ...flags, '--', process.execPath, ...NODE, APPLICATION],
    env,
    directory,
  )
  const address = addressIn(hub.printed)
  const rows = async (headers: Record<string, string>): Promise<RequestRow[]> => {
    const answer = await fetch(`${new URL(address).origin}/api/requests`, { headers })
    return ((await answer.json()) as { rows: RequestRow[] }).rows
  }
  const bearer = { Authorization: `Bearer ${new URL(address).searchParams.get('token')}` }
  const entrance = await fetch(address, { redirect: 'manual' })
  const cookie = { Cookie: (entrance.headers.get('set-cookie') as string).split(';')[0] as string }
  const load = async (times: number): Promise<void> => {
    for (let round = 0; round < times; round++) {
      const answers = await Promise.all(['/fine', '/list', '/fine'].map((path) => hub.get(path)))
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    }
  }
  // One that has ended: a hub hears of a request with its first call.
  const isListed = (list: readonly RequestRow[]): boolean => list.some(({ status }) => status === 200)
  await load(3)
  const [row] = await seen(() => rows(bearer), isListed)
  orphan = row?.pid ?? null
  expect(orphan).not.toBeNull()

  // The first has the application as its child, which goes on without it.
  let current = hub
  for (const signal of ['SIGKILL', 'SIGKILL', 'SIGTERM'] as const) {
    const running = load(20)
    await current.end(signal)
    await running
    await load(2)
    current = await started([COMMAND, 'live'], env, directory)
    expect(addressIn(current.printed)).toBe(address)
    const found = await seen(async () => {
      await load(1)
      return rows(cookie)
    }, isListed)
    expect(found).toContainEqual(expect.objectContaining({ status: 200, statements: 1 }))
  }
  await current.end()
  const place = readdirSync(directory).find((name) => name.startsWith('prisma-brisk-live-')) as string
  const kept = readdirSync(join(directory, place)).filter((name) => name.endsWith('.project'))
  expect(kept).toHaveLength(1)
  expect(statSync(join(directory, place, kept[0] as string)).mode & 0o077).toBe(0)
})

function addressIn(printed: readonly string[]): string {
  return /^brisk live: (\S+)/m.exec(printed.join(''))?.[1] as string
}
