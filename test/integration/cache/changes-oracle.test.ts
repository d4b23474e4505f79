import { isDeepStrictEqual } from 'node:util'
import {
  cache,
  memoryStore,
  redisStore,
  tieredStore,
  type CacheOptions,
  type CacheStats,
  type CacheStore,
  type ChangeSource,
} from '@prisma-brisk/cache'
import { mysqlBinlog } from '@prisma-brisk/cache/mysql-binlog'
import { installReplicationSql, postgresReplication } from '@prisma-brisk/cache/postgres-replication'
import { installTriggersSql, postgresTriggers } from '@prisma-brisk/cache/postgres-triggers'
import { sqliteChanges } from '@prisma-brisk/cache/sqlite-changes'
import { parseSchema } from '@prisma-brisk/core'
import type { Provider } from '../../support/databases.ts'
import { startMariadb } from '../../support/mariadb.ts'
import { startPostgres } from '../../support/postgres.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import type { ServerProcess } from '../../support/server-process.ts'
import { ownNamespace, until } from './support/cached-client.ts'
import {
  readOf,
  text,
  TOPICS,
  writeOf,
  type Read,
  type Topic,
  type Write,
} from './support/changes/deployment-calls.ts'
import { elsewhereOn, greeting, statementOf, type Elsewhere } from './support/changes/elsewhere.ts'
import {
  modelsOf,
  openPeople,
  type Deployment,
  type People,
  type PeopleClient,
} from './support/freshness/people.ts'
import { Stores } from './support/stores.ts'
import { Wire } from './support/wire.ts'

const SEEDS = 100
const BUDGET = { seconds: 3, atLeast: 8 }
const PATIENCE = 4 * 3_600_000
const HEARTBEAT = 400
const strategy = { cacheStrategy: { ttl: 3600 } }

type Cached = PeopleClient & {
  readonly $cache: { stats(): CacheStats; untilLive(): Promise<void>; invalidateAll(): Promise<void> }
}

/** Somebody who reads through a cache, and who says what is right. */
interface Reader {
  readonly deployment: Deployment
  readonly cached: Cached
  readonly plain: PeopleClient
  readonly source: CountedSource
}

/** A source whose heartbeats are counted: who is told of one has been told of all that was committed before it was sent. */
class CountedSource implements ChangeSource {
  beats = 0
  readonly name: string
  readonly onLost: 'bypass' | 'ttl'
  readonly tellsTransactions: boolean

  constructor(private readonly source: ChangeSource) {
    this.name = source.name
    this.onLost = source.onLost
    this.tellsTransactions = source.tellsTransactions === true
  }

  start(sink: Parameters<ChangeSource['start']>[0]): void {
    this.source.start({
      live: (watched) => sink.live(watched),
      lost: (error) => sink.lost(error),
      changed: (change) => sink.changed(change),
      beat: (lag) => {
        this.beats++
        sink.beat(lag)
      },
    })
  }

  stop(): Promise<void> {
    return this.source.stop()
  }
}

/** A database, those who write to it, and the wire that its changes come by. */
interface Place {
  readonly people: People
  readonly elsewhere: Elsewhere
  /** Null for a file. */
  readonly server: ServerProcess | null
  readonly wire: Wire | null
  /** A client that writes without a cache. */
  readonly plain: PeopleClient
  close(): Promise<void>
}

async function open(provider: Provider): Promise<Place> {
  const server = await SERVERS[provider]()
  const people = await openPeople(provider, ['now', 'other', 'blind'])
  const elsewhere = await elsewhereOn(provider, people.url)
  if (provider === 'postgresql') {
    const schema = parseSchema(
      `datasource db {\n  provider = "postgresql"\n  schemas  = ["public", "other"]\n}\n${modelsOf('now', provider)}`,
      'inline',
    )
    await elsewhere.run(installTriggersSql(schema))
    await elsewhere.run(installReplicationSql(schema))
  }
  for (const sql of greeting(provider)) await elsewhere.run(sql)
  const wire = server === null ? null : await Wire.to(people.url)
  return {
    people,
    elsewhere,
    server,
    wire,
    plain: people.open(),
    async close() {
      await elsewhere.close()
      await people.drop()
      await wire?.close()
      await server?.kill()
    },
  }
}

