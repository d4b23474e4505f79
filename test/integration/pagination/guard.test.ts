import { pagination } from '@prisma-brisk/pagination'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { generateClient } from '../../support/generated-client.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { seedLearning } from './support/learning-data.ts'

/**
 * The guard oracle: a list without `take` is what plain Prisma gives, or an error where it is longer than it may be, and no
 * statement of it has another order, another filter or more rows than plain Prisma's.
 */

type Reads = Record<string, Record<string, (args: object) => Promise<Record<string, unknown>[]>>>

const fields = {
  user: ['id', 'email', 'name', 'tutorId'],
  message: ['id', 'role', 'authorId'],
  tag: ['id', 'name'],
}
const lists = { user: ['students', 'messages'], message: ['replies'], tag: ['conversations'] }
const orders = [undefined, [], {}, [{}], { id: undefined }] as const

/** Ids of which a few are there: more than a statement may bind now and then. */
function idsOf(random: Random): number[] {
  const many = random.chance(0.2)
  return Array.from({ length: many ? 1500 : random.int(0, 30) }, (_, index) =>
    many ? index + 1 : random.int(1, 60),
  )
}

function whereOf(random: Random): object | undefined {
  return random.pick<() => object | undefined>([
    () => undefined,
    () => ({}),
    () => ({ id: { in: idsOf(random) } }),
    () => ({ id: { in: idsOf(random) }, NOT: { id: 3 } }),
    () => ({ id: { gt: random.int(0, 90) } }),
  ])()
}

function listArgs(random: Random, name: keyof typeof fields): Record<string, unknown> {
  const orderBy = random.chance(0.6)
    ? random.pick<unknown>([...orders])
    : random
        .sample(fields[name], random.int(1, 2))
        .map((field) => ({ [field]: random.pick(['asc', 'desc']) }))
  return {
    ...(random.chance(0.8) ? { where: whereOf(random) } : {}),
    ...(orderBy === undefined ? {} : { orderBy }),
    ...(random.chance(0.2) ? { select: { id: true } } : {}),
  }
}

