import { resilience, withLimits } from '@prisma-brisk/resilience'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/**
 * A time that is over while COMMIT runs: what the caller is told is what has happened. Either nothing is there, or the
 * error says that it may be.
 */

const warm = (prisma: { user: { count(): Promise<number> } }) =>
  withLimits({ timeout: false }, () => prisma.user.count())

/** Rows of `Tag` that take this long to commit. */
const slowCommit = (seconds: number) => [
  `CREATE FUNCTION slow_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(${seconds}); RETURN NULL; END $$`,
  'CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON "Tag" DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION slow_commit()',
]

type Client = Pick<PrismaClient, 'tag' | 'conversation' | '$transaction'>
const writes: Record<string, (prisma: Client, name: string) => Promise<unknown>> = {
  'a single statement': (prisma, name) => prisma.tag.create({ data: { name } }),
  'a nested create': (prisma, name) =>
    prisma.tag.create({ data: { name, conversations: { create: { id: name, title: 't', userId: 1 } } } }),
  'an array': (prisma, name) =>
    prisma.$transaction([
      prisma.tag.create({ data: { name } }),
      prisma.tag.create({ data: { name: `${name} too` } }),
    ]),
}

describe('KP3 on PostgreSQL, where COMMIT can be stopped', () => {
  let database: TestDatabase<PrismaClient>
  let plain: PrismaClient
  beforeAll(async () => {
    database = await createDatabase('postgresql')
    plain = database.createClient({ adapter: database.adapter({ connections: 1 }) })
    await plain.user.create({ data: { email: 'a', name: 'a' } })
    for (const sql of slowCommit(3)) await plain.$executeRawUnsafe(sql)
  })
  afterAll(() => database.drop())

  test.each(Object.entries(writes))('%s fails, and nothing is there', async (name, write) => {
    const prisma = database
      .createClient({ adapter: database.adapter({ connections: 1 }) })
      .$extends(resilience({ timeout: 150 }))
    await warm(prisma)
    await expect(write(prisma as never, name)).rejects.toMatchObject({ code: 'E_QUERY_TIMEOUT' })
    // The connection comes back with no transaction left open, and nothing else is stopped.
    expect(await withLimits({ timeout: false }, () => prisma.user.count())).toBe(1)
    expect(await plain.tag.count()).toBe(0)
    await withLimits({ timeout: 10_000 }, () => prisma.user.create({ data: { email: name, name } }))
    expect(await plain.user.count({ where: { email: name } })).toBe(1)
    await plain.user.delete({ where: { email: name } })
  })

  test.each(Object.entries(writes))(
    '%s whose caller aborts fails, and nothing is there',
    async (name, write) => {
      const prisma = database
        .createClient({ adapter: database.adapter({ connections: 1 }) })
        .$extends(resilience({ timeout: false }))
      await warm(prisma)
      const controller = new AbortController()
      const answer = withLimits({ signal: controller.signal }, () => write(prisma as never, name))
      const active = async () =>
        (
          await plain.$queryRaw<object[]>`
          SELECT 1 AS one FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'`
        ).length
      while ((await active()) === 0);
      controller.abort()
      await expect(answer).rejects.toMatchObject({ code: 'E_QUERY_ABORTED' })
      expect(await plain.tag.count()).toBe(0)
    },
  )
})

