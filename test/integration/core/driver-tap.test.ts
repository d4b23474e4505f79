import type { Pool } from 'pg'
import { mountProbe } from './support/probe.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import {
  type ConnectionWatch,
  currentCall,
  type DriverListener,
  DriverTap,
  type Statement,
  type TransactionEvent,
} from '@prisma-brisk/core'

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('the driver tap on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  const statements: Statement[] = []
  const events: TransactionEvent[] = []
  let prisma: PrismaClient
  let witness: string[]

  beforeAll(async () => {
    database = await createDatabase(provider)
    const recorded = database.createRecordedClient()
    witness = recorded.log.statements as unknown as string[]
    prisma = mountProbe(recorded.client, (host) => {
      DriverTap.of(host)?.listen({
        statement: (each) => statements.push(each),
        transaction: (each) => events.push(each),
      })
      return (call, next) => next(call)
    })
    await prisma.user.create({ data: { name: 'ada', email: 'ada@example.org' } })
  })
  afterAll(() => database.drop())
  beforeEach(() => {
    statements.length = 0
    events.length = 0
    witness.length = 0
  })

  test('sees every statement once, with its call, rows and time', async () => {
    await prisma.user.findMany({ include: { conversations: true } })
    await prisma.$queryRawUnsafe('SELECT 1')
    expect(statements.map((each) => each.sql)).toEqual(
      (witness as unknown as { sql: string }[]).map((each) => each.sql),
    )
    expect(statements.map((each) => each.call?.operation)).toEqual([
      'findMany',
      'findMany',
      '$queryRawUnsafe',
    ])
    expect(statements.map((each) => each.rows)).toEqual([1, 0, 1])
    for (const statement of statements) expect(statement.ms).toBeGreaterThan(0)
  })

  test('tells concurrent calls apart', async () => {
    await Promise.all([prisma.user.findFirst(), prisma.conversation.findFirst(), prisma.user.count()])
    const pairs = statements.map((each) => `${each.call?.model}.${each.call?.operation}`).sort()
    expect(pairs).toEqual(['Conversation.findFirst', 'User.count', 'User.findFirst'])
  })

  test('sees a failed statement and passes its error on untouched', async () => {
    await expect(prisma.user.create({ data: { name: 'x', email: 'ada@example.org' } })).rejects.toMatchObject(
      { code: 'P2002' },
    )
    const failed = statements.find((each) => each.error !== undefined)
    expect(failed?.call?.operation).toBe('create')
    expect(failed?.error).toMatchObject({ name: 'DriverAdapterError' })
  })

  test('reports the ends of transactions apart from statements', async () => {
    await prisma.$transaction((tx) => tx.user.count())
    await prisma
      .$transaction((tx) => tx.user.count().then(() => Promise.reject(new Error('no'))))
      .catch(() => undefined)
    expect(events.map((each) => each.type)).toEqual(['begin', 'commit', 'begin', 'rollback'])
    expect(statements.map((each) => each.sql).filter((sql) => /BEGIN|COMMIT|ROLLBACK/.test(sql))).toEqual([])
  })

  test('S3 tells the members of an array transaction apart, equal ones too', async () => {
    await prisma.$transaction([
      prisma.tag.create({ data: { name: `one ${provider}` } }),
      prisma.user.findMany({ include: { conversations: true } }),
      prisma.tag.create({ data: { name: `two ${provider}` } }),
      prisma.tag.count(),
      prisma.tag.count(),
      prisma.$queryRawUnsafe('SELECT 1'),
    ])
    const calls = [...new Set(statements.map((each) => each.call))]
    expect(calls.map((call) => call?.operation)).toEqual([
      'create',
      'findMany',
      'create',
      'count',
      'count',
      '$queryRawUnsafe',
    ])
    const included = statements.filter((each) => each.call?.operation === 'findMany')
    expect(included.map((each) => each.call?.model)).toEqual(['User', 'User'])
    expect(new Set(statements.map((each) => each.transaction)).size).toBe(1)
  })

  test('S4 tells the wait for a connection apart from the statement and from BEGIN', async () => {
    const own: Statement[] = []
    const begins: TransactionEvent[] = []
    const tapped = mountProbe(
      database.createClient({ adapter: database.adapter({ connections: 1 }) }),
      (host) => {
        DriverTap.of(host)?.listen({
          statement: (each) => own.push(each),
          transaction: (each) => each.type === 'begin' && begins.push(each),
        })
        return (call, next) => next(call)
      },
    )
    await tapped.user.count()
    own.length = 0
    // One transaction holds the only connection; a statement and another transaction wait for it.
    let end = () => undefined as void
    const held = new Promise<void>((resolve) => (end = resolve))
    const holding = tapped.$transaction(async (tx) => {
      await tx.user.count()
      await held
    })
    while (begins.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const waiting = tapped.user.count()
    const second = tapped.$transaction((tx) => tx.tag.count())
    // Long enough that both have asked for the connection by then, on a busy machine too.
    setTimeout(end, 1000)
    await Promise.all([holding, waiting, second])
    const waited = own.filter((each) => each.waitMs > 100)
    expect(waited).toHaveLength(1)
    expect(waited[0]?.call?.model).toBe('User')
    expect(begins.map((each) => each.waitMs > 100)).toEqual([false, true])
  })

  test('a wrapped adapter keeps the last connection of its pool to itself', async () => {
    const { client } = database.createRecordedClient({ adapter: database.adapter({ connections: 1 }) })
    const tapped = mountProbe(client, (host) => {
      DriverTap.of(host)?.listen({ statement: () => undefined })
      return (call, next) => next(call)
    })
    const counts = await Promise.all(Array.from({ length: 5 }, () => tapped.user.count()))
    expect(counts).toEqual([1, 1, 1, 1, 1])
  })

  test('`rewrite` changes what is sent and what comes back, one listener upon the other', async () => {
    const { client, log } = database.createRecordedClient()
    const seen: Pick<Statement, 'sql' | 'rows'>[] = []
    const rewriting = mountProbe(client, (host) => {
      DriverTap.of(host)?.listen({
        rewrite: ({ sql, args, argTypes }) => ({
          query: { sql: `${sql} /* one */`, args: [...args], argTypes: [...argTypes] },
          answer: (result) => ({ ...result, rows: [...result.rows, ...result.rows] }),
        }),
      })
      DriverTap.of(host)?.listen({
        rewrite: ({ sql, args, argTypes }) => ({
          query: { sql: `${sql} /* two */`, args: [...args], argTypes: [...argTypes] },
        }),
        statement: ({ sql, rows }) => seen.push({ sql, rows }),
      })
      return (call, next) => next(call)
    })
    expect(await rewriting.user.findMany({ select: { name: true } })).toEqual([
      { name: 'ada' },
      { name: 'ada' },
    ])
    expect(log.sql()[0]).toMatch(/ \/\* one \*\/ \/\* two \*\/$/)
    expect(seen).toEqual([{ sql: log.sql()[0], rows: 2 }])
  })

  test('what `rewrite` throws fails the statement unsent, and nobody hears of it', async () => {
    const { client, log } = database.createRecordedClient()
    const heard: unknown[] = []
    const refusing = mountProbe(client, (host) => {
      DriverTap.of(host)?.listen({
        rewrite: () => {
          throw new RangeError('not this one')
        },
        statement: ({ error }) => heard.push(error),
      })
      return (call, next) => next(call)
    })
    await expect(refusing.user.findMany()).rejects.toThrow('not this one')
    expect([log.statements, heard]).toEqual([[], []])
  })

  test('what `inspect` throws fails the statement', async () => {
    const guarded = mountProbe(database.createClient(), (host) => {
      DriverTap.of(host)?.listen({
        inspect: (statement) => {
          if (statement.rows > 0) throw new RangeError('too many rows')
        },
      })
      return (call, next) => next(call)
    })
    await expect(guarded.user.findMany()).rejects.toThrow('too many rows')
  })
})

