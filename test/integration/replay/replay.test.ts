import { readFileSync } from 'node:fs'
import { jest } from '@jest/globals'
import { batching } from '@prisma-brisk/batching'
import { hostOf, mount, Replay, type MountOptions } from '@prisma-brisk/core'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type ClientOptions, type TestDatabase } from '../../support/databases.ts'
import { startPgBouncer } from '../../support/pgbouncer.ts'
import { expectStatements, type StatementLog } from '../../support/statements.ts'
import { look } from './support/look.ts'
import { hearWarnings } from './support/warnings.ts'

let database: TestDatabase<PrismaClient>
let plain: PrismaClient
beforeAll(async () => {
  database = await createDatabase('postgresql')
  plain = database.createClient()
  await plain.user.createMany({
    data: Array.from({ length: 60 }, (_, index) => ({
      id: index + 1,
      email: `${index + 1}@example.org`,
      name: 'Ada',
    })),
  })
})
afterAll(() => database.drop())

const mounted = (client: object, options?: MountOptions) =>
  mount(client, [{ name: 'probe' }], options) as unknown as PrismaClient
const replayedBy = (client: object) => Replay.of(hostOf(client))?.statistics.replayed ?? 0

function recorded(options: ClientOptions = {}): { prisma: PrismaClient; log: StatementLog } {
  const { client, log } = database.createRecordedClient(options)
  return { prisma: mounted(client), log }
}

/** Calls of one shape until Prisma is no longer asked. */
async function learn(ask: (index: number) => unknown): Promise<void> {
  for (let index = 1; index <= 6; index++) await ask(index)
}

test('RP1 a shape that Prisma has planned goes to the driver, and each call is one statement', async () => {
  const { prisma, log } = recorded()
  const ask = (id: number) => prisma.user.findUnique({ where: { id } })
  await expectStatements(log, 9, () =>
    learn(ask).then(async () => {
      for (const id of [7, 8, 9]) await ask(id)
    }),
  )
  expect(replayedBy(prisma)).toBeGreaterThanOrEqual(3)
  expect(await ask(33)).toEqual(await plain.user.findUnique({ where: { id: 33 } }))
  expect(await ask(999)).toBeNull()
})

test('RP2 what is not found fails as in Prisma, and nothing is sent twice', async () => {
  const { prisma, log } = recorded()
  const ask = (client: PrismaClient, id: number) => client.user.findUniqueOrThrow({ where: { id } })
  await learn((id) => ask(prisma, id))
  const failure = await expectStatements(log, 1, () => look(() => ask(prisma, 999)))
  expect(failure).toBe(await look(() => ask(plain, 999)))
  expect(failure).toContain('P2025')
})

test('RP3 unique reads of one tick are one statement, as in Prisma', async () => {
  const { prisma, log } = recorded()
  await learn((id) => prisma.user.findUnique({ where: { id } }))
  const users = await expectStatements(log, 1, () =>
    Promise.all([3, 1, 2].map((id) => prisma.user.findUnique({ where: { id } }))),
  )
  expect(users.map((user) => user?.id)).toEqual([3, 1, 2])
})

