import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { isDeepStrictEqual, promisify } from 'node:util'
import {
  cache,
  memoryStore,
  redisStore,
  type CacheClient,
  type CacheStore,
  type ChangeSource,
} from '@prisma-brisk/cache'
import { installReplicationSql, postgresReplication } from '@prisma-brisk/cache/postgres-replication'
import { installTriggersSql, postgresTriggers } from '@prisma-brisk/cache/postgres-triggers'
import { parseSchema } from '@prisma-brisk/core'
import pg from 'pg'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { startPostgres, type PostgresServer } from '../../support/postgres.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import { ownNamespace, until } from './support/cached-client.ts'
import { Stores } from './support/stores.ts'
import { Wire } from './support/wire.ts'

const schema = parseSchema(readFileSync('prisma/schema.prisma', 'utf8'), 'inline')
const run = promisify(execFile)
const BUDGET = { seconds: 5, atLeast: 3 }
const USERS = 5
/** A server of its own, for that of the machine may not replicate. */
let server: PostgresServer
let database: TestDatabase<PrismaClient>
let elsewhere: pg.Client
/** What the sources are connected by. */
let wire: Wire
let plain: PrismaClient
/** The same, for reads that are written for a cached one. */
let uncached: PrismaClient
const stores = new Stores()
const redis = stores.redis()

beforeAll(async () => {
  server = await startPostgres({
    wal_level: 'logical',
    max_replication_slots: '30',
    max_wal_senders: '30',
    synchronous_commit: 'on',
  })
  process.env.POSTGRES_URL = server.url
  database = await createDatabase('postgresql')
  wire = await Wire.to(database.url)
  elsewhere = new pg.Client({ connectionString: database.url })
  await elsewhere.connect()
  await elsewhere.query(installTriggersSql(schema))
  await elsewhere.query(installReplicationSql(schema))
  // What the application's own triggers write, nobody else says.
  await elsewhere.query(`CREATE FUNCTION greet() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN UPDATE "User" SET name = 'Greeted by ' || NEW.id WHERE id = 1 + NEW.id % ${USERS}; RETURN NEW; END $$;
    CREATE TRIGGER greet AFTER INSERT ON "Tag" FOR EACH ROW EXECUTE FUNCTION greet()`)
  plain = database.createClient()
  uncached = plain.$extends(cache({ enabled: false })) as unknown as PrismaClient
})
afterAll(async () => {
  await elsewhere.end()
  await stores.close()
  await wire.close()
  await database.drop()
  await server.kill()
})

type Followed = PrismaClient & Pick<CacheClient, '$cache'>
type Read = (client: PrismaClient) => Promise<unknown>
type Write = () => Promise<unknown>

function readOf(random: Random): Read {
  const id = random.int(1, USERS + 1)
  const cacheStrategy = { ttl: 3600 }
  const tutorId = random.pick([id, null])
  return random.pick<Read>([
    (of) => of.user.findUnique({ where: { id }, cacheStrategy } as never),
    (of) => of.user.findUnique({ where: { email: `user${id}@example.org` }, cacheStrategy } as never),
    (of) => of.user.findUnique({ where: { id }, include: { conversations: true }, cacheStrategy } as never),
    (of) => of.user.findMany({ where: { id: { lte: id } }, orderBy: { id: 'asc' }, cacheStrategy } as never),
    (of) => of.conversation.count({ where: { userId: id }, cacheStrategy } as never),
    (of) =>
      of.conversation.findMany({ include: { tags: true }, orderBy: { id: 'asc' }, cacheStrategy } as never),
    (of) =>
      of.conversation.findMany({ where: { userId: id }, orderBy: { id: 'asc' }, cacheStrategy } as never),
    (of) =>
      of.user.findMany({
        where: { tutorId },
        orderBy: { id: 'asc' },
        cacheStrategy,
      } as never),
    (of) => of.userExercise.count({ where: { userId: { in: [id, 1] } }, cacheStrategy } as never),
    (of) => of.userExercise.findFirst({ where: { exerciseId: 1, attempt: 2 }, cacheStrategy } as never),
    (of) => of.tag.findMany({ orderBy: { id: 'asc' }, cacheStrategy } as never),
    (of) =>
      of.userExercise.findMany({ where: { user: { name: { startsWith: 'G' } } }, cacheStrategy } as never),
    (of) =>
      of.userExercise.findUnique({
        where: { exerciseId_userId_attempt: { exerciseId: 1, userId: id, attempt: 1 } },
        cacheStrategy,
      } as never),
  ])
}

