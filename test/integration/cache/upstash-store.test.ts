import { redisStore } from '@prisma-brisk/cache'
import { Redis as Upstash } from '@upstash/redis'
import { redisUrl } from '../../support/servers.ts'
import { startUpstash, type UpstashServer, type UpstashTrouble } from '../../support/upstash.ts'
import { useBench } from './support/bench.ts'
import { cached, until } from './support/cached-client.ts'

/** The Redis store over HTTP, with an endpoint that is well, and with one that is not. */
let server: UpstashServer
afterAll(() => server.close())
const bench = useBench()
beforeAll(async () => {
  server = await startUpstash(redisUrl())
})
beforeEach(() => void (server.trouble = null))

const minute = { cacheStrategy: { ttl: 60 } }
const open = (options: object = {}) =>
  redisStore(new Upstash({ url: server.url, token: server.token, retry: false, ...options }))

test('two processes see each other’s entries and writes', async () => {
  const shared = { namespace: `upstash-${process.pid}-${Date.now()}`, database: 'same' }
  const [one, other] = [
    cached(bench.base, { ...shared, store: open(), strict: true }),
    cached(bench.base, { ...shared, store: open(), strict: true }),
  ]
  await one.user.findMany(minute)
  const status = async () => (await other.$cache.withInfo(() => other.user.findMany(minute))).info.status
  await until(async () => (await status()) === 'hit')
  await one.user.updateMany({ data: { name: 'Lovelace' } })
  expect(await other.user.findMany(minute)).toMatchObject([{ name: 'Lovelace' }])
})

const troubles: [string, UpstashTrouble, string][] = [
  ['401', { status: 401, body: '{"error":"Unauthorized: Invalid auth token"}' }, 'Unauthorized'],
  [
    'a refused token',
    { status: 401, body: '{"error":"WRONGPASS invalid or missing auth token"}' },
    'WRONGPASS',
  ],
  [
    '429',
    { status: 429, body: '{"error":"ERR max requests limit exceeded. Limit: 500000, Usage: 500000"}' },
    'limit',
  ],
  ['a page', { status: 502, body: '<html>Bad gateway for secret</html>', type: 'text/html' }, 'no JSON'],
  ['a page that is well', { status: 200, body: '<html>secret</html>', type: 'text/html' }, 'no JSON'],
  ['JSON of another', { status: 200, body: '{"result":"secret"}' }, 'without answers'],
]

test.each(troubles)(
  '%s instead of an answer is a miss, and one warning with its code',
  async (_, trouble, word) => {
    const warnings: { message: string; code: string | undefined }[] = []
    const original = process.emitWarning
    process.emitWarning = ((message: string, { code }: { code?: string } = {}) => {
      warnings.push({ message, code })
    }) as typeof process.emitWarning
    server.trouble = trouble
    const prisma = cached(bench.base, { store: open(), readTimeout: 2000 })
    const read = () =>
      prisma.$cache.withInfo(() => prisma.user.findMany({ where: { name: { not: 'hush' } }, ...minute }))
    const first = await read()
    expect(first.data).toHaveLength(1)
    expect(first.info).toMatchObject({ status: 'bypass', reason: 'store-error' })
    expect((await read()).info).toMatchObject({ status: 'bypass', reason: 'store-down' })
    await prisma.user.updateMany({ data: { name: 'Lovelace' } })
    expect((await read()).data).toMatchObject([{ name: 'Lovelace' }])
    process.emitWarning = original
    const refused = warnings.filter(({ code }) => code === 'W_CACHE_STORE_REFUSED')
    expect(refused).toHaveLength(1)
    expect(refused[0]?.message).toContain(word)
    expect(JSON.stringify(warnings)).not.toMatch(/secret|hush|brisk:json/)
    // It comes back, and has not kept what was written meanwhile from anybody.
    server.trouble = null
    await until(async () => (await read()).info.status === 'hit')
    expect((await read()).data).toMatchObject([{ name: 'Lovelace' }])
  },
)

test('an endpoint that hangs costs readTimeout, and a write what it may wait', async () => {
  server.trouble = 'hangs'
  const prisma = cached(bench.base, { store: open(), readTimeout: 20, writeTimeout: 20 })
  const { data, info } = await prisma.$cache.withInfo(() => prisma.user.findMany(minute))
  expect(data).toHaveLength(1)
  expect(info).toMatchObject({ status: 'bypass', reason: 'store-timeout' })
  await prisma.user.updateMany({ data: { name: 'Lovelace' } })
  expect(await prisma.user.findMany(minute)).toMatchObject([{ name: 'Lovelace' }])
  expect(prisma.$cache.stats().store.timeouts).toBeGreaterThan(0)
})
