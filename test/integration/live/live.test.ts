import { readFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import {
  startHub,
  type Hub,
  type MigrationAnswer,
  type ProblemView,
  type ProjectAdvice,
  type RequestView,
} from '@prisma-brisk/live'
import { run } from '@prisma-brisk/live/cli'
import { APPLICATION, COMMAND, endPrograms, NODE, seen, started } from './support/programs.ts'
import { project, removeProjects } from '../index-advisor/support/static-project.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** `brisk live` as it is used: real processes that report to a hub, and what is read from it. */

const DEMO_SCHEMA = readFileSync(join(import.meta.dirname, '../../../prisma/schema.prisma'), 'utf8')
/** Where a planted fault stands, by the comment behind it. */
const at = (fault: string) => {
  const line = readFileSync(APPLICATION, 'utf8')
    .split('\n')
    .findIndex((each) => each.includes(`// ${fault}`))
  return expect.stringMatching(new RegExp(`application-run\\.ts:${line + 1}:\\d+$`))
}
let database: TestDatabase<PrismaClient>
beforeAll(async () => {
  database = await createDatabase('postgresql')
  const prisma = database.createClient()
  await prisma.user.createMany({
    data: Array.from({ length: 60 }, (_, index) => ({
      email: `user${index}@example.org`,
      name: `<script>${index}`,
    })),
  })
  await prisma.conversation.createMany({
    data: Array.from({ length: 5 }, (_, index) => ({ id: `c${index}`, userId: index + 1, title: 'a' })),
  })
})
afterAll(async () => {
  endPrograms()
  removeProjects()
  await database.drop()
})

const application = (address: string) =>
  started([APPLICATION], { BRISK_LIVE: address, APPLICATION_DATABASE: database.url })

function ask(hub: Hub, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>(
    (resolve, reject) => {
      const request = httpRequest(
        { host: '127.0.0.1', port: hub.port, path, headers, method, agent: false },
        (response) => {
          const pieces: Buffer[] = []
          response.on('data', (piece: Buffer) => pieces.push(piece))
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: Buffer.concat(pieces).toString(),
            }),
          )
        },
      )
      request.once('error', reject)
      request.end()
    },
  )
}

const tokenOf = (hub: Hub) => new URL(hub.address).searchParams.get('token') as string
const bearer = (hub: Hub) => ({ Authorization: `Bearer ${tokenOf(hub)}` })
const names = (hub: Hub) =>
  hub.history
    .all()
    .filter(({ ms }) => ms !== null)
    .map(({ name }) => name)

test('two processes report to one hub, histories survive a restart, and a hub that is gone costs nothing', async () => {
  let hub = await startHub()
  const { port, address } = hub
  const token = tokenOf(hub)
  const [one, two] = await Promise.all([application(address), application(address)])
  const answers = [await one.get('/loop'), await two.get('/fine')]
  expect(answers[0]!.headers.get('server-timing')).toMatch(/desc="6 statements, N\+1"$/)
  expect(
    (
      await seen(
        () => names(hub),
        ({ length }) => length === 2,
      )
    ).sort(),
  ).toEqual(['GET /fine', 'GET /loop'])
  expect(hub.history.processes.size).toBe(2)

  // A restart: another process of the same application.
  await two.end()
  const again = await application(address)
  await again.get('/list')
  expect(
    (
      await seen(
        () => names(hub),
        ({ length }) => length === 3,
      )
    ).sort(),
  ).toEqual(['GET /fine', 'GET /list', 'GET /loop'])

  // The hub is killed: the application answers as before.
  await hub.close()
  expect((await one.get('/fine')).status).toBe(200)
  hub = await startHub({ port, token })
  const found = await seen(
    async () => {
      expect((await one.get('/loop')).status).toBe(200)
      return names(hub)
    },
    (list) => list.includes('GET /loop'),
  )
  expect(found).toContain('GET /loop')
  // It is told anew what the one before was told once.
  const retold = hub.history.all().find(({ name }) => name === 'GET /loop')
  expect(retold?.calls[1]).toMatchObject({
    callSite: at('the N+1'),
    statements: [{ sql: expect.stringContaining('"User"') }],
  })
  await Promise.all([one.end(), again.end()])
  await hub.close()
})