/** SQL that changes something, mostly. */
function sqlOf(random: Random): string {
  const id = random.int(1, USERS + 1)
  const n = random.int(1, 1_000_000)
  return random.pick([
    `UPDATE "User" SET name = 'Name ${n}' WHERE id = ${id}`,
    `UPDATE "User" SET email = CASE id WHEN ${id} THEN 'moved${n}' ELSE 'user' || id || '@example.org' END`,
    `UPDATE "User" SET "tutorId" = ${id} WHERE id <> ${id}`,
    `DELETE FROM "User" WHERE id = ${id}`,
    `INSERT INTO "User" (id, email, name) VALUES (${id}, 'user${id}@example.org', 'New') ON CONFLICT (id) DO UPDATE SET name = 'Again ${n}'`,
    `INSERT INTO "User" (id, email, name) VALUES (${id}, 'user${id}@example.org', 'New') ON CONFLICT DO NOTHING`,
    `INSERT INTO "Conversation" (id, title, "userId") SELECT 'c${n}', 'Talk', id FROM "User" WHERE id = ${id}`,
    `DELETE FROM "Conversation" WHERE "userId" = ${id}`,
    `UPDATE "Conversation" SET "userId" = (SELECT max(id) FROM "User") WHERE "userId" = ${id}`,
    `UPDATE "Conversation" SET "userId" = (SELECT min(id) FROM "User") WHERE "userId" > ${id}`,
    `UPDATE "User" SET "tutorId" = NULLIF("tutorId", ${id})`,
    `UPDATE "UserExercise" SET "userId" = (SELECT min(id) FROM "User") WHERE "userId" = ${id}`,
    `INSERT INTO "_ConversationToTag" ("A", "B") SELECT c.id, t.id FROM "Conversation" c, "Tag" t WHERE t.id = 1 ON CONFLICT DO NOTHING`,
    `INSERT INTO "Tag" (name) VALUES ('tag ${n}')`,
    `INSERT INTO "Tag" (name) SELECT 'many ${n} ' || i FROM generate_series(1, 150) i`,
    `DELETE FROM "Tag" WHERE id > 3`,
    `TRUNCATE "_ConversationToTag"`,
    `INSERT INTO "UserExercise" ("userId", "exerciseId") SELECT id, 1 FROM "User" WHERE id = ${id} ON CONFLICT DO NOTHING`,
    `UPDATE "UserExercise" SET attempt = 3 - attempt WHERE "userId" = ${id}`,
    `DO $$ BEGIN UPDATE "User" SET name = 'Undone'; RAISE EXCEPTION 'no'; EXCEPTION WHEN OTHERS THEN UPDATE "User" SET name = 'Kept ${n}' WHERE id = ${id}; END $$`,
  ])
}

/** Somebody else's way to write. */
function writeElsewhere(random: Random): Write {
  const some = random.list(1, 3, () => sqlOf(random))
  const id = random.int(1, USERS)
  const n = random.int(1, 1_000_000)
  const raw = async (sql: string) => {
    try {
      await elsewhere.query(sql)
    } catch {
      // A unique key that is taken.
      await elsewhere.query('ROLLBACK')
    }
  }
  return random.pick<Write>([
    () => raw(some[0] as string),
    () => run('psql', [database.url, '-qc', some[0] as string]),
    () => raw(`BEGIN; ${some.join('; ')}; COMMIT`),
    () => raw(`BEGIN; ${some.join('; ')}; ROLLBACK`),
    () => raw(`BEGIN; SAVEPOINT s; ${some[0]}; ROLLBACK TO s; ${some.at(-1)}; COMMIT`),
    () => plain.user.updateMany({ where: { id }, data: { name: `Plain ${n}` } }),
    () =>
      plain.conversation.create({
        data: {
          title: 'Plain',
          user: {
            connectOrCreate: { where: { id }, create: { id, email: `user${id}@example.org`, name: 'P' } },
          },
        },
      }),
    () => plain.$executeRawUnsafe(sqlOf(random)).catch(() => undefined),
  ])
}