const byId = (rows: Record<string, unknown>[]) =>
  [...rows].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)))

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let plain: Reads
  beforeAll(async () => {
    database = await createDatabase(provider)
    const client = database.createClient({ adapter: database.adapter({ connections: 2 }) })
    await seedLearning(client)
    plain = client as unknown as Reads
  })
  afterAll(() => database.drop())

  const guarded = (maxLimit: number) => {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    return { prisma: client.$extends(pagination({ maxLimit })) as unknown as PrismaClient, log }
  }

  test('KF2 KR13 KR35 a guarded list is the whole list, in statements with a LIMIT and no order of their own', async () => {
    const maxLimit = 40
    const { prisma, log } = guarded(maxLimit)
    await prisma.user.count()
    await forSeeds(30, async (random) => {
      const name = random.pick(['user', 'message', 'tag'] as const)
      const args = listArgs(random, name)
      if (random.chance(0.3) && args['select'] === undefined)
        args['include'] = { [random.pick(lists[name])]: { take: 2, orderBy: { id: 'asc' } } }
      const outcome = (client: unknown) =>
        (client as Reads)[name]?.['findMany']?.(args).catch((error: { code: string }) => error.code)
      const expected = await outcome(plain)
      log.clear()
      const found = await outcome(prisma)
      const context = `${name} ${JSON.stringify(args).slice(0, 300)}\n${log.sql().join('\n').slice(0, 2000)}`
      const isLong = Array.isArray(expected) && expected.length > maxLimit
      expect({ context, found: Array.isArray(found) ? byId(found) : found }).toEqual({
        context,
        found: isLong ? 'E_UNBOUNDED_READ' : Array.isArray(expected) ? byId(expected) : expected,
      })
      const own = log.statements.filter((_, index) => index === 0)
      expect({ context, rows: own.every(({ rows }) => rows <= maxLimit + 1) }).toEqual({
        context,
        rows: true,
      })
      if (orders.some((order) => JSON.stringify(order) === JSON.stringify(args['orderBy'])))
        expect({ context, isOrdered: / ORDER BY /.test(log.sql()[0] ?? '') }).toEqual({
          context,
          isOrdered: false,
        })
    })
  })

  test('KR14 KF3 a groupBy has a limit whatever its order is called, and is refused as plain Prisma refuses it', async () => {
    const { prisma } = guarded(100)
    const groups = (client: unknown, args: object) => (client as Reads)['message']?.['groupBy']?.(args)
    for (const orderBy of orders)
      for (const by of ['role', ['role'], ['authorId', 'role']]) {
        const args = { by, _count: true, ...(orderBy === undefined ? {} : { orderBy }) }
        const expected = await groups(plain, args)
        expect(byId((await groups(prisma, args)) ?? [])).toEqual(byId(expected ?? []))
      }
    for (const orderBy of orders) {
      const args = { by: ['role'], skip: 1, ...(orderBy === undefined ? {} : { orderBy }) }
      const outcome = (client: unknown) =>
        groups(client, args)?.then(
          () => 'answered',
          (error: { code?: string; name: string }) => error.code ?? error.name,
        )
      expect([orderBy, await outcome(prisma)]).toEqual([orderBy, await outcome(plain)])
    }
    await expect(groups(guarded(1).prisma, { by: ['role'], orderBy: [{}] })).rejects.toMatchObject({
      code: 'E_UNBOUNDED_READ',
    })
  })

  test("KP16 'allow' leaves calls as they are, findFirst with distinct and deep skips among them", async () => {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    const { client: bare, log: bareLog } = database.createRecordedClient({
      adapter: database.adapter({ connections: 2 }),
    })
    const free = client.$extends(pagination({ onMissing: 'allow', onExceeded: 'allow' })) as unknown as Reads
    for (const [operation, args] of [
      ['findFirst', { distinct: ['balance'] }],
      ['findFirst', { distinct: ['role'], orderBy: { name: 'asc' } }],
      ['findMany', { distinct: ['role'] }],
      ['findMany', { skip: 20_000 }],
      ['findMany', { skip: 20_000, take: 100_000 }],
      ['findMany', { where: { id: { in: [1, 2, 3] } }, include: { students: true } }],
    ] as const) {
      log.clear()
      bareLog.clear()
      expect(await free['user']?.[operation]?.(args)).toEqual(
        await (bare as unknown as Reads)['user']?.[operation]?.(args),
      )
      expect(log.sql()).toEqual(bareLog.sql())
    }
  })

  test('KF4 a validation message shows the arguments as the caller wrote them, at every depth', async () => {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    const mounts = [pagination({ maxLimit: 40 }), pagination({ defaultLimit: 5 })]
    const nope = { where: { nope: 1 } }
    const lists = { include: { messages: true, students: { take: 2, include: { messages: true } } } }
    const calls: [string, string, object][] = [
      ['user', 'findMany', nope],
      ['user', 'findMany', { ...nope, ...lists }],
      ['user', 'findMany', { include: { messages: nope } }],
      ['user', 'findMany', { include: { students: { include: { messages: nope } } } }],
      ['user', 'findMany', { distinct: ['name'], take: 3, ...nope }],
      ['user', 'findMany', { distinct: ['name', 'nope'] }],
      ['user', 'findMany', { distinct: 'nope', take: 3, ...lists }],
      ['user', 'findFirst', { distinct: ['messages'] }],
      ['user', 'findMany', { include: { messages: { distinct: ['nope'] } } }],
      ['user', 'findUnique', { where: { id: 1 }, include: { messages: { distinct: ['nope'], take: 2 } } }],
      ['user', 'findFirst', { ...nope, ...lists }],
      ['user', 'findUnique', { where: { id: 1, nope: 1 }, ...lists }],
      ['user', 'update', { where: { id: 1 }, data: { nope: 1 }, ...lists }],
      ['user', 'create', { data: { nope: 1 }, ...lists }],
      ['user', 'groupBy', { by: ['name'], ...nope }],
    ]
    const message = (on: unknown, [model, operation, args]: [string, string, object]) =>
      (on as Record<string, Record<string, (args: object) => Promise<unknown>>>)[model]![operation]!(
        args,
      ).then(
        () => 'no error',
        (error: Error) => `${error.name} ${error.message.replace(/^[^{]*/s, '')}`,
      )
    const before = await plain['user']!['findMany']!({ orderBy: { id: 'asc' } })
    for (const mount of mounts) {
      const prisma = client.$extends(mount) as unknown as PrismaClient
      await prisma.user.findMany({ take: 1, include: { messages: { take: 1 } } })
      log.clear()
      for (const call of calls) {
        const expected = await message(plain, call)
        expect([call, await message(prisma, call)]).toEqual([call, expected])
        expect([call, await prisma.$transaction((tx) => message(tx, call))]).toEqual([call, expected])
      }
      expect(log.statements).toEqual([])
    }
    expect(await plain['user']!['findMany']!({ orderBy: { id: 'asc' } })).toEqual(before)
  })

  test('KR25 a page is plain data', async () => {
    const { prisma } = guarded(40)
    const page = await (
      prisma as unknown as { user: { cursorPage(args: object): Promise<object> } }
    ).user.cursorPage({ first: 2, select: { id: true } })
    expect(Reflect.ownKeys(page)).toEqual(['items', 'pageInfo'])
    expect(Object.getPrototypeOf(page)).toBe(Object.prototype)
    expect(structuredClone(page)).toEqual(page)
  })
})

