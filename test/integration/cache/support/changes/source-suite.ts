import { cache, memoryStore, type CacheOptions, type ChangeSource } from '@prisma-brisk/cache'
import type { PrismaClient } from '../../../../../prisma/generated/postgresql/client.ts'
import type { TestDatabase } from '../../../../support/databases.ts'
import { ownNamespace, until } from '../cached-client.ts'
import { OWN_WRITES } from '../change-writes.ts'
import type { Elsewhere } from './elsewhere.ts'

/** A database with a source of changes, and somebody who writes to it without the suite. */
export interface SourceUnderTest<Options extends object> {
  readonly database: TestDatabase<PrismaClient>
  readonly elsewhere: Elsewhere
  source(options: Options): ChangeSource
}

export const strategy = { ttl: 3600 }

const opened: { $disconnect(): Promise<void> }[] = []
export async function disconnectAll(): Promise<void> {
  for (const client of opened.splice(0)) await client.$disconnect()
}

/** A client that {@link disconnectAll} disconnects. */
export function disconnectLater<Client extends { $disconnect(): Promise<void> }>(client: Client): Client {
  opened.push(client)
  return client
}

/** The clients and writers of a file of tests: what they are on is there once its `beforeAll` has run. */
export function sourceUnderTest<Options extends object>(
  database: () => TestDatabase<PrismaClient>,
  elsewhere: () => Elsewhere,
  source: (options: Options) => ChangeSource,
  defaults: Options,
) {
  const underTest: SourceUnderTest<Options> = {
    get database() {
      return database()
    },
    get elsewhere() {
      return elsewhere()
    },
    source,
  }
  return {
    underTest,
    followed: (options: Partial<Options> = {}, more: CacheOptions = {}) =>
      followed(underTest, { ...defaults, ...options }, more),
    /** Writes elsewhere, and waits until the cache has been told. */
    write: (of: Followed, sql: string) => toldOf(of, elsewhere(), sql),
  }
}

/** A client whose cache is told of changes, live. */
async function followed<Options extends object>(
  { database, source }: SourceUnderTest<Options>,
  options: Options,
  more: CacheOptions = {},
) {
  const { client, log } = database.createRecordedClient()
  disconnectLater(client)
  const prisma = client.$extends(
    cache({
      changes: source(options),
      store: memoryStore(),
      namespace: ownNamespace(),
      earlyRefresh: 0,
      ...more,
    }),
  )
  await prisma.$cache.untilLive()
  return { prisma, log, changes: () => prisma.$cache.stats().changes! }
}

export type Followed = Awaited<ReturnType<typeof followed>>

async function toldOf(of: Followed, elsewhere: Elsewhere, sql: string): Promise<void> {
  const { events } = of.changes()
  await elsewhere.run(sql)
  await until(() => of.changes().events > events)
}

/** SQL as the database quotes its names. */
type Quoted = (sql: string) => string

/**
 * What every source that tells rows promises, on a database with users 1 to 3 at least, `User 1` with the email
 * `user1@example.org`, and tags 1 to 3, which `beforeEach` of the file makes anew.
 */