describe('a schema that changes under a running process', () => {
  let changing: TestDatabase<PrismaClient>
  beforeEach(async () => {
    changing = await createDatabase('postgresql')
    await changing
      .createClient()
      .tag.createMany({ data: Array.from({ length: 9 }, (_, index) => ({ name: `${index}` })) })
  })
  afterEach(() => changing.drop())

  test.each([
    ['a column of another type', 'ALTER TABLE "Tag" ALTER name TYPE int USING name::int'],
    ['a column of another type that reads as well', 'ALTER TABLE "Tag" ALTER name TYPE varchar(9)'],
    ['a column that is gone', 'ALTER TABLE "Tag" DROP name'],
    ['a column that came back', 'ALTER TABLE "Tag" DROP name, ADD name text; UPDATE "Tag" SET name = id'],
    ['a column that came back with NULLs', 'ALTER TABLE "Tag" DROP name, ADD name text'],
    [
      'a table that is another',
      'ALTER TABLE "Tag" RENAME TO old; CREATE TABLE "Tag" AS SELECT id::bigint, name FROM old',
    ],
    ['a table that is gone', 'DROP TABLE "Tag" CASCADE'],
  ])('RP4 %s gives Prisma’s answer or error', async (_, sql) => {
    const prisma = mounted(changing.createClient())
    const calls = [
      (client: PrismaClient) => client.tag.findMany({ orderBy: { id: 'asc' } }),
      (client: PrismaClient) => client.tag.findUnique({ where: { id: 3 } }),
      (client: PrismaClient) => client.tag.findFirst({ where: { name: '3' } }),
      (client: PrismaClient) =>
        client.tag.findMany({ where: { id: { in: [1, 2, 3] } }, select: { id: true } }),
    ]
    for (const call of calls) await learn(() => call(prisma))
    const client = changing.createClient()
    for (const each of sql.split('; ')) await client.$executeRawUnsafe(each)
    for (let again = 0; again < 12; again++)
      for (const call of calls) expect(await look(() => call(prisma))).toBe(await look(() => call(client)))
  })
})

test('RP5 a connection that is lost fails as in Prisma, and the next call is answered', async () => {
  const options = { connections: 1 }
  const clients = [
    database.createClient({ adapter: database.adapter(options) }),
    mounted(database.createClient({ adapter: database.adapter(options) })),
  ]
  const failures: string[] = []
  for (const client of clients) {
    const ask = () =>
      client.$transaction(async (tx) => {
        const [{ pid }] = await tx.$queryRaw<[{ pid: number }]>`SELECT pg_backend_pid() AS pid`
        await learn((id) => tx.user.findFirst({ where: { id } }))
        await plain.$queryRaw`SELECT pg_terminate_backend(${pid})::text`
        failures.push(await look(() => tx.user.findFirst({ where: { id: 3 } })))
      })
    failures.push(await look(ask))
    await expect(client.user.findFirst({ where: { id: 3 } })).resolves.toMatchObject({ id: 3 })
  }
  // Which failure it is depends on who notices the lost connection first, in plain Prisma too.
  for (const failure of failures) expect(failure).toMatch(/^failed/)
})

test('RP6 a transaction is read in, seen as it stands, and closed to what comes later', async () => {
  const { prisma, log } = recorded()
  await learn((id) => prisma.user.findUnique({ where: { id } }))
  let late: PrismaClient | undefined
  log.clear()
  const before = replayedBy(prisma)
  await prisma.$transaction(async (tx) => {
    late = tx as PrismaClient
    await tx.user.update({ where: { id: 5 }, data: { name: 'Eve' } })
    expect(await tx.user.findUnique({ where: { id: 5 } })).toMatchObject({ name: 'Eve' })
    expect(await plain.user.findUnique({ where: { id: 5 } })).toMatchObject({ name: 'Ada' })
  })
  expect(replayedBy(prisma)).toBe(before + 1)
  const failure = await look(() => late!.user.findUnique({ where: { id: 5 } }))
  expect(failure).toContain('P2028')
  await plain.user.update({ where: { id: 5 }, data: { name: 'Ada' } })
})

test('RP7 a client that disconnects, and connects again, is answered', async () => {
  const client = database.createClient()
  const prisma = mounted(client)
  const ask = (id: number) => prisma.user.findUnique({ where: { id } })
  await learn(ask)
  await prisma.$disconnect()
  expect(await ask(2)).toMatchObject({ id: 2 })
  await learn(ask)
  const [answers] = await Promise.all([Promise.allSettled([1, 2, 3].map(ask)), prisma.$disconnect()])
  for (const { status } of answers) expect(status).toBe('fulfilled')
})