describe.each<Provider>(['postgresql', 'sqlite'])('on %s, lists that a write of many returns', (provider) => {
  let database: TestDatabase<PrismaClient>
  let plain: PrismaClient
  beforeAll(async () => {
    database = await createDatabase(provider)
    plain = database.createClient({ adapter: database.adapter({ connections: 2 }) })
    await seedLearning(plain)
  })
  afterAll(() => database.drop())

  const withStudents = (students: object | true) => ({ author: { include: { students } } }) as const
  const data = (id: number) => [
    { id, conversationId: 'c1', authorId: 1, role: 'USER' as const, body: 'many' },
    { id: id + 1, conversationId: 'c1', authorId: 2, role: 'USER' as const, body: 'many' },
  ]

  test.each([
    ['createManyAndReturn', 1000],
    ['updateManyAndReturn', 2000],
  ] as const)('KP5 are limited: %s', async (operation, id) => {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    const limited = client.$extends(pagination({ maxLimit: 10, nested: { maxLimit: 1, maxDepth: 1 } }))
    const run = (on: unknown, include: object, first: number = id): Promise<unknown> => {
      const model = (on as { message: Record<string, (args: object) => Promise<unknown>> }).message
      return operation === 'createManyAndReturn'
        ? (model[operation] as (args: object) => Promise<unknown>)({ data: data(first), include })
        : (model[operation] as (args: object) => Promise<unknown>)({
            where: { id: { in: [first, first + 1] } },
            data: { body: `changed ${first}` },
            include,
            limit: 2,
          })
    }
    if (operation === 'updateManyAndReturn')
      for (const first of [id, id + 10]) await plain.message.createMany({ data: data(first) })
    const all = () => plain.message.findMany({ orderBy: { id: 'asc' } })
    const before = await all()
    const code = (promise: Promise<unknown>) =>
      promise.then(
        () => 'no error',
        (error: { code: string }) => error.code,
      )
    expect(await code(run(limited, withStudents({ take: 2 })))).toBe('E_LIMIT_EXCEEDED')
    expect(await code(run(limited, withStudents({ take: 1, include: { messages: { take: 1 } } })))).toBe(
      'E_COST_EXCEEDED',
    )
    expect(await code(run(limited, withStudents(true)))).toBe('E_UNBOUNDED_READ')
    expect(await all()).toEqual(before)
    log.clear()
    const rows = (await run(limited, withStudents({ take: 1 }), id + 10)) as {
      author: { students: object[] }
    }[]
    expect(rows.map(({ author }) => author.students.length)).toEqual([1, 1])
    expect(Math.max(...log.statements.map((each) => each.rows))).toBeLessThanOrEqual(2)
  })
})

test('KF1 a view without a unique field is read, bounded, in pages and in transactions', async () => {
  const database = await createDatabase('postgresql')
  const models = [
    'model User {',
    '  id Int @id',
    '  email String @unique',
    '}',
    'view UserInfo {',
    '  id Int',
    '  email String',
    '}',
  ].join('\n')
  const { module, remove } = await generateClient(models, 'postgresql', ['views'])
  try {
    const filling = database.createClient({ adapter: database.adapter({ connections: 1 }) })
    await seedLearning(filling)
    await filling.$executeRawUnsafe('CREATE VIEW "UserInfo" AS SELECT id, email FROM "User"')
    const { PrismaClient: Client } = module as { PrismaClient: new (options: object) => PrismaClient }
    const base = new Client({ adapter: database.adapter({ connections: 2 }) })
    const view = (client: unknown) =>
      (client as { userInfo: { findMany(args?: object): Promise<{ id: number }[]> } }).userInfo
    const all = await view(base).findMany()
    for (const maxLimit of [all.length, all.length - 1]) {
      const prisma = base.$extends(pagination({ maxLimit }))
      const outcome = (promise: Promise<unknown[]>) =>
        promise.then(
          (rows) => rows.length,
          (error: { code?: string }) => error.code,
        )
      const expected = maxLimit === all.length ? all.length : 'E_UNBOUNDED_READ'
      expect(await outcome(view(prisma).findMany())).toBe(expected)
      expect(await outcome(view(prisma).findMany({ where: { id: { gt: 0 } } }))).toBe(expected)
      expect(
        await outcome(
          prisma.$transaction([view(prisma).findMany() as never]).then(([rows]) => rows as unknown[]),
        ),
      ).toBe(expected)
    }
    await base.$disconnect()
  } finally {
    remove()
    await database.drop()
  }
})