const SERVERS: Readonly<Record<Provider, () => Promise<ServerProcess | null>>> = {
  /** A server of its own, for that of the machine may not replicate. */
  async postgresql() {
    const settings = { wal_level: 'logical', max_replication_slots: '30', max_wal_senders: '30' }
    const server = await startPostgres({ ...settings, synchronous_commit: 'on' })
    process.env.POSTGRES_URL = server.url
    return server
  },
  async mysql() {
    const settings = { 'log-bin': 'binlog', 'binlog-format': 'ROW', 'server-id': '1' }
    const server = await startMariadb({
      ...settings,
      'sync-binlog': '0',
      'innodb-flush-log-at-trx-commit': '1',
    })
    process.env.MARIADB_URL = server.url
    return server
  },
  sqlite: () => Promise.resolve(null),
}

type SourceOf = (place: Place) => ChangeSource
const through = ({ wire, people }: Place): string => (wire as Wire).url(people.url)

const SOURCES: readonly [string, Provider, SourceOf][] = [
  ['triggers', 'postgresql', (place) => postgresTriggers(through(place), { heartbeat: HEARTBEAT })],
  ['replication', 'postgresql', (place) => postgresReplication(through(place), { heartbeat: HEARTBEAT })],
  ['the binary log', 'mysql', (place) => mysqlBinlog(through(place), { heartbeat: HEARTBEAT })],
  ['a file that is asked', 'sqlite', ({ people }) => sqliteChanges({ url: people.url, every: 20 })],
]

/** A hook behind the cache that makes of some reads others, which rest on more than they say. */
const widening = {
  name: 'widening',
  query: {
    post: {
      findMany: ({ args, query }: Hook) =>
        query({ ...args, where: { AND: [args['where'] ?? {}, { author: { kind: 'A' } }] } }),
    },
  },
}
interface Hook {
  readonly args: Record<string, unknown>
  query(args: object): Promise<unknown>
}

/** A hook before the cache that writes by the base client, whom nobody asks. */
const writing = (base: PeopleClient) => ({
  name: 'writing',
  query: {
    posts: {
      async update({ args, query }: Hook) {
        await base.person['updateMany']?.({ where: { id: 1 }, data: { name: 'Fronted' } })
        return query(args)
      },
    },
  },
})

interface World {
  readonly readers: readonly Reader[]
  readonly namespace: string
  readonly stores: Stores
  /** Whether what one of them writes is seen by the others at once: where each holds copies, it is when they are told. */
  readonly isShared: boolean
}

const WORLDS: Readonly<Record<string, (place: Place, source: SourceOf) => World>> = {
  'one process with a cache in memory, and hooks before and behind it': (place, source) => {
    const { namespace, stores, reader } = worldOf(place, () => memoryStore())
    const own = new CountedSource(source(place))
    const base = place.people.open()
    const store = memoryStore()
    const scoped = { store, scope: () => 'all' }
    return {
      namespace,
      stores,
      isShared: true,
      readers: [
        reader(base, own, 'now', scoped),
        { ...reader(base.$extends(writing(base)), own, 'now', scoped), plain: place.plain },
        // Its answers are others, which is what a scope is for.
        reader(base, own, 'now', { ...scoped, scope: () => 'widened' }, widening),
      ],
    }
  },
  'processes of three deployments on one Redis': (place, source) =>
    deployments(place, source, true, (stores) => redisStore(stores.redis())),
  'processes of three deployments that keep copies of what is in Redis': (place, source) => {
    const channel = ownNamespace()
    return deployments(place, source, false, (stores) =>
      stores.closing(tieredStore({ near: memoryStore(), far: redisStore(stores.redis()), channel })),
    )
  },
}

function deployments(
  place: Place,
  source: SourceOf,
  isShared: boolean,
  storeOf: (stores: Stores) => CacheStore,
): World {
  const { namespace, stores, reader } = worldOf(place, storeOf)
  const readers = (['now', 'other', 'blind'] as const).map((deployment) =>
    reader(place.people.open(deployment), new CountedSource(source(place)), deployment),
  )
  return { namespace, stores, readers, isShared }
}

function worldOf(place: Place, storeOf: (stores: Stores) => CacheStore) {
  const [namespace, stores] = [ownNamespace(), new Stores()]
  const reader = (
    base: PeopleClient,
    changes: CountedSource,
    deployment: Deployment,
    options: CacheOptions = {},
    behind: object | null = null,
  ): Reader => {
    const more = { earlyRefresh: 0, readTimeout: 5000, writeTimeout: 5000, onRawWrite: 'ignore' } as const
    const extension = cache({
      changes,
      namespace,
      store: options.store ?? storeOf(stores),
      ...more,
      ...options,
    })
    const [cached, plain] = [base.$extends(extension), place.people.open(deployment)]
    return {
      deployment,
      source: changes,
      cached: (behind === null ? cached : cached.$extends(behind)) as Cached,
      plain: behind === null ? plain : plain.$extends(behind),
    }
  }
  return { namespace, stores, reader }
}

