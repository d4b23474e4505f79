import { memoryStore, redisStore, tieredStore } from '@prisma-brisk/cache'
import { testCacheStore } from '@prisma-brisk/cache/testing'
import { Decimal } from '@prisma/client-runtime-utils'
import { Redis as Upstash } from '@upstash/redis'
import { Redis } from 'ioredis'
import { startRedis, type RedisServer } from '../../support/redis.ts'
import { startUpstash, type UpstashServer } from '../../support/upstash.ts'

/** Conformance of the Redis store over HTTP, however its client is set, beside a process that speaks to the same Redis itself. */
let redis: RedisServer
let server: UpstashServer
let direct: Redis
beforeAll(async () => {
  redis = await startRedis()
  server = await startUpstash(redis.url)
  direct = new Redis(redis.url)
})
afterAll(async () => {
  direct.disconnect()
  await server.close()
  await redis.kill()
})
const open = (options: object = {}) => {
  const { url, token } = server
  return new Upstash({ url, token, ...options })
}

describe.each([
  ['as it comes', {}],
  [
    'without base64 and without pipelines of its own',
    { responseEncoding: false, enableAutoPipelining: false },
  ],
  ['that deserialises nothing', { automaticDeserialization: false }],
])('by a client %s', (_, options) => {
  testCacheStore({
    test,
    create: async () => (await direct.flushall(), redisStore(open(options))),
    createPeer: () => redisStore(direct),
    decimal: Decimal,
  })
})

test('the protocol: one command, an error of one of several, a transaction, a script, a refused token', async () => {
  await direct.flushall()
  const client = open()
  expect(await client.set('a', 'ü', { px: 60_000 })).toBe('OK')
  expect(await client.get('a')).toBe('ü')
  expect(await client.eval('return {KEYS[1], ARGV[1]}', ['k'], ['v'])).toEqual(['k', 'v'])
  expect(await client.multi().set('b', 1).incr('b').exec()).toEqual(['OK', 2])
  await expect(client.pipeline().set('a', 'x').incr('a').exec()).rejects.toThrow(/not an integer/)
  await expect(open({ token: 'another' }).get('a')).rejects.toThrow(/WRONGPASS/)
})

test('C31 a look-up is one request, with the stamps and marks in it', async () => {
  await direct.flushall()
  const store = redisStore(open())
  await store.observe(['a', 'b'])
  const before = server.requests.length
  await Promise.all([store.lookup('one', ['a']), store.lookup('two', ['a', 'b'])])
  expect(server.requests.slice(before).map(({ path, commands }) => [path, commands[0]?.[0]])).toEqual([
    ['/pipeline', 'mget'],
  ])
})

test('it carries no messages: a tiered store over it needs a bus', () => {
  const refused = expect.objectContaining({ code: 'E_INVALID_OPTIONS' }) as unknown as Error
  expect(() => tieredStore({ near: memoryStore(), far: redisStore(open()) })).toThrow(refused)
  const bus = { publish: async () => undefined, subscribe: async () => async () => undefined }
  expect(() => tieredStore({ near: memoryStore(), far: redisStore(open()), bus })).not.toThrow()
})
