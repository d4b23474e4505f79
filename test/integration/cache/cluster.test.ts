import { redisStore } from '@prisma-brisk/cache'
import { Cluster, Redis } from 'ioredis'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { Random } from '../../support/random.ts'
import { startRedisCluster, type RedisCluster } from '../../support/redis.ts'
import { cached, ownNamespace, start, until } from './support/cached-client.ts'
import { FACTS, Growth } from './support/freshness/growth.ts'
import { tablesNamedIn } from './support/freshness/oracle.ts'
import { World } from './support/freshness/world.ts'

let database: TestDatabase<PrismaClient>
let servers: RedisCluster
const clusters: Cluster[] = []

beforeAll(async () => {
  ;[database, servers] = await Promise.all([
    createDatabase('postgresql'),
    startRedisCluster(3, { replicas: 1 }),
  ])
})
afterAll(async () => {
  for (const cluster of clusters) cluster.disconnect()
  await servers.kill()
  await database.drop()
})

const strategy = { cacheStrategy: { ttl: 300, swr: 60 } }

test('C27 three masters: no CROSSSLOT, SCAN or KEYS; a master killed under load costs neither an error nor freshness', async () => {
  const namespace = ownNamespace()
  const open = async () => {
    const cluster = new Cluster(servers.addresses, { clusterRetryStrategy: () => 50 })
    cluster.on('error', () => undefined)
    clusters.push(cluster)
    await until(() => cluster.status === 'ready')
    return cached(database.createClient({ adapter: database.adapter({ connections: 4 }) }), {
      store: redisStore(cluster),
      namespace,
      onRawWrite: tablesNamedIn,
      readTimeout: 100,
      writeTimeout: 200,
    })
  }
  const fleet = [await open(), await open()] as const
  const plain = database.createClient()
  await World.begin(plain)
  const growth = new Growth(await World.create(plain, 1))

  // Writers and readers go on until they are told to stop; the first that fails ends the test.
  const load = { isOver: false, reads: 0 }
  const repeated = async (
    seed: number,
    act: (random: Random, client: (typeof fleet)[0]) => Promise<void>,
  ) => {
    const random = new Random(seed)
    try {
      while (!load.isOver) await act(random, random.pick(fleet))
    } finally {
      load.isOver = true
    }
  }
  const running = start(
    Promise.all([
      ...FACTS.map((fact, index) =>
        repeated(index, async (random, client) => {
          const version = await growth.write(fact, random, client as never)
          // While this process cannot reach the store the other cannot hear of it, unless by `strict`.
          void until(() => client.$cache.stats().store.journal === 0, 60_000).then(() =>
            growth.everybodyHasHeard(fact, version),
          )
        }),
      ),
      ...[...FACTS, ...FACTS].map((fact, index) =>
        repeated(100 + index, async (random, client) => {
          await growth.read(fact, random, client as never, strategy)
          load.reads++
        }),
      ),
    ]),
  )
  const hits = () => fleet.reduce((sum, each) => sum + each.$cache.stats().hits, 0)
  const untilMore = async (count: () => number, more: number) => {
    const enough = count() + more
    await until(() => load.isOver || count() >= enough, 60_000)
  }
  await untilMore(hits, 20)

  // The master of a tag that every write drops.
  const [witness, ...others] = servers.nodes.map(({ port }) => new Redis(port, '127.0.0.1')) as [
    Redis,
    ...Redis[],
  ]
  const slot = Number(await witness.call('CLUSTER', 'KEYSLOT', `${namespace}:m:public.User`))
  const masterOf = async (asked: Redis): Promise<number> => {
    const slots = (await asked.call('CLUSTER', 'SLOTS')) as [number, number, [string, number]][]
    return slots.find(([from, to]) => from <= slot && slot <= to)?.[2][1] ?? 0
  }
  const killed = await masterOf(witness)
  const survivors = [witness, ...others].filter((_, index) => servers.nodes[index]?.port !== killed)
  const commands = async () => (await Promise.all(survivors.map((each) => each.info('all')))).join('\n')
  const before = await commands()
  await servers.nodes.find(({ port }) => port === killed)?.kill('SIGKILL')

  const readsBefore = load.reads
  await until(async () => load.isOver || (await masterOf(survivors[0] as Redis)) !== killed, 60_000)
  expect(load.reads).toBeGreaterThan(readsBefore)
  // The replica has taken over: entries are stored and answered again, by both.
  await until(
    () =>
      load.isOver ||
      fleet.every(({ $cache }) => $cache.stats().store.available && $cache.stats().store.journal === 0),
    60_000,
  )
  for (const { $cache } of fleet) await untilMore(() => $cache.stats().hits, 10)
  load.isOver = true
  await running

  const after = await commands()
  for (const report of [before, after]) {
    expect(report).toMatch(/cmdstat_get:/)
    expect(report).not.toMatch(/cmdstat_(keys|scan|eval|evalsha|mget)\b/)
    expect(report).not.toContain('errorstat_CROSSSLOT')
  }
  for (const client of [witness, ...others]) client.disconnect()
}, 180_000)