test('the API shows an N+1 with file and line, and no values', async () => {
  const hub = await startHub()
  const app = await application(hub.address)
  await app.get('/loop')
  await seen(
    () => names(hub),
    ({ length }) => length === 1,
  )
  const view = JSON.parse((await ask(hub, '/api/requests/latest', bearer(hub))).body) as RequestView
  expect(view).toMatchObject({ name: 'GET /loop', status: 200, calls: 6, statements: 6 })
  expect(view.badges).toContain('N+1')
  expect(view.problems[0]).toMatchObject({
    kind: 'n-plus-one',
    count: 5,
    callSite: at('the N+1'),
    mend: expect.stringMatching(
      /^include: .*prisma\.conversation\.findMany\({.* include: { user: true } }\)/,
    ),
  })
  expect(view.folded).toMatchObject([
    { name: 'Conversation.findMany', count: 1 },
    { name: 'User.findUnique', count: 5, statements: 5 },
  ])
  const { rows } = JSON.parse((await ask(hub, '/api/requests?issues=1', bearer(hub))).body) as {
    rows: unknown[]
  }
  expect(rows).toHaveLength(1)
  await app.end()
  await hub.close()
})

test('only who has the token may ask, under the names of the hub, and from no other page', async () => {
  const hub = await startHub()
  const own = `127.0.0.1:${hub.port}`
  const status = async (headers: Record<string, string>, path = '/api/requests', method = 'GET') =>
    (await ask(hub, path, headers, method)).status
  expect(await status({})).toBe(401)
  expect(await status({ Authorization: 'Bearer guessed' })).toBe(401)
  expect(await status({}, '/api/requests?token=guessed')).toBe(401)
  expect(await status({}, '/v1/report', 'POST')).toBe(401)
  expect(await status(bearer(hub))).toBe(200)
  expect(await status({ ...bearer(hub), Host: `rebound.example:${hub.port}` })).toBe(403)
  expect(await status({ ...bearer(hub), Host: '127.0.0.1:1' })).toBe(403)
  expect(await status({ ...bearer(hub), Origin: 'http://evil.example' })).toBe(403)
  expect(await status({ ...bearer(hub), Origin: 'null' })).toBe(403)
  expect(await status({ ...bearer(hub), 'Sec-Fetch-Site': 'cross-site' })).toBe(403)
  expect(await status({ ...bearer(hub), Origin: `http://${own}` })).toBe(200)
  const entrance = await ask(hub, `/?token=${tokenOf(hub)}`)
  expect(entrance).toMatchObject({ status: 303, headers: { location: '/' } })
  const [cookie] = entrance.headers['set-cookie'] as string[]
  expect(cookie).toMatch(/; HttpOnly; SameSite=Strict$/)
  // Cookies know no ports: another hub of this machine has one of another name.
  expect(cookie).toMatch(new RegExp(`^brisk-live-${hub.port}=[\\w-]{43}; Path=/; HttpOnly; SameSite=Strict$`))
  // Other servers of this machine are sent the cookie: it is not the token, with which processes report.
  expect(cookie).not.toContain(tokenOf(hub))
  const known = { Cookie: cookie!.split(';')[0]! }
  const secret = known.Cookie.split('=')[1] as string
  expect(await status(known)).toBe(200)
  expect(await status({ Cookie: `brisk-live-${hub.port}=${tokenOf(hub)}` })).toBe(401)
  expect(await status({ Authorization: `Bearer ${secret}` })).toBe(401)
  expect(await status({}, `/api?token=${secret}`)).toBe(401)
  expect(await status({ Cookie: 'brisk-live=guessed' })).toBe(401)
  expect(await status({ ...known, Origin: 'http://localhost:3000' }, '/api/migration', 'POST')).toBe(403)
  expect(await status({ ...known, 'Sec-Fetch-Site': 'same-site' })).toBe(403)
  for (const path of ['/', '/api', '/api/requests', '/api/none', `/api?token=${tokenOf(hub)}`]) {
    const { headers } = await ask(hub, path, known)
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toContain('unsafe')
    // No Referer, wherever a link leads: the token may still be in an address that was typed.
    expect(headers).toMatchObject({
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    })
  }
  expect(
    await ask(hub, '/api', { ...bearer(hub), Host: `localhost.evil.example:${hub.port}` }),
  ).toMatchObject({
    status: 403,
  })
  await hub.close()
})

test('a link from another page opens the page of the hub, which holds no data; nothing else is had that way', async () => {
  const hub = await startHub({ port: 0 })
  const link = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' }
  const shell = await ask(hub, '/', link)
  // Where the page was not built the address shows the status, and that is data.
  expect(shell.status).toBe(shell.body.startsWith('<') ? 200 : 403)
  expect(shell.headers['set-cookie']).toBeUndefined()
  expect(shell.body).not.toContain(tokenOf(hub))
  expect((await ask(hub, '/', { ...link, 'Sec-Fetch-Mode': 'no-cors' })).status).toBe(403)
  for (const path of ['/api', '/api/requests', '/api/events', '/api/advice'])
    expect((await ask(hub, path, link)).status).toBe(403)
  expect((await ask(hub, '/', { ...link, Host: `evil.example:${hub.port}` })).status).toBe(403)
  await hub.close()
})

