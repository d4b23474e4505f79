import { get } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { startHub, type Hub, type HubStatus, type RequestRow } from '@prisma-brisk/live'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { APPLICATION, endPrograms, seen, started } from './support/programs.ts'

/** The processes that a hub may be in, and those that find it by themselves. */

let database: TestDatabase<PrismaClient>
let directory: string
beforeAll(async () => {
  database = await createDatabase('postgresql')
  directory = mkdtempSync(join(tmpdir(), 'brisk-processes-'))
})
afterAll(async () => {
  endPrograms()
  await database.drop()
  rmSync(directory, { recursive: true, force: true })
})

const OWN_HUB = join(import.meta.dirname, 'support/own-hub-run.ts')
const environment = () => ({
  BRISK_LIVE: undefined,
  TMPDIR: directory,
  APPLICATION_DATABASE: database.url,
})

interface Asked {
  readonly rows: readonly RequestRow[]
}

async function ask(address: string, path: string, body?: object): Promise<unknown> {
  const { origin, searchParams } = new URL(address)
  const answer = await fetch(`${origin}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${searchParams.get('token')}` },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return answer.json()
}

function addressIn(printed: readonly string[]): string | undefined {
  return /^brisk live: (\S+)/m.exec(printed.join(''))?.[1]
}

test('brisk({ live: true }) serves the hub from the process of the application, at one address however often it restarts', async () => {
  const addresses = new Set<string>()
  for (const _ of [1, 2]) {
    const app = await started([OWN_HUB], environment(), directory)
    expect((await app.get('/')).status).toBe(200)
    const address = (await seen(
      () => addressIn(app.printed),
      (found) => found !== undefined,
    )) as string
    addresses.add(address)
    const { rows } = await seen(
      () => ask(address, '/api/requests') as Promise<Asked>,
      (found) => found.rows.length > 0,
    )
    expect(rows).toMatchObject([{ name: 'GET /', status: 200, statements: 1, pid: app.child.pid }])
    const plans = (await seen(
      () => ask(address, '/api/explain', { request: 'latest' }),
      (found) => (found as { plan: unknown }[])[0]?.plan != null,
    )) as { plan: unknown }[]
    expect(JSON.stringify(plans[0]?.plan)).toContain('Tag')
    // Its hub keeps no process alive, nor does what it asks.
    await app.end('SIGKILL')
  }
  expect(addresses.size).toBe(1)
})

test('under NODE_ENV=production neither the option nor the variable starts or reports anything, and one sentence says so', async () => {
  const hub = await startHub({ port: 0 })
  for (const [program, live] of [
    [OWN_HUB, undefined],
    [APPLICATION, hub.address],
  ] as const) {
    const app = await started(
      [program],
      { ...environment(), NODE_ENV: 'production', BRISK_LIVE: live },
      directory,
    )
    expect((await app.get('/fine')).status).toBe(200)
    expect((await app.get('/fine')).headers.get('server-timing')).toBeNull()
    const said = await seen(
      () => app.printed.join(''),
      (text) => text.includes('W_LIVE_IN_PRODUCTION'),
    )
    expect(said.match(/W_LIVE_IN_PRODUCTION/g)).toHaveLength(1)
    expect(said).toContain('does nothing under NODE_ENV=production')
    expect(said).not.toContain('brisk live: http')
    await app.end()
  }
  expect(hub.history.processes.size).toBe(0)
  await hub.close()
})

const ended = (hub: Hub) => hub.history.all().filter(({ ms }) => ms !== null)

test('each worker of a cluster reports to the hub of its parent', async () => {
  const hub = await startHub({ port: 0 })
  const app = await started([join(import.meta.dirname, 'support/cluster-run.ts')], {
    ...environment(),
    BRISK_LIVE: hub.address,
  })
  const pids = await seen(
    async () => {
      // Each on a connection of its own: one connection leads to one worker.
      const { port } = app
      await new Promise((resolve) => {
        get({ port, path: '/fine', agent: false }, (response) => response.resume().once('end', resolve))
      })
      return new Set(ended(hub).map(({ process }) => process.pid))
    },
    ({ size }) => size === 2,
  )
  expect(pids.size).toBe(2)
  const { processes } = (await ask(hub.address, '/api')) as HubStatus
  expect(processes).toHaveLength(2)
  await app.end('SIGTERM')
  await hub.close()
})

test('what `tsx watch` starts anew reports to the same hub, which keeps what it has seen', async () => {
  const hub = await startHub({ port: 0 })
  const entry = join(directory, 'entry.mts')
  const write = (round: number) =>
    writeFileSync(entry, `await import(${JSON.stringify(pathToFileURL(APPLICATION).href)}) // ${round}\n`)
  write(1)
  const cli = join(import.meta.dirname, '../../../node_modules/tsx/dist/cli.mjs')
  const app = await started([cli, 'watch', '--clear-screen=false', entry], {
    ...environment(),
    NODE_OPTIONS: '--conditions=@prisma-brisk/source',
    BRISK_LIVE: hub.address,
  })
  await app.get('/fine')
  expect(
    await seen(
      () => ended(hub),
      ({ length }) => length === 1,
    ),
  ).toHaveLength(1)
  const said: string[] = []
  app.child.stdout.on('data', (text: Buffer) => said.push(text.toString()))
  write(2)
  const port = await seen(
    () => /PORT (\d+)/.exec(said.join(''))?.[1],
    (found) => found !== undefined,
  )
  await fetch(`http://127.0.0.1:${port}/fine`)
  const both = await seen(
    () => ended(hub),
    ({ length }) => length === 2,
  )
  expect(both.map(({ name }) => name)).toEqual(['GET /fine', 'GET /fine'])
  expect(new Set(both.map(({ process }) => process.process)).size).toBe(2)
  await app.end('SIGTERM')
  await hub.close()
})