/** A write of the client that carries the cache, by all its doors. */
function writeOf(random: Random, client: PrismaClient): Write {
  const id = random.int(1, USERS)
  const n = random.int(1, 1_000_000)
  const tutorId = random.pick([1, 2, null])
  const writes: ((
    of: Pick<PrismaClient, 'user' | 'tag' | 'conversation' | '$executeRawUnsafe'>,
  ) => Promise<unknown>)[] = [
    (of) => of.user.update({ where: { id }, data: { name: `Own ${n}` } }),
    (of) =>
      of.user.upsert({
        where: { id },
        create: { id, email: `user${id}@example.org`, name: 'Own' },
        update: { name: `Own ${n}` },
      }),
    (of) => of.tag.create({ data: { name: `own ${n}` } }),
    (of) => of.conversation.create({ data: { title: `own ${n}`, userId: id } }),
    (of) => of.user.update({ where: { id }, data: { tutorId } }),
    (of) => of.conversation.updateMany({ where: { userId: id }, data: { title: `own ${n}` } }),
    (of) => of.user.updateMany({ where: { id: { lte: id } }, data: { name: `Many ${n}` } }),
    (of) => of.$executeRawUnsafe(`UPDATE "User" SET name = 'Raw ${n}' WHERE id = ${id}`),
  ]
  const [one, other] = [random.pick(writes), random.pick(writes)]
  return random.pick<Write>([
    () => one(client),
    () => client.$transaction(async (tx) => void (await one(tx), await other(tx))),
    // A trigger of the application writes to the table that the transaction has written to, perhaps to another row.
    () =>
      client.$transaction(async (tx) => {
        await tx.user.update({ where: { id }, data: { name: `Own ${n}` } })
        await tx.tag.create({ data: { name: `own ${n}` } })
      }),
    () => Promise.all([one(client), other(client)]),
    () =>
      client.exercise.create({
        data: { slug: `own ${n}`, title: `Front ${n}`, subject: 'maths', difficulty: 1, content: {} },
      }),
  ])
}

/** An extension in front of the cache that writes by the base client, whom nobody asks. */
function fronted(base: PrismaClient): PrismaClient {
  return base.$extends({
    query: {
      exercise: {
        async create({ args, query }) {
          await base.user.updateMany({ where: { id: 1 }, data: { name: args.data.title } })
          return query(args)
        },
      },
    },
  }) as unknown as PrismaClient
}

const lossesOf = ({ $cache }: Followed): number => $cache.stats().changes?.losses ?? 0