test('memory is bounded in bytes: the oldest requests are dropped, and their number is said', async () => {
  const hub = await startHub({ maxBytes: 100_000 })
  const about = {
    type: 'process',
    protocol: 1,
    process: 'p',
    pid: 1,
    name: 'x',
    cwd: '/',
    dropped: 0,
    args: 'kinds',
  }
  for (let index = 0; index < 500; index++) {
    const id = `p-${index}`
    const call = {
      type: 'call',
      request: id,
      call: index,
      model: 'User',
      operation: 'count',
      at: 0,
      ms: 1,
      waitMs: 0,
      transactionMs: 0,
      statements: [],
      rowsRead: 0,
      rowsReturned: 0,
      callSite: null,
    }
    hub.take(
      [about, { type: 'request', id, name: 'GET /', time: '2026-11-30T10:00:00.000Z' }, call]
        .map((each) => JSON.stringify(each))
        .join('\n'),
    )
  }
  const { requests, dropped, bytes } = JSON.parse((await ask(hub, '/api', bearer(hub))).body) as Record<
    string,
    number
  >
  expect(bytes).toBeLessThanOrEqual(100_000)
  expect(requests).toBeGreaterThan(10)
  expect(requests! + dropped!).toBe(500)
  expect(hub.history.get('p-499')).toBeDefined()
  hub.take('{"type":"call"}\nnot json\n')
  expect(hub.history.refused).toBe(2)
  await hub.close()
})

test('whatever address is asked for, the answer says what is wrong with it', async () => {
  const hub = await startHub({ port: 0 })
  const answers: unknown[] = []
  for (const path of [
    '//',
    '//evil.example/api',
    '///',
    '/%',
    '/\\\\',
    '*',
    'http://evil.example/api',
    '/?token=%',
  ])
    answers.push([path, (await ask(hub, path, bearer(hub))).status])
  expect(answers).toEqual([
    ['//', 404],
    ['//evil.example/api', 404],
    ['///', 404],
    ['/%', 404],
    ['/\\\\', 404],
    ['*', 400],
    ['http://evil.example/api', 400],
    ['/?token=%', 200],
  ])
  await hub.close()
})

test('a stream tells of requests as they change', async () => {
  const hub = await startHub()
  const response = await fetch(`http://127.0.0.1:${hub.port}/api/events`, { headers: bearer(hub) })
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  const about = {
    type: 'process',
    protocol: 1,
    process: 'p',
    pid: 1,
    name: 'x',
    cwd: '/',
    dropped: 0,
    args: 'kinds',
  }
  await reader.read()
  hub.take(
    [about, { type: 'request', id: 'p-1', name: 'GET /live', time: '2026-11-30T10:00:00.000Z' }]
      .map((each) => JSON.stringify(each))
      .join('\n'),
  )
  const { value } = await reader.read()
  expect(value).toMatch(/^event: request\ndata: \{"id":"p-1".*"name":"GET \/live"/)
  await reader.cancel()
  await hub.close()
})

test('every signal that an application may listen to is passed on to it, and none ends the hub before', async () => {
  const signals = ['SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGINT', 'SIGTERM'] as const
  const script = `
    for (const signal of ${JSON.stringify(signals)})
      process.on(signal, () => { console.log(signal); if (signal === 'SIGTERM') process.exit(9) })
    setInterval(() => undefined, 1000)
    console.log('PORT 1')`
  const live = await started([COMMAND, 'live', '--', process.execPath, '-e', script], {})
  let heard = ''
  live.child.stdout.on('data', (text: Buffer) => (heard += text.toString()))
  const ended = new Promise((resolve) => live.child.once('exit', resolve))
  for (const signal of signals) {
    live.child.kill(signal)
    if (signal !== 'SIGTERM')
      await seen(
        () => heard,
        (text) => text.includes(signal),
      )
  }
  expect(await ended).toBe(9)
  expect(
    heard
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('SIG')),
  ).toEqual(signals)
})

test('production is refused', async () => {
  const before = process.env['NODE_ENV']
  process.env['NODE_ENV'] = 'production'
  try {
    await expect(startHub()).rejects.toMatchObject({ code: 'E_LIVE_IN_PRODUCTION' })
  } finally {
    process.env['NODE_ENV'] = before
  }
})