describe.each(['postgresql', 'mysql'] as const)('watched connections on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase(provider)
    await database.createClient().user.create({ data: { name: 'ada', email: 'ada@example.org' } })
  })
  afterAll(() => database.drop())
  const identity = provider === 'mysql' ? 'threadId' : 'processID'

  test('`watch` is told of the connection, in and out of transactions, and holds the answer back', async () => {
    const order: string[] = []
    let letGo = (): void => undefined
    const watched = mountProbe(database.createClient(), (host) => {
      const watch: ConnectionWatch = {
        taken: (connection) => order.push(`taken ${identity in connection}`),
        answered: () => {
          order.push('answered')
          return new Promise<void>((resolve) => (letGo = resolve))
        },
      }
      DriverTap.of(host)?.listen({
        watch: (statement) => (statement.sql.includes('User') ? watch : null),
        statement: ({ sql }) => order.push(sql.includes('User') ? 'heard' : 'another'),
      })
      return (call, next) => next(call)
    })
    const held = async (count: Promise<number>): Promise<void> => {
      order.length = 0
      let isThere = false
      void count.then(() => (isThere = true))
      while (!order.includes('answered')) await new Promise((resolve) => setImmediate(resolve))
      await new Promise((resolve) => setImmediate(resolve))
      expect(isThere).toBe(false)
      letGo()
      expect(await count).toBe(1)
      expect(order.filter((each) => each !== 'another')).toEqual(['taken true', 'answered', 'heard'])
    }
    await watched.tag.count()
    await held(watched.user.count())
    await watched.$transaction(async (tx) => {
      await tx.tag.count()
      await held(tx.user.count())
    })
  })

  test('what `watch` and `taken` throw fails the statement unsent, and the connection goes back', async () => {
    const refusals = { watch: new RangeError('not watched'), taken: new RangeError('not on this one') }
    let refused: 'watch' | 'taken' | null = null
    let tap: DriverTap | null = null
    const heard: unknown[] = []
    const prisma = mountProbe(
      database.createClient({ adapter: database.adapter({ connections: 1 }) }),
      (host) => {
        tap = DriverTap.of(host)
        DriverTap.of(host)?.listen({
          watch: () => {
            if (refused === 'watch') throw refusals.watch
            return {
              taken: () => {
                if (refused === 'taken') throw refusals.taken
              },
              answered: () => null,
            }
          },
          statement: ({ error }) => heard.push(error),
        })
        return (call, next) => next(call)
      },
    )
    await prisma.user.count()
    for (const each of ['watch', 'taken'] as const) {
      refused = each
      heard.length = 0
      await expect(prisma.user.count()).rejects.toThrow(refusals[each].message)
      expect(heard).toEqual([refusals[each]])
      refused = null
      expect(await prisma.user.count()).toBe(1)
    }
    expect((tap as DriverTap | null)?.pool?.gauge()).toMatchObject({ total: 1, idle: 1 })
  })
})