export function testChangeSource<Options extends object>(
  open: () => SourceUnderTest<Options>,
  {
    writes,
    quoted,
    live,
    recognisesOwn,
  }: {
    /** What others write, by what it is. */
    readonly writes: Readonly<Record<string, string>>
    readonly quoted: Quoted
    /** Options under which no loss is noticed by chance. */
    readonly live: Options
    /** Whether a write of the client's own is known when it comes back. */
    readonly recognisesOwn: boolean
  },
): void {
  const follow = () => followed(open(), live)
  const told = (of: Followed, sql: string) => toldOf(of, open().elsewhere, quoted(sql))

  test.each(Object.entries(writes))('C41 %s is seen by lists, counts and rows', async (_, sql) => {
    const of = await follow()
    const plain = open().database.createClient()
    const read = (client: PrismaClient) => {
      const cached = client === plain ? {} : ({ cacheStrategy: strategy } as object)
      return Promise.all([
        client.user.findMany({ orderBy: { id: 'asc' }, ...cached }),
        client.user.count({ where: { name: { startsWith: 'User' } }, ...cached }),
        client.user.findUnique({ where: { id: 1 }, ...cached }),
        client.user.findUnique({ where: { email: 'user1@example.org' }, ...cached }),
        client.tag.findMany({ orderBy: { id: 'asc' }, ...cached }),
        client.conversation.findMany({ include: { user: true }, ...cached }),
      ])
    }
    await read(of.prisma as never)
    await toldOf(of, open().elsewhere, sql)
    expect(await read(of.prisma as never)).toEqual(await read(plain))
  })

  test('C41 what a transaction rolls back, and what changes no row, is not told', async () => {
    const of = await follow()
    const { events, tables } = of.changes()
    const { elsewhere } = open()
    await elsewhere.run(quoted(`BEGIN; UPDATE %User% SET name = 'Never'; ROLLBACK`))
    await elsewhere.run(
      quoted(
        `BEGIN; SAVEPOINT s; UPDATE %User% SET name = 'Never'; ROLLBACK TO s; UPDATE %Tag% SET name = 'first' WHERE id = 1; COMMIT`,
      ),
    )
    await elsewhere.run(quoted('UPDATE %User% SET name = name WHERE id < 0'))
    await until(() => of.changes().events > events)
    await told(of, `UPDATE %Tag% SET name = 'third' WHERE id = 3`)
    expect(of.changes()).toMatchObject({ events: events + 2, tables })
  })

  test('links of a many-to-many relation, and rows that a cascade takes, are seen', async () => {
    const of = await follow()
    await told(of, `INSERT INTO %Conversation% (id, title, %userId%) VALUES ('linked', 'Talk', 1)`)
    const read = async () => {
      const where = { where: { id: 'linked' }, include: { tags: true }, cacheStrategy: strategy }
      return (await of.prisma.conversation.findUnique(where))?.tags.map(({ id }) => id)
    }
    expect(await read()).toEqual([])
    await told(of, `INSERT INTO %_ConversationToTag% (%A%, %B%) VALUES ('linked', 2)`)
    expect(await read()).toEqual([2])
    await told(of, 'DELETE FROM %User% WHERE id = 1')
    await until(async () => (await read()) === undefined)
  })

  test('what a program writes is seen', async () => {
    const of = await follow()
    const name = async () =>
      (await of.prisma.tag.findUnique({ where: { id: 3 }, cacheStrategy: strategy }))?.name
    await name()
    await open().elsewhere.byProgram(quoted(`UPDATE %Tag% SET name = 'by a program' WHERE id = 3`))
    await until(async () => (await name()) === 'by a program')
  })

  test('C43 is lost when its connection is killed, and what was missed is invalidated before it is live again', async () => {
    const of = await follow()
    const { elsewhere } = open()
    const name = async () =>
      (await of.prisma.user.findUnique({ where: { id: 1 }, cacheStrategy: strategy }))?.name
    await name()
    await elsewhere.run(quoted(`BEGIN; UPDATE %User% SET name = 'Missed' WHERE id = 1`))
    await elsewhere.cut()
    await until(() => of.changes().state !== 'live')
    await elsewhere.run('COMMIT')
    // From here on nothing may be older than the COMMIT, whatever the state.
    expect(await name()).toBe('Missed')
    await until(() => of.changes().state === 'live')
    expect(await name()).toBe('Missed')
    expect(of.changes()).toMatchObject({
      losses: 1,
      error: expect.objectContaining({ code: 'E_CHANGES_LOST' }),
    })
    await told(of, `UPDATE %User% SET name = 'Live' WHERE id = 1`)
    expect(await name()).toBe('Live')
  })

  test.each(Object.entries(OWN_WRITES))(
    recognisesOwn
      ? 'a write of the client itself invalidates once: what was read since %s stays cached'
      : 'a write of the client itself is seen at once, and told again: %s',
    async (_, run) => {
      const of = await follow()
      const client = of.prisma as unknown as PrismaClient
      const plain = open().database.createClient()
      const reads = (from: PrismaClient, more: object) =>
        Promise.all([
          from.user.findMany({ orderBy: { id: 'asc' }, ...more }),
          from.user.findUnique({ where: { id: 1 }, ...more }),
        ])
      const read = () => of.prisma.$cache.withInfo(() => reads(client, { cacheStrategy: strategy }))
      let hits = 0
      for (let turn = 0; turn < 10; turn++) {
        const { events } = of.changes()
        await run(client, turn)
        expect((await read()).data).toEqual(await reads(plain, {}))
        await until(() => of.changes().events > events)
        hits += (await read()).reads.filter(({ status }) => status === 'hit').length
      }
      // A change that comes before the answer to the write is not yet known as its own; nothing is cached by then either.
      if (recognisesOwn) expect(hits).toBe(20)
      else expect(of.changes().own).toBe(0)
    },
  )
}