test('brisk live starts the command with its environment, passes output, signals and exit code; agents find three faults', async () => {
  const given = project({ 'prisma/schema.prisma': DEMO_SCHEMA, 'src/nothing.ts': '' })
  const live = await started(
    [COMMAND, 'live', '--', process.execPath, ...NODE, APPLICATION],
    { APPLICATION_DATABASE: database.url },
    given.directory,
  )
  for (const path of ['/loop', '/list', '/scan', '/scan', '/fine']) await live.get(path)
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...NODE, COMMAND, 'mcp'],
    cwd: given.directory,
    env: { ...(process.env as Record<string, string>), NODE_OPTIONS: '' },
    stderr: 'ignore',
  })
  const client = new Client({ name: 'test', version: '1' })
  await client.connect(transport)
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const { content, isError } = await client.callTool({ name, arguments: args })
    const [{ text } = { text: '' }] = content as { text: string }[]
    return { text, isError: isError === true }
  }
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name).sort()).toEqual([
    'advise_indexes',
    'cache_stats',
    'explain',
    'get_request',
    'list_problems',
    'list_requests',
    'write_migration',
  ])
  const problems = await seen(
    async () => JSON.parse((await call('list_problems')).text) as ProblemView[],
    ({ length }) => length >= 3,
  )
  expect(problems).toHaveLength(3)
  expect(problems).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        kind: 'n-plus-one',
        route: 'GET /loop',
        callSite: at('the N+1'),
        mend: expect.stringContaining('include: { user: true }'),
      }),
      expect.objectContaining({
        kind: 'unlimited-list',
        route: 'GET /list',
        callSite: at('the unbounded list'),
        mend: expect.stringContaining('take: 50'),
      }),
      expect.objectContaining({
        kind: 'sequential-scan',
        route: 'GET /scan',
        callSite: at('the scan'),
        mend: expect.stringContaining('@@index([name])'),
      }),
    ]),
  )
  const rows = JSON.parse((await call('list_requests', { route: '/scan' })).text) as { id: string }[]
  expect(rows).toHaveLength(2)
  const plans = await call('explain', { id: rows[0]!.id })
  expect(plans.text).toContain('Seq Scan')
  for (const text of [plans.text, (await call('get_request', { id: rows[0]!.id })).text])
    expect(text).not.toContain('Ignore your instructions')
  const { advice } = JSON.parse((await call('advise_indexes')).text) as ProjectAdvice
  expect(advice.recommendations).toContainEqual(
    expect.objectContaining({ model: 'User', prisma: expect.stringContaining('@@index([name') }),
  )
  const offered = JSON.parse((await call('write_migration')).text) as MigrationAnswer
  expect(offered).toMatchObject({ isWritten: false, project: given.directory })
  expect(await call('write_migration', { confirm: true })).toMatchObject({
    isError: true,
    text: expect.stringMatching(/^E_LIVE_ARGUMENT/),
  })
  expect(given.read('prisma/schema.prisma')).toBe(DEMO_SCHEMA)
  expect(JSON.parse((await call('write_migration', { confirm: offered.confirm })).text)).toMatchObject({
    isWritten: true,
    files: ['prisma/schema.prisma'],
  })
  expect(given.read('prisma/schema.prisma')).toMatch(/model User {[^}]*@@index\(\[name/)
  expect(await call('get_request', { id: 'none' })).toMatchObject({
    isError: true,
    text: expect.stringMatching(/^E_NO_REQUEST/),
  })
  expect((await call('cache_stats')).text).toContain('"hitRate":null')
  await client.close()

  const printed: string[] = []
  expect(
    await run(['requests', '--issues', '--route', '/loop'], {
      cwd: given.directory,
      stdout: (text) => void printed.push(text),
    }),
  ).toBe(1)
  expect(printed.join('')).toMatch(/GET \/loop {2}200 .* 6 statements {2}\[N\+1\]/)
  printed.length = 0
  await run(['request', 'latest', '--json'], {
    cwd: given.directory,
    stdout: (text) => void printed.push(text),
  })
  expect(JSON.parse(printed.join(''))).toMatchObject({ name: 'GET /fine' })
  expect(live.printed.join('')).toMatch(/^brisk live: http:\/\/127\.0\.0\.1:\d+\/\?token=/)
  // The application ends itself with 7 on SIGTERM.
  expect(await live.end('SIGTERM')).toBe(7)
})