test.each([
  ['listens to queries', { log: [{ emit: 'event', level: 'query' }] }, {}],
  ['comments its statements', { comments: [() => ({ by: 'test' })] }, {}],
  ['is told not to', {}, { replay: false }],
  ['was given a schema', {}, { schema: readFileSync('prisma/schema.prisma', 'utf8') }],
])('RP8 a client that %s is left to Prisma', async (_, options, mountOptions) => {
  const client = database.createClient(options)
  let heard = 0
  if ('log' in options)
    (client as unknown as { $on(name: string, heard: () => void): void }).$on('query', () => heard++)
  const prisma = mounted(client, mountOptions)
  for (let id = 1; id < 10; id++) await prisma.user.findUnique({ where: { id } })
  expect(replayedBy(prisma)).toBe(0)
  if ('log' in options) expect(heard).toBe(9)
})

test('RP9 an answer that differs is Prisma’s, is told once, and ends replay for the shape', async () => {
  const warnings = hearWarnings()
  let isFickle = false
  const adapter = fickle(database.adapter(), () => isFickle)
  const client = database.createClient({ adapter })
  Replay.of(hostOf(client), 3)
  const prisma = mounted(client)
  const ask = (id: number) => prisma.user.findUnique({ where: { id }, select: { name: true } })
  await learn(ask)
  isFickle = true
  for (let id = 1; id < 12; id++) expect(await ask(id)).toHaveProperty('name')
  const replayed = replayedBy(prisma)
  await ask(20)
  warnings.stop()
  expect(warnings.codes).toEqual(['W_REPLAY_DIFFERS'])
  expect(replayedBy(prisma)).toBe(replayed)
})

/** An adapter whose values are others each time they are looked at. */
function fickle(factory: SqlDriverAdapterFactory, isOn: () => boolean): SqlDriverAdapterFactory {
  let looks = 0
  const change = (row: unknown[]): unknown[] =>
    new Proxy(row, {
      get: (target, key) =>
        typeof Reflect.get(target, key) === 'string' ? `look ${looks++}` : Reflect.get(target, key),
    })
  return {
    ...factory,
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => {
      const adapter = await factory.connect()
      const queryRaw = adapter.queryRaw.bind(adapter)
      adapter.queryRaw = async (query) => {
        const answer = await queryRaw(query)
        return isOn() ? { ...answer, rows: answer.rows.map(change) } : answer
      }
      return adapter
    },
  }
}

test('RP10 no more shapes are kept than 500', async () => {
  const { prisma } = recorded()
  const fields = ['id', 'email', 'name', 'role', 'balance', 'createdAt', 'deletedAt', 'tutorId'] as const
  for (let mask = 1; mask < 256; mask++) {
    const select = Object.fromEntries(
      fields.filter((_, bit) => (mask & (1 << bit)) !== 0).map((name) => [name, true]),
    )
    for (const take of [0, 1]) await prisma.user.findMany({ select, take })
    for (let again = 0; again < 3; again++) await prisma.user.findMany({ select, orderBy: { id: 'asc' } })
  }
  expect(Replay.of(hostOf(prisma))!.statistics.shapes).toBeLessThanOrEqual(500)
})

