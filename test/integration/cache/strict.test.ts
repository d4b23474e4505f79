import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { redisStore } from '@prisma-brisk/cache'
import { Redis } from 'ioredis'
import { startRedis, type RedisServer } from '../../support/redis.ts'
import { freePort } from '../../support/server-process.ts'
import { useBench } from './support/bench.ts'
import { cached, heardWarnings, ownNamespace, settled, until } from './support/cached-client.ts'
import type { DyingWriter } from './support/dying-writer.ts'

const bench = useBench()
let server: RedisServer
let redis: Redis

beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
})
afterAll(async () => {
  redis.disconnect()
  await server.kill()
})

const minute = { cacheStrategy: { ttl: 60 } }
const WRITER = join(import.meta.dirname, 'support/dying-writer.ts')
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href

/** Runs the writer in a process of its own, until it is dead. */
async function killedWriter(plan: Omit<DyingWriter, 'database' | 'redis'>): Promise<void> {
  const { url: database } = bench.database
  const child = spawn(
    process.execPath,
    [
      '--conditions=@prisma-brisk/source',
      '--import',
      TSX,
      WRITER,
      JSON.stringify({ ...plan, database, redis: server.url }),
    ],
    { env: { ...process.env, NODE_OPTIONS: '' }, stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let output = ''
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  const signal = await new Promise((resolve) => child.once('close', (_, by) => resolve(by)))
  if (signal !== 'SIGKILL') throw new Error(`It was not killed:\n${output}`)
}

const lifetime = 3_000

test.each([
  ['after update', { lifetime }, 'Committed', 0],
  ['after COMMIT', { lifetime }, 'Committed', 0],
  ['before COMMIT', { lifetime }, 'Ada', 0],
  // Without it the old value stays until its ttl: what strict is for.
  ['after COMMIT', false, 'Ada', 0],
  // It stalled until its mark had lapsed, and readers had stored the old value.
  ['after update', { lifetime: 300 }, 'Committed', 3_000],
] as const)(
  'C14 a process killed %s, strict: %j, read then: %s, after a stall of %i ms',
  async (dies, strict, expected, stall) => {
    const namespace = ownNamespace()
    const reader = cached(bench.base, { store: redisStore(redis), namespace, database: 'same', strict })
    const reads: (() => Promise<unknown>)[] = [
      () => reader.user.findMany(minute),
      () => reader.user.findUnique({ where: { id: 1 }, ...minute }),
      () => reader.user.findUnique({ where: { email: 'ada@example.org' }, ...minute }),
    ]
    for (const read of reads) expect(await read()).toEqual(await read())
    await until(() => reader.$cache.stats().fills === reads.length)

    const writer = { isDead: false }
    const killed = killedWriter({ namespace, strict, dies, stall }).finally(() => (writer.isDead = true))
    // Who reads while the write is under way must leave nothing behind either.
    do for (const read of reads) await read()
    while (!writer.isDead)
    await killed

    const truth = await bench.base.user.findFirst()
    expect(truth?.name).toBe(dies === 'before COMMIT' ? 'Ada' : 'Committed')
    const expectFresh = async (): Promise<boolean[]> =>
      Promise.all(
        reads.map(async (read) => {
          const { data, info } = await reader.$cache.withInfo(read)
          expect([data].flat()).toMatchObject([{ name: expected }])
          return info.status === 'hit'
        }),
      )
    // Until the mark is over and all are cached again, and then some.
    await until(async () => (await expectFresh()).every((isHit) => isHit))
    await expectFresh()
  },
)

test('C14 C21 where the store cannot be reached for the mark, the write goes on, and strict says so', async () => {
  const { warnings, restore } = heardWarnings()
  const away = new Redis(await freePort(), '127.0.0.1', {
    retryStrategy: () => 50,
    maxRetriesPerRequest: null,
  })
  away.on('error', () => undefined)
  const prisma = cached(bench.base, {
    store: redisStore(away),
    strict: true,
    readTimeout: 60,
    writeTimeout: 60,
  })
  for (const name of ['one', 'two']) {
    await prisma.user.update({ where: { id: 1 }, data: { name } })
    expect(await prisma.user.findMany(minute)).toMatchObject([{ name }])
  }
  await settled()
  restore()
  away.disconnect()
  expect(warnings.filter((code) => code === 'W_CACHE_UNMARKED')).toHaveLength(1)
  expect(prisma.$cache.stats().store).toMatchObject({ unmarked: 2 })
})