/** A value, or the code of the error in its place. */
async function outcome(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return { value: await run() }
  } catch (error) {
    return { error: (error as { code?: unknown }).code ?? String(error) }
  }
}

/** Somebody else's way to write. */
function writeElsewhere(random: Random, { people, elsewhere, plain }: Place, topic: Topic): Write {
  const some = random.list(1, 3, () => statementOf(random, people.provider, topic))
  const [first, last] = [some[0] as string, some.at(-1) as string]
  const own = writeOf(random, 'now', topic)
  const sent = (sql: string) => named(sql, () => elsewhere.run(sql))
  return random.pick<() => Write>([
    () => sent(first),
    () => sent(first),
    () => sent(`BEGIN; ${some.join('; ')}; COMMIT`),
    () => sent(`BEGIN; ${some.join('; ')}; ROLLBACK`),
    () => sent(`BEGIN; SAVEPOINT s; ${first}; ROLLBACK TO s; ${last}; COMMIT`),
    () => (random.chance(0.3) ? named(`program: ${first}`, () => elsewhere.byProgram(first)) : sent(first)),
    () => named(`plain: ${own.toString()}`, () => own(plain)),
    () => named(`raw: ${first}`, () => plain.$executeRawUnsafe(first)),
  ])()
}

const named = (name: string, run: () => Promise<unknown>): Write =>
  Object.assign(run, { isKnown: false, toString: () => name })

/** One program of reads and writes, in which the source may be cut, the server restarted, and Redis emptied. */
class Program {
  private readonly topic: Topic
  private readonly reads: readonly (readonly [Reader, Read])[]
  private write = named('nothing', () => Promise.resolve())

  constructor(
    private readonly random: Random,
    private readonly place: Place,
    private readonly world: World,
  ) {
    this.topic = random.pick(TOPICS)
    this.reads = world.readers.flatMap((reader) =>
      random.list(3, 5, () => [reader, readOf(random, reader.deployment, this.topic)] as const),
    )
  }

  async run(): Promise<void> {
    const { random, place, world } = this
    await place.people.reset(place.plain)
    await world.readers[0]?.cached.$cache.invalidateAll()
    for (let step = random.int(3, 5); step > 0; step--) {
      await this.answers()
      const under = random.chance(0.5) ? this.answers() : null
      const cut = random.chance(0.05) ? place.elsewhere.cut() : null
      if (random.chance(0.05)) await this.emptyRedis()
      const by = random.pick(world.readers)
      const isOwn = random.chance(0.5)
      const raw = statementOf(random, place.people.provider, this.topic)
      this.write = !isOwn
        ? writeElsewhere(random, place, this.topic)
        : random.chance(0.15)
          ? named(`own raw: ${raw}`, () => by.cached.$executeRawUnsafe(raw))
          : ofReader(by, writeOf(random, by.deployment, this.topic))
      // Some are refused, because a key is taken.
      await this.write(by.cached).catch(() => undefined)
      if (this.write.isKnown)
        await this.nothingIsOld(world.isShared ? world.readers : [by], await this.truth())
      await under
      await cut
      if (random.chance(0.1)) await this.withoutSource()
      await this.isSettled()
    }
  }

  private answers(): Promise<readonly unknown[]> {
    return Promise.all(this.reads.map(([{ cached }, read]) => outcome(() => read(cached, strategy))))
  }

  private truth(): Promise<readonly unknown[]> {
    return Promise.all(this.reads.map(([{ plain }, read]) => outcome(() => read(plain, {}))))
  }

  private async nothingIsOld(readers: readonly Reader[], truth: readonly unknown[]): Promise<void> {
    const answers = await this.answers()
    for (const [index, answer] of answers.entries())
      if (
        readers.includes((this.reads[index] as readonly [Reader, Read])[0]) &&
        !isSame(answer, truth[index])
      )
        this.fail(index, answer, truth[index])
  }