test('RP11 statements belong to the calls that sent them', async () => {
  const client = database.createClient()
  const prisma = mounted(client)
  await learn((id) => prisma.user.findUnique({ where: { id } }))
  const users = await Promise.all(
    Array.from({ length: 50 }, async (_, index) => {
      await new Promise((resolve) => setTimeout(resolve, index % 7))
      return prisma.user.findUnique({ where: { id: index + 1 } })
    }),
  )
  expect(users.map((user) => user?.id)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
})

test('RP12 calls of one tick in a transaction overlap no more than in Prisma, and are replayed when alone', async () => {
  const reads = (tx: Pick<PrismaClient, 'user'>, id: number) => [
    () => tx.user.findUnique({ where: { id } }),
    () => tx.user.findFirst({ where: { id }, select: { name: true } }),
    () => tx.user.findMany({ where: { id: { in: [id, id + 1] } }, select: { id: true } }),
  ]
  const overlapsOf = async (isReplayed: boolean): Promise<[overlaps: number, replayed: number]> => {
    let overlaps = 0
    const { client, log } = database.createRecordedClient({
      before: async ({ transaction }) => {
        const running = log.statements.filter((each) => each.transaction === transaction && each.rows === -1)
        if (transaction > 0 && running.length > 1) overlaps++
        await new Promise((resolve) => setTimeout(resolve, 3))
      },
    })
    const prisma = isReplayed ? mounted(client) : client
    for (let id = 1; id < 7; id++) for (const read of reads(prisma, id)) await read()
    const before = isReplayed ? replayedBy(prisma) : 0
    await prisma.$transaction(
      async (tx) => {
        await tx.user.count()
        await Promise.all(reads(tx, 3).map((read) => read()))
        const [, first, many] = reads(tx, 4)
        await Promise.all([first!(), many!()])
        await Promise.all([first!(), tx.user.count()])
        await Promise.all([many!(), tx.$queryRaw`SELECT 1`])
        await Promise.all([first!(), tx.user.update({ where: { id: 4 }, data: { name: 'Ada' } })])
        for (const read of reads(tx, 5)) await read()
      },
      { timeout: 20_000 },
    )
    return [overlaps, isReplayed ? replayedBy(prisma) - before : 0]
  }
  const [theirs] = await overlapsOf(false)
  const [ours, replayed] = await overlapsOf(true)
  expect(ours).toBeLessThanOrEqual(theirs)
  expect(replayed).toBe(3)
})

/** The same program on plain Prisma and with replay, whose shapes are known: what it gives must be equal. */
async function onBoth<T>(
  program: (client: PrismaClient, log: StatementLog) => Promise<T>,
  options: ClientOptions = {},
): Promise<[theirs: T, ours: T]> {
  const results: T[] = []
  for (const isReplayed of [false, true]) {
    const { client, log } = database.createRecordedClient(options)
    const prisma = isReplayed ? mounted(client) : client
    await prisma.user.updateMany({ where: { id: { in: [1, 2, 3] } }, data: { name: 'Ada' } })
    for (let id = 1; id < 8; id++) {
      await prisma.user.findMany({ where: { id }, select: { name: true } })
      await prisma.user.findFirst({ where: { id }, select: { name: true } })
      await prisma.user.findUnique({ where: { id }, select: { name: true } })
      await prisma.user.findMany({ where: { id: { in: [id, id + 1] } }, select: { id: true } })
    }
    log.clear()
    results.push(await program(prisma, log))
  }
  return results as [T, T]
}

const kinds = ['findMany', 'findFirst', 'findUnique'] as const
const namesOf = (client: Pick<PrismaClient, 'user'>, kind: (typeof kinds)[number], id: number) =>
  (client.user[kind] as PrismaClient['user']['findFirst'])({ where: { id }, select: { name: true } })

describe('calls of one tick', () => {
  test.each(kinds)('RP13 a %s beside a write of a transaction sees what it sees in Prisma', async (kind) => {
    const [theirs, ours] = await onBoth((client) =>
      client.$transaction(async (tx) => {
        await tx.user.count()
        const write = (name: string) =>
          tx.user.update({ where: { id: 1 }, data: { name }, select: { id: true } })
        return [
          await Promise.all([write('one'), namesOf(tx, kind, 1)]),
          await Promise.all([namesOf(tx, kind, 1), write('two')]),
          await Promise.all([
            tx.$executeRaw`UPDATE "User" SET name = 'three' WHERE id = 1`,
            namesOf(tx, kind, 1),
          ]),
          await Promise.all([
            namesOf(tx, kind, 1),
            tx.user.deleteMany({ where: { name: 'nobody' } }),
            namesOf(tx, kind, 2),
          ]),
        ]
      }),
    )
    expect(ours).toEqual(theirs)
  })

  test.each(kinds)('RP13 a %s beside a write on one connection sees what it sees in Prisma', async (kind) => {
    const [theirs, ours] = await onBoth(
      async (client) => {
        const write = (name: string) => {
          const written = client.user.update({ where: { id: 1 }, data: { name }, select: { id: true } })
          return written
        }
        return [
          await Promise.all([write('one'), namesOf(client, kind, 1)]),
          await Promise.all([namesOf(client, kind, 1), write('two'), namesOf(client, kind, 1)]),
          await Promise.all([
            client.$executeRaw`UPDATE "User" SET name = 'three' WHERE id = 1`,
            namesOf(client, kind, 1),
          ]),
        ]
      },
      { adapter: database.adapter({ connections: 1 }) },
    )
    expect(ours).toEqual(theirs)
  })

  test('RP13 a read that is waited for within a transaction has the connection when it has it in Prisma', async () => {
    const [theirs, ours] = await onBoth(
      (client) => {
        const read = client.user.findMany({ where: { id: 2 }, select: { name: true } }).then((rows) => rows)
        return look(() => client.$transaction(async () => read, { timeout: 300 }))
      },
      { adapter: database.adapter({ connections: 1 }) },
    )
    expect(ours.slice(0, 60)).toEqual(theirs.slice(0, 60))
  })

  test.each(kinds)('RP13 a %s that is pending when its transaction ends fails as in Prisma', async (kind) => {
    const [theirs, ours] = await onBoth(async (client) => {
      let pending: Promise<string> | undefined
      await client.$transaction(async (tx) => {
        await tx.user.count()
        pending = namesOf(tx, kind, 2).then(
          () => 'answered',
          (error: { code?: string }) => String(error.code),
        )
      })
      return pending
    })
    expect(ours).toBe(theirs)
  })

  test('RP3 unique reads of one model are sent as Prisma sends them, whatever their values', async () => {
    const [theirs, ours] = await onBoth(async (client, log) => {
      const ask = (id: number, tutorId: number | null) => client.user.findUnique({ where: { id, tutorId } })
      for (let again = 0; again < 6; again++) {
        await ask(1, null)
        await ask(2, 1)
      }
      log.clear()
      await Promise.all([ask(1, null), ask(2, 1)])
      return log.statements.length
    })
    expect(ours).toBe(theirs)
  })
})

describe('lists that are longer than a statement may be', () => {
  const long = (count: number) =>
    Array.from({ length: count }, (_, index) => (index === count - 1 ? 1 : index + 1))

  test.each([
    [
      'in',
      (client: Pick<PrismaClient, 'user'>) =>
        client.user.findMany({ where: { id: { in: long(40_000) } }, select: { id: true } }),
    ],
    [
      'notIn',
      (client: Pick<PrismaClient, 'user'>) =>
        client.user.findMany({ where: { id: { notIn: long(40_000) } }, select: { id: true } }),
    ],
    [
      'in, with a limit',
      (client: Pick<PrismaClient, 'user'>) =>
        client.user.findMany({
          where: { id: { in: long(40_000) } },
          select: { id: true },
          orderBy: { id: 'asc' },
          take: 3,
        }),
    ],
  ])('RP14 %s: as in Prisma, with as many statements, in transactions too', async (_, ask) => {
    const [theirs, ours] = await onBoth(async (client, log) => {
      const answers = [await look(() => ask(client))]
      answers.push(await look(() => client.$transaction((tx) => look(() => ask(tx)), { timeout: 60_000 })))
      return [
        ...answers.map((answer) => answer.slice(0, 300).replaceAll(/replay\.test\.ts:\d+:\d+/g, 'place')),
        log.statements.length,
        log.transactions.length,
      ]
    })
    expect(ours).toEqual(theirs)
  })
})

test('RP15 whoever stands before the driver may change its query', async () => {
  const factory = database.adapter()
  let statements = 0
  const editing = {
    provider: factory.provider,
    adapterName: factory.adapterName,
    connect: async () => {
      const adapter = await factory.connect()
      const queryRaw = adapter.queryRaw.bind(adapter)
      adapter.queryRaw = async (query) => {
        statements++
        ;(query as { sql: string }).sql = `/* trace */ ${query.sql}`
        query.args.reverse().reverse()
        return queryRaw(query)
      }
      return adapter
    },
  }
  const warnings = hearWarnings()
  const client = database.createClient({ adapter: editing })
  Replay.of(hostOf(client), 5)
  const prisma = mounted(client)
  for (let id = 1; id < 30; id++) await look(() => prisma.user.findFirstOrThrow({ where: { id: id * 3 } }))
  warnings.stop()
  expect(statements).toBe(29)
  expect(warnings.codes).toEqual([])
  expect(replayedBy(prisma)).toBeGreaterThan(8)
})

test('RP16 names of arguments are never taken for others', async () => {
  const prisma = mounted(database.createClient())
  await learn(() => prisma.user.findMany({ orderBy: [{ name: 'asc' }, { id: 'desc' }], take: 1 }))
  const forged = { orderBy: [{ 'name:"asc"}{id': 'desc' }], take: 1 } as never
  expect(await look(() => prisma.user.findMany(forged))).toContain('PrismaClientValidationError')
})

test('RP17 reads are answered while a test has faked the end of the tick', async () => {
  // Other drivers wait for it themselves.
  const file = await createDatabase('sqlite')
  const prisma = mounted(file.createClient())
  const ask = () => prisma.tag.findMany({ where: { id: 1 }, select: { id: true } })
  await file.createClient().tag.create({ data: { id: 1, name: 'a' } })
  await learn(ask)
  jest.useFakeTimers()
  try {
    expect(await ask()).toEqual([{ id: 1 }])
  } finally {
    jest.useRealTimers()
    await file.drop()
  }
})

test('RP18 through PgBouncer in transaction mode, and after DISCARD ALL and restarts, reads are those of Prisma', async () => {
  const pooler = await startPgBouncer(database.url)
  try {
    const adapter = () => new PrismaPg({ connectionString: pooler.url, max: 4 })
    const theirs = database.createClient({ adapter: adapter() })
    const ours = mounted(database.createClient({ adapter: adapter() }))
    const reads = [
      (client: PrismaClient, id: number) => client.user.findUnique({ where: { id } }),
      (client: PrismaClient, id: number) =>
        client.user.findMany({ where: { id: { in: [id, id + 1] } }, orderBy: { id: 'asc' } }),
      (client: PrismaClient, id: number) =>
        client.$transaction(async (tx) => [
          await tx.user.count(),
          await tx.user.findFirst({ where: { id } }),
        ]),
    ]
    const compare = async (from: number) => {
      for (let id = from; id < from + 6; id++)
        for (const read of reads)
          expect(await look(() => read(ours, id))).toBe(await look(() => read(theirs, id)))
    }
    await compare(1)
    await ours.$executeRawUnsafe('DISCARD ALL')
    await compare(10)
    // A failover cuts every connection of the server.
    await plain.$queryRaw`SELECT count(pg_terminate_backend(pid))::int FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()`
    for (const client of [ours, theirs]) await look(() => client.user.findFirst())
    for (const client of [ours, theirs]) await look(() => client.user.findFirst())
    await compare(20)
    expect(replayedBy(ours)).toBeGreaterThan(20)
    await Promise.all([ours.$disconnect(), theirs.$disconnect()])
  } finally {
    await pooler.kill()
  }
})

test('RP19 the one statement of calls that batching merges goes past Prisma, however many they are', async () => {
  const client = database.createClient()
  const prisma = client.$extends(batching()) as unknown as PrismaClient
  const ask = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) => prisma.user.findUnique({ where: { id: index + 1 } })),
    )
  for (const count of [3, 5, 4, 7, 6]) await ask(count)
  const before = replayedBy(client)
  const users = await ask(40)
  expect(users).toEqual(await plain.user.findMany({ where: { id: { lte: 40 } }, orderBy: { id: 'asc' } }))
  expect(replayedBy(client)).toBe(before + 1)
})