test('a watched connection stays in its pool when the server refuses a statement, and leaves it when it breaks', async () => {
  const database = await createDatabase('postgresql')
  let tap: DriverTap | null = null
  const prisma = mountProbe(
    database.createClient({ adapter: database.adapter({ connections: 1 }) }),
    (host) => {
      tap = DriverTap.of(host)
      DriverTap.of(host)?.listen({ watch: () => ({ taken: () => undefined, answered: () => null }) })
      return (call, next) => next(call)
    },
  )
  const backend = async (): Promise<number | undefined> =>
    (await prisma.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`)[0]?.pid
  const first = await backend()
  await expect(prisma.$queryRaw`SELECT 1 / 0`).rejects.toMatchObject({ code: 'P2010' })
  expect(await backend()).toBe(first)
  await expect(prisma.$queryRaw`SELECT pg_terminate_backend(pg_backend_pid())`).rejects.toThrow()
  const second = await backend()
  expect(second).not.toBe(first)
  // The code of a session that a time limit ends.
  const limit = `DO $$ BEGIN RAISE EXCEPTION 'over' USING ERRCODE = '25P03'; END $$`
  await expect(prisma.$executeRawUnsafe(limit)).rejects.toThrow()
  expect(await backend()).not.toBe(second)
  expect((tap as DriverTap | null)?.pool?.gauge()).toMatchObject({ total: 1, idle: 1, waiting: 0 })
  await database.drop()
})

test('transactions that had to wait for a connection leave no listener on it', async () => {
  const database = await createDatabase('postgresql')
  let tap: DriverTap | null = null
  const prisma = mountProbe(
    database.createClient({ adapter: database.adapter({ connections: 1 }) }),
    (host) => {
      tap = DriverTap.of(host)
      DriverTap.of(host)?.listen({ transaction: () => undefined })
      return (call, next) => next(call)
    },
  )
  const waiting: Promise<number>[] = []
  /** Holds the only connection until the others have asked for it. */
  const contend = (times: number) =>
    prisma.$transaction(async (tx) => {
      await tx.user.count()
      for (let each = 0; each < times; each++)
        waiting.push(prisma.$transaction((other) => other.user.count()))
      await new Promise((resolve) => setImmediate(resolve))
    })
  const listeners = async () => {
    const adapter = (tap as unknown as DriverTap).adapter as unknown as { underlyingDriver(): Pool }
    const client = await adapter.underlyingDriver().connect()
    const count = client.listenerCount('error')
    client.release()
    return count
  }
  await prisma.user.count()
  const before = await listeners()
  await contend(20)
  await Promise.all(waiting)
  expect(await listeners()).toBe(before)
  await database.drop()
})

/** Whose statement the driver gets, by the async context it runs in. */
async function contextsOf(
  run: (prisma: PrismaClient) => Promise<unknown>,
  listener: DriverListener | null,
): Promise<unknown> {
  const database = await createDatabase('postgresql')
  const seen: (string | null)[] = []
  const factory = database.adapter()
  const watched = Object.assign(Object.create(factory) as typeof factory, {
    connect: async () => {
      const adapter = await factory.connect()
      const queryRaw = (query: Parameters<typeof adapter.queryRaw>[0]) => {
        seen.push(currentCall.getStore()?.operation ?? null)
        return adapter.queryRaw(query)
      }
      return Object.assign(Object.create(adapter) as typeof adapter, { queryRaw })
    },
  })
  const probed = mountProbe(database.createClient({ adapter: watched }), (host) => {
    if (listener !== null) DriverTap.of(host)?.listen(listener)
    return (call, next) => next(call)
  })
  // A hook behind the pipeline, which makes a call of its own in the midst of another.
  const prisma = probed.$extends({
    query: {
      user: {
        findFirst: async ({ args, query }) => {
          await prisma.conversation.count()
          return query(args)
        },
      },
    },
  }) as unknown as PrismaClient
  await run(prisma)
  await database.drop()
  return seen
}

test('no async context is opened where nobody asks whose statement it is, and none is mistaken for another', async () => {
  const read = (prisma: PrismaClient) => prisma.user.findFirst()
  expect(await contextsOf(read, null)).toEqual([null, null])
  expect(await contextsOf(read, { asksForCall: false, rewrite: () => null })).toEqual([null, null])
  expect(await contextsOf(read, {})).toEqual(['count', 'findFirst'])
  const within = (prisma: PrismaClient) => prisma.$transaction((tx) => tx.user.findFirst())
  // The transaction's own statements go another way.
  expect(await contextsOf(within, null)).toEqual(['count'])
})