const cut = () =>
  elsewhere.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'prisma-brisk changes' AND datname = current_database()`,
  )

/** As an eviction of everything, or a server that comes back without its memory. */
async function emptyRedis(namespace: string): Promise<void> {
  const keys = await redis.keys(`*${namespace}*`)
  if (keys.length > 0) await redis.del(keys)
}

async function reset(): Promise<void> {
  await elsewhere.query(`TRUNCATE "User", "Tag", "Exercise", "Conversation" RESTART IDENTITY CASCADE;
    INSERT INTO "User" (id, email, name) SELECT i, 'user' || i || '@example.org', 'User ' || i FROM generate_series(1, ${USERS}) i;
    UPDATE "User" SET "tutorId" = 1 + id % 2;
    INSERT INTO "Conversation" (id, title, "userId") SELECT 'first ' || id, 'Talk', id FROM "User";
    INSERT INTO "Exercise" (slug, title, subject, difficulty, content) VALUES ('one', 'One', 'maths', 1, '{}');
    INSERT INTO "UserExercise" ("userId", "exerciseId", attempt) SELECT id, 1, 10 + id FROM "User";
    INSERT INTO "Tag" (name) SELECT 'tag ' || i FROM generate_series(1, 3) i`)
}

/** Programs of reads and writes by all kinds of writers, whose source is cut now and then. */
async function oracle(
  source: () => ChangeSource,
  storesOf: () => readonly CacheStore[],
  seeds: number,
): Promise<void> {
  await forSeeds(
    seeds,
    async (random) => {
      await reset()
      const namespace = ownNamespace()
      const bases = storesOf().map(() =>
        database.createClient({ adapter: database.adapter({ connections: 3 }) }),
      )
      const clients = storesOf().map((store, index) => {
        const changes = source()
        return fronted(bases[index] as PrismaClient).$extends(
          cache({ changes, store, namespace, earlyRefresh: 0, readTimeout: 5000, onRawWrite: 'ignore' }),
        ) as unknown as Followed
      })
      try {
        for (const client of clients) await client.$cache.untilLive()
        const reads = random.list(6, 10, () => readOf(random))
        for (let step = random.int(4, 8); step > 0; step--) {
          for (const client of clients) await Promise.all(reads.map((read) => read(client)))
          const client = random.pick(clients)
          const under = random.chance(0.5) ? reads.map((read) => read(random.pick(clients))) : []
          if (random.chance(0.1)) void cut()
          if (random.chance(0.1)) await emptyRedis(namespace)
          const write = random.chance(0.6) ? writeElsewhere(random) : writeOf(random, client)
          // Some are refused, because a key is taken.
          await write().catch(() => undefined)
          await Promise.all(under)
          if (random.chance(0.2)) {
            await until(() => clients.every((each) => each.$cache.stats().changes?.state === 'live'))
            const losses = clients.map(lossesOf)
            const hangs = random.chance(0.5)
            if (hangs) wire.cut()
            else await cut()
            await until(() => clients.every((each, at) => lossesOf(each) > (losses[at] as number)))
            // From here on nothing may be old, for no moment.
            const nothingIsOld = async () => {
              for (const [index, read] of reads.entries())
                for (const each of clients)
                  if (!isDeepStrictEqual(await read(each), await read(uncached)))
                    throw new Error(`read ${index} is old`)
            }
            await nothingIsOld()
            // As long as it hangs, nobody tells.
            for (let unheard = hangs ? 3 : 0; unheard > 0; unheard--) {
              await writeElsewhere(random)().catch(() => undefined)
              await nothingIsOld()
            }
            wire.mend()
          }
          for (const [index, read] of reads.entries())
            for (const client of clients) {
              let last: unknown
              await until(
                async () => isDeepStrictEqual((last = await read(client)), await read(uncached)),
                5000,
              ).catch(() => {
                throw new Error(`read ${index} stays ${JSON.stringify(last)}`)
              })
            }
        }
      } finally {
        wire.mend()
        for (const base of bases) await base.$disconnect()
      }
    },
    BUDGET,
  )
}

const PATIENCE = 4 * 3_600_000

const sources: Record<string, () => ChangeSource> = {
  triggers: () => postgresTriggers(wire.url(database.url), { heartbeat: 400 }),
  replication: () => postgresReplication(wire.url(database.url), { heartbeat: 400 }),
}

describe.each(Object.entries(sources))('changes that come by %s', (_, source) => {
  test(
    'writes by anybody are seen by a cache in memory that hears of them, and what it is told of its own writes does no harm',
    () => oracle(source, () => [memoryStore()], 60),
    PATIENCE,
  )

  test(
    'writes by anybody are seen by two processes on one Redis',
    async () => {
      const pair = [redisStore(stores.redis()), redisStore(stores.redis())]
      await oracle(source, () => pair, 30)
    },
    PATIENCE,
  )
})

test('what psql writes is seen', async () => {
  await reset()
  const base = database.createClient()
  const prisma = base.$extends(cache({ changes: postgresTriggers(database.url), namespace: ownNamespace() }))
  await prisma.$cache.untilLive()
  const names = async () =>
    (await prisma.tag.findMany({ orderBy: { id: 'asc' }, cacheStrategy: { ttl: 3600 } })).map(
      ({ name }) => name,
    )
  expect(await names()).toEqual(['tag 1', 'tag 2', 'tag 3'])
  await run('psql', [database.url, '-c', `UPDATE "Tag" SET name = 'by psql' WHERE id = 3`])
  await until(async () => (await names()).includes('by psql'))
  await run('psql', [database.url, '-c', `COPY "Tag" (id, name) FROM PROGRAM 'echo 77,copied' CSV`])
  await until(async () => (await names()).includes('copied'))
  await base.$disconnect()
})
