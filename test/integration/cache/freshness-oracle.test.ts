import { memoryStore, postgresStore, redisStore, tieredStore } from '@prisma-brisk/cache'
import { Redis as Upstash } from '@upstash/redis'
import { Cluster } from 'ioredis'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { Random } from '../../support/random.ts'
import { startRedisCluster, type RedisCluster } from '../../support/redis.ts'
import { redisUrl } from '../../support/servers.ts'
import { startUpstash } from '../../support/upstash.ts'
import { holdAnswers } from './support/bench.ts'
import { ownNamespace, until } from './support/cached-client.ts'
import { CountedBus } from './support/freshness/counted-bus.ts'
import { freshnessOracle } from './support/freshness/oracle.ts'
import { World } from './support/freshness/world.ts'
import { Stores } from './support/stores.ts'

let database: TestDatabase<PrismaClient>
let bases: readonly [PrismaClient, PrismaClient]
let stores: Stores

beforeAll(async () => {
  database = await createDatabase('postgresql')
  const open = () =>
    database.createClient({ adapter: holdAnswers(database.adapter({ connections: 4 }), late) })
  bases = [open(), open()]
  await World.begin(bases[0])
})
afterAll(() => database.drop())
beforeEach(() => void (stores = new Stores()))
afterEach(() => stores.close())

const lateness = new Random(1)

/** What the database has answered may be long on its way: others read and write meanwhile. */
async function late(): Promise<void> {
  if (lateness.chance(0.75)) return
  for (let turn = lateness.int(1, 100); turn > 0; turn--)
    await new Promise((resolve) => setImmediate(resolve))
}

/** 5,000 seeds (`BRISK_SEEDS`) run through the night. */
const PATIENCE = 4 * 3_600_000

test(
  'C4 C5 C11 C15 C16 C17 C18 C19 C20 freshness oracle on one memory store',
  async () => {
    const store = memoryStore()
    await freshnessOracle(bases, { stores: [store, store] })
  },
  PATIENCE,
)

test(
  'C4 C5 C11 C15 C16 C17 C18 C19 C20 freshness oracle on Redis',
  () => freshnessOracle(bases, { stores: [redisStore(stores.redis()), redisStore(stores.redis())] }),
  PATIENCE,
)

test(
  'C4 C5 C11 C15 C16 C17 C18 C19 C20 freshness oracle on PostgreSQL',
  async () => {
    const open = () => postgresStore(database.url)
    const [one, other] = [open(), open()]
    try {
      await one.setup()
      await freshnessOracle(bases, { stores: [one, other] })
    } finally {
      await Promise.all([one.close(), other.close()])
    }
  },
  PATIENCE,
)

test(
  'C4 C5 C11 C15 C16 C17 C18 C19 C20 freshness oracle on Redis over HTTP',
  async () => {
    const server = await startUpstash(redisUrl())
    const open = () => redisStore(new Upstash({ url: server.url, token: server.token }))
    try {
      await freshnessOracle(bases, { stores: [open(), open()] })
    } finally {
      await server.close()
    }
  },
  PATIENCE,
)

test(
  'C4 C5 C11 C15 C16 C17 C18 C19 C20 C26 freshness oracle on two tiers, once a message has been heard',
  async () => {
    const bus = new CountedBus()
    const channel = ownNamespace()
    const tiered = () => {
      const far = redisStore(stores.redis())
      return stores.closing(
        tieredStore({ near: memoryStore(), far, nearTtl: 3600, bus: bus.of(far, channel) }),
      )
    }
    await freshnessOracle(bases, { stores: [tiered(), tiered()], heard: () => bus.quiet() })
  },
  PATIENCE,
)

describe('on a cluster', () => {
  let servers: RedisCluster
  beforeAll(async () => {
    servers = await startRedisCluster(3)
  })
  afterAll(() => servers.kill())

  test(
    'C4 C5 C11 C15 C16 C17 C18 C19 C20 C27 freshness oracle on a Redis Cluster of three masters',
    async () => {
      const clients = [new Cluster(servers.addresses), new Cluster(servers.addresses)] as const
      try {
        await until(() => clients.every(({ status }) => status === 'ready'))
        await freshnessOracle(bases, { stores: [redisStore(clients[0]), redisStore(clients[1])] })
      } finally {
        for (const client of clients) client.disconnect()
      }
    },
    PATIENCE,
  )
})