  /** All is right by the second heartbeat from now at the latest: one may be on its way already. */
  private async isSettled(): Promise<void> {
    const truth = await this.truth()
    const beats = this.world.readers.map(({ source }) => source.beats)
    const deadline = Date.now() + 20_000
    for (;;) {
      const isLast = this.world.readers.every(
        ({ source }, index) => source.beats >= (beats[index] as number) + 2,
      )
      const answers = await this.answers()
      const wrong = answers.findIndex((answer, index) => !isDeepStrictEqual(answer, truth[index]))
      if (wrong < 0) return
      if (isLast || Date.now() > deadline) this.fail(wrong, answers[wrong], truth[wrong])
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
  }

  /** While nobody tells, and until all is caught up with, nothing may be old, for no moment. */
  private async withoutSource(): Promise<void> {
    const { random, place, world } = this
    if (place.server === null || place.wire === null) return
    await this.isSettled()
    await until(() => world.readers.every(({ cached }) => cached.$cache.stats().changes?.state === 'live'))
    const losses = () => world.readers.map(({ cached }) => cached.$cache.stats().changes?.losses ?? 0)
    const before = losses()
    const areLost = () => losses().every((count, index) => count > (before[index] as number))
    const how = random.pick(['cut', 'cut', 'cut', 'cut', 'cut', 'cut', 'hang', 'restart'])
    try {
      if (how === 'hang') place.wire.cut()
      else if (how === 'restart') await this.restart(place.server)
      await until(async () => {
        // Again, where one of them was connecting.
        if (!areLost() && how === 'cut') await place.elsewhere.cut()
        return areLost()
      })
      for (let unheard = random.int(1, 3); unheard > 0; unheard--) {
        this.write = writeElsewhere(random, place, this.topic)
        await this.write(world.readers[0]?.cached as Cached).catch(() => undefined)
        // Who is live again is told in its time.
        const untold = world.readers.filter(({ cached }) => cached.$cache.stats().changes?.state !== 'live')
        await this.nothingIsOld(untold, await this.truth())
      }
    } finally {
      place.wire.mend()
    }
  }

  /** All connections end; those of pools are made anew when they are asked for. */
  private async restart(server: ServerProcess): Promise<void> {
    await server.restart()
    await until(async () => {
      const rows = await this.place.elsewhere.rows('SELECT 1 AS one').catch(() => [])
      return rows.length === 1
    })
    for (const answers of [() => this.answers(), () => this.truth()])
      await until(async () => (await answers()).every((answer) => !isOfConnection(answer)))
    await outcome(() => this.place.plain.$executeRawUnsafe('SELECT 1'))
  }

  /** As an eviction of everything, or a server that comes back without its memory. */
  private async emptyRedis(): Promise<void> {
    const redis = this.world.stores.redis()
    const keys = await redis.keys(`*${this.world.namespace}*`)
    if (keys.length > 0) await redis.del(keys)
    redis.disconnect()
  }

  private fail(index: number, answer: unknown, truth: unknown): never {
    const [, read] = this.reads[index] as readonly [Reader, Read]
    throw new Error(
      `after ${this.write.toString()},\n${read.toString()}\nis  ${text(answer)}\nnot ${text(truth)}`,
    )
  }
}

const ofReader = ({ cached }: Reader, write: Write): Write =>
  Object.assign(() => write(cached), { isKnown: write.isKnown, toString: () => write.toString() })

const isSame = (answer: unknown, truth: unknown): boolean => isDeepStrictEqual(answer, truth)

/** Prisma's codes for a server that cannot be reached or has gone, and what drivers say without one. */
function isOfConnection(answer: unknown): boolean {
  const { error } = answer as { error?: unknown }
  return error !== undefined && /P10|ECONN|terminat|clos|timeout/i.test(text(error))
}

describe.each(SOURCES)('changes that come by %s', (_, provider, source) => {
  let place: Place
  beforeAll(async () => {
    place = await open(provider)
  }, 120_000)
  afterAll(() => place?.close())

  test.each(Object.keys(WORLDS))(
    'C40 C41 C42 C43 writes by anybody are seen by %s',
    async (name) => {
      const world = (WORLDS[name] as (typeof WORLDS)[string])(place, source)
      try {
        for (const { cached } of world.readers) await cached.$cache.untilLive()
        await forSeeds(SEEDS, (random) => new Program(random, place, world).run(), BUDGET)
        const stats = world.readers.map(({ cached }) => cached.$cache.stats())
        // An oracle over a cache that never answers would prove nothing.
        for (const { hits, changes } of stats)
          expect({ hits: hits > 5, events: (changes?.events ?? 0) > 5 }).toEqual({ hits: true, events: true })
      } finally {
        for (const { cached } of world.readers) await cached.$disconnect()
        await world.stores.close()
      }
    },
    PATIENCE,
  )
})