/** Holds back what a driver is asked to do, until it is let go. */
function held(): { wait: () => Promise<void>; reached: Promise<void>; release: () => void } {
  let release = (): void => undefined
  let reach = (): void => undefined
  const released = new Promise<void>((resolve) => (release = resolve))
  const reached = new Promise<void>((resolve) => (reach = resolve))
  return {
    wait: async () => {
      reach()
      await released
    },
    reached,
    release,
  }
}

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])(
  'KP3 on %s, where COMMIT cannot be stopped',
  (provider) => {
    let database: TestDatabase<PrismaClient>
    let plain: PrismaClient
    beforeAll(async () => {
      database = await createDatabase(provider)
      plain = database.createClient({ adapter: database.adapter({ connections: 1 }) })
      await plain.user.create({ data: { email: 'a', name: 'a' } })
    })
    afterAll(() => database.drop())

    /** A client whose adapter hides its connections, and whose COMMIT, or statements that write, are held back. */
    function holding(what: 'commit' | 'insert') {
      const gate = held()
      const factory = database.adapter({ connections: 1 })
      const wrapped = wrapConnect(factory, async (kind) => {
        if (kind === what) await gate.wait()
      })
      const prisma = database.createClient({ adapter: wrapped }).$extends(resilience({ timeout: false }))
      /** Aborts a write once it has got there. */
      const aborted = async (write: (on: Client) => Promise<unknown>): Promise<unknown> => {
        const controller = new AbortController()
        const answer = withLimits({ signal: controller.signal }, () => write(prisma as never))
        answer.catch(() => undefined)
        await gate.reached
        controller.abort()
        return answer
      }
      return { prisma, gate, aborted }
    }

    test.each(Object.entries(writes).slice(1))('%s says that it may be committed', async (name, write) => {
      const { gate, aborted } = holding('commit')
      await expect(aborted((on) => write(on, name))).rejects.toMatchObject({
        code: 'E_COMMIT_UNKNOWN',
        cause: { code: 'E_QUERY_ABORTED' },
      })
      gate.release()
      while ((await plain.tag.count({ where: { name } })) === 0);
    })

    test('a single write that cannot be stopped says so too', async () => {
      const { prisma, gate, aborted } = holding('insert')
      // MariaDB's adapter reads the row after it: both stand in a transaction, whose COMMIT is not sent any more.
      const isAlone = provider !== 'mysql'
      await expect(aborted((on) => on.tag.create({ data: { name: 'single' } }))).rejects.toMatchObject({
        code: isAlone ? 'E_COMMIT_UNKNOWN' : 'E_QUERY_ABORTED',
      })
      gate.release()
      // The one connection comes back once the statement, or the transaction, has ended.
      await prisma.user.count()
      expect(await plain.tag.count({ where: { name: 'single' } })).toBe(isAlone ? 1 : 0)
    })

    test('a write that is given up before COMMIT leaves nothing behind', async () => {
      const { prisma, gate, aborted } = holding('insert')
      const write = writes['a nested create'] as (on: Client, name: string) => Promise<unknown>
      await expect(aborted((on) => write(on, 'before'))).rejects.toMatchObject({ code: 'E_QUERY_ABORTED' })
      gate.release()
      await prisma.user.count()
      expect(await plain.tag.count({ where: { name: 'before' } })).toBe(0)
    })
  },
)

type Kind = 'commit' | 'insert' | 'other'
interface Sends {
  queryRaw(query: { sql: string }): Promise<unknown>
  executeRaw(query: { sql: string }): Promise<unknown>
  commit?(): Promise<void>
  rollback?(): Promise<void>
  startTransaction?(level?: string): Promise<Sends>
}

/** The factory with its adapters behind a layer that runs `before` first, as tracing or pooling layers do. */
function wrapConnect<Factory extends { connect(): Promise<unknown> }>(
  factory: Factory,
  before: (kind: Kind) => Promise<void>,
): Factory {
  const connect = factory.connect.bind(factory)
  const kindOf = ({ sql }: { sql: string }): Kind =>
    sql === 'COMMIT' ? 'commit' : /^INSERT INTO \S*Tag\b/.test(sql) ? 'insert' : 'other'
  const layered = (target: Sends): Sends =>
    Object.assign(Object.create(target) as Sends, {
      queryRaw: async (query: { sql: string }) => {
        await before(kindOf(query))
        return target.queryRaw(query)
      },
      executeRaw: async (query: { sql: string }) => {
        await before(kindOf(query))
        return target.executeRaw(query)
      },
      ...(target.commit === undefined
        ? {}
        : {
            commit: async () => {
              if ((target as { options?: { usePhantomQuery?: boolean } }).options?.usePhantomQuery === true)
                await before('commit')
              await target.commit?.()
            },
            rollback: async () => target.rollback?.(),
            client: undefined,
          }),
      ...(target.startTransaction === undefined
        ? {}
        : {
            startTransaction: async (level?: string) =>
              layered((await target.startTransaction?.(level)) as Sends),
          }),
    })
  return Object.assign(factory, { connect: async () => layered((await connect()) as Sends) })
}
