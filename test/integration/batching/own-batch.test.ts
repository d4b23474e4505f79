import { batching } from '@prisma-brisk/batching'
import { cache } from '@prisma-brisk/cache'
import { brisk } from 'prisma-brisk'
import type { PrismaClient as KeyTypesClient } from '../../../prisma/generated/key-types-postgresql/client.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { expectStatements } from '../../support/statements.ts'

/** What batching does not merge by itself, it leaves to Prisma's own batch, which makes one statement of it. */
const nothing = { result: {} } as unknown as typeof label
const label = {
  result: {
    user: { label: { needs: { name: true }, compute: ({ name }: { name: string }) => `<${name}>` } },
  },
}

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])(
  "findUnique beside Prisma's own batch on %s",
  (provider) => {
    let database: TestDatabase<PrismaClient>
    const numbers = Array.from({ length: 6 }, (_, index) => index + 1)

    beforeAll(async () => {
      database = await createDatabase(provider)
      const plain = database.createClient()
      await plain.user.createMany({
        data: numbers.map((id) => ({
          id,
          email: `Zoë${id}@example.org`,
          name: `User ${id}`,
          tutorId: id === 1 ? null : 1,
        })),
      })
      await plain.workshop.createMany({ data: numbers.map((id) => ({ id, title: 'w', ownerId: 1 })) })
      await plain.workshopMember.createMany({
        data: numbers.flatMap((id) =>
          [1, 2].map((workshopId) => ({ workshopId, userId: id, role: `role ${id}` })),
        ),
      })
    })
    afterAll(() => database.drop())

    /** The catalog is read before statements are counted. */
    const open = async (extension: typeof label) => {
      const { client, log } = database.createRecordedClient({
        errorFormat: 'minimal',
        adapter: database.adapter({ connections: 3 }),
      })
      const plain = client.$extends(extension)
      const prisma = plain.$extends(batching())
      await Promise.all([1, 2].map((id) => prisma.user.findUnique({ where: { email: `${id}` } })))
      return { plain, prisma, log }
    }
    const opened = new Map<object, ReturnType<typeof open>>()
    const clients = async (extension: typeof label) => {
      if (!opened.has(extension)) opened.set(extension, open(extension))
      const { plain, prisma, log } = await (opened.get(extension) as ReturnType<typeof open>)
      log.clear()
      return { plain, prisma, log }
    }

    test('KF5 equal selections in another order are one statement, and each caller gets its own order', async () => {
      const { prisma, log } = await clients(nothing)
      const [one, two, three] = await expectStatements(log, 2, () =>
        Promise.all([
          prisma.user.findUnique({
            where: { id: 2 },
            select: { id: true, tutor: { select: { name: true, id: true } }, name: true },
          }),
          prisma.user.findUnique({
            where: { id: 3 },
            select: { name: true, tutor: { select: { id: true, name: true } }, id: true },
          }),
          prisma.user.findUnique({
            where: { id: 2 },
            select: { tutor: { select: { id: true, name: true } }, id: true, name: true },
          }),
        ]),
      )
      expect([one, two, three].map((row) => JSON.stringify(row))).toEqual([
        '{"id":2,"tutor":{"name":"User 1","id":1},"name":"User 2"}',
        '{"name":"User 3","tutor":{"id":1,"name":"User 1"},"id":3}',
        '{"tutor":{"id":1,"name":"User 1"},"id":2,"name":"User 2"}',
      ])
    })

    test('KF5 the same for includes, omissions, lists, equal calls and conditions', async () => {
      const { prisma, log } = await clients(nothing)
      const included = await expectStatements(log, 3, () =>
        Promise.all([
          prisma.user.findUnique({
            where: { id: 2 },
            include: { tutor: true, profile: true },
            omit: { email: true, name: true },
          }),
          prisma.user.findUnique({
            where: { id: 3 },
            include: { profile: true, tutor: true },
            omit: { name: true, email: true },
          }),
        ]),
      )
      expect(included.map((row) => Object.keys(row as object).slice(-2))).toEqual([
        ['tutor', 'profile'],
        ['profile', 'tutor'],
      ])
      const lists = await expectStatements(log, 1, () =>
        Promise.all([
          prisma.user.findMany({ where: { tutorId: 1, role: 'STUDENT' }, select: { id: true, name: true } }),
          prisma.user.findMany({ where: { role: 'STUDENT', tutorId: 2 }, select: { name: true, id: true } }),
          prisma.user.findMany({ where: { role: 'STUDENT', tutorId: 1 }, select: { name: true, id: true } }),
        ]),
      )
      expect([lists[0]?.[0], lists[2]?.[0]].map((row) => Object.keys(row as object))).toEqual([
        ['id', 'name'],
        ['name', 'id'],
      ])
      const equal = await expectStatements(log, 1, () =>
        Promise.all([
          prisma.user.findMany({ where: { id: { gt: 4 } }, select: { id: true, name: true } }),
          prisma.user.findMany({ where: { id: { gt: 4 } }, select: { name: true, id: true } }),
        ]),
      )
      expect(equal.map(([row]) => JSON.stringify(row))).toEqual([
        '{"id":5,"name":"User 5"}',
        '{"name":"User 5","id":5}',
      ])
    })

    test('KF5 an order of rows in another order is another statement', async () => {
      const { prisma } = await clients(nothing)
      const [one, two] = await Promise.all([
        prisma.user.findMany({ where: { tutorId: 1 }, orderBy: [{ role: 'asc' }, { id: 'desc' }] }),
        prisma.user.findMany({ where: { tutorId: 1 }, orderBy: [{ id: 'asc' }, { role: 'asc' }] }),
      ])
      expect([one, two].map((rows) => rows.map(({ id }) => id))).toEqual([
        [6, 5, 4, 3, 2],
        [2, 3, 4, 5, 6],
      ])
    })

    test('KF5 counts and sums have the order of their own call', async () => {
      const { prisma } = await clients(nothing)
      const sums = await Promise.all([
        prisma.user.aggregate({ where: { tutorId: 1 }, _max: { id: true, name: true }, _count: true }),
        prisma.user.aggregate({ where: { tutorId: 2 }, _count: true, _max: { name: true, id: true } }),
        prisma.user.aggregate({ where: { tutorId: 3 }, _count: true, _max: { id: true, name: true } }),
      ])
      expect(sums.map((sum) => JSON.stringify(sum))).toEqual([
        '{"_max":{"id":6,"name":"User 6"},"_count":5}',
        '{"_count":0,"_max":{"name":null,"id":null}}',
        '{"_count":0,"_max":{"id":null,"name":null}}',
      ])
    })

    test.each<[string, (id: number) => object, number]>([
      ['computed fields', (id) => ({ where: { id }, select: { label: true } }), 1],
      [
        'a nested list that is cut',
        (id) => ({ where: { id }, select: { students: { take: 1, select: { id: true } } } }),
        2,
      ],
      [
        'null beside a value',
        (id) => ({ where: { id, tutorId: id === 1 ? null : 1 }, select: { name: true } }),
        1,
      ],
      [
        'null among other values',
        (id) => ({ where: { id, tutorId: id < 3 ? null : id }, select: { name: true } }),
        1,
      ],
      [
        'two unique keys',
        (id) => ({ where: { id, email: `Zoë${id}@example.org` }, select: { name: true } }),
        1,
      ],
      [
        'texts of a language',
        (id) => ({ where: { email: `Zoë${id}@example.org` }, select: { name: true } }),
        1,
      ],
      [
        'an equality spelled out',
        (id) => ({ where: { id, name: { equals: `User ${id}` } }, select: { id: true } }),
        1,
      ],
    ])(
      'KR28 %s: as many statements as plain Prisma sends, and the answers of calls alone',
      async (_, argsOf, statements) => {
        const { plain, prisma, log } = await clients(label)
        const ask = (client: object, id: number) =>
          (client as typeof plain).user.findUnique(argsOf(id) as { where: { id: number } })
        const alone: unknown[] = []
        for (const id of numbers) alone.push(await ask(plain, id))
        const expectSame = async (client: object) => {
          log.clear()
          const answers = await expectStatements(log, statements, () =>
            Promise.all(numbers.map((id) => ask(client, id))),
          )
          expect(answers.map((answer) => JSON.stringify(answer))).toEqual(
            alone.map((answer) => JSON.stringify(answer)),
          )
        }
        await expectSame(plain)
        await expectSame(prisma)
        await prisma.$transaction(expectSame)
      },
    )

    test("KF5 KR28 what is left to Prisma's own batch has the order of its own call", async () => {
      const { prisma, log } = await clients(nothing)
      const cut = { take: 1, select: { id: true } }
      const found = await expectStatements(log, 2, () =>
        Promise.all([
          prisma.user.findUnique({ where: { id: 1 }, select: { id: true, students: cut, name: true } }),
          prisma.user.findUnique({ where: { id: 2 }, select: { name: true, id: true, students: cut } }),
        ]),
      )
      expect(found.map((user) => Object.keys(user as object))).toEqual([
        ['id', 'students', 'name'],
        ['name', 'id', 'students'],
      ])
    })

    test('KR28 a few tenants of several keys are one statement, as for plain Prisma', async () => {
      const { prisma, log } = await clients(nothing)
      const pairs = [1, 2].flatMap((workshopId) => numbers.map((userId) => ({ workshopId, userId })))
      const found = await expectStatements(log, 1, () =>
        Promise.all(
          pairs.map((pair) => prisma.workshopMember.findUnique({ where: { workshopId_userId: pair } })),
        ),
      )
      expect(found.map((member) => [member?.workshopId, member?.userId])).toEqual(
        pairs.map((pair) => [pair.workshopId, pair.userId]),
      )
    })

    test('KR28 a member given twice, with another value in each call', async () => {
      const { prisma, log } = await clients(nothing)
      const found = await expectStatements(log, 1, () =>
        Promise.all(
          numbers.map((userId) =>
            prisma.workshopMember.findUnique({
              where: { workshopId_userId: { workshopId: 1, userId }, userId },
            }),
          ),
        ),
      )
      expect(found.map((member) => member?.userId)).toEqual(numbers)
      const others = await Promise.all(
        numbers.map((userId) =>
          prisma.workshopMember.findUnique({
            where: { workshopId_userId: { workshopId: 1, userId }, userId: 2 },
          }),
        ),
      )
      expect(others.map((member) => member?.userId ?? null)).toEqual([null, 2, null, null, null, null])
    })

    test("KR28 B9 a text that only the database holds equal is found, though Prisma's own batch does not find it", async () => {
      const { plain, prisma } = await clients(nothing)
      const ask = (client: object, id: number) =>
        (client as typeof plain).user.findUnique({
          where: { email: `ZOË${id}@example.org` },
          select: { id: true },
        })
      const alone: unknown[] = []
      for (const id of numbers) alone.push(await ask(plain, id))
      expect(await Promise.all(numbers.map((id) => ask(prisma, id)))).toEqual(alone)
    })

    test('KR28 a condition that finds nothing (`OR: []`) is kept beside pairs', async () => {
      const { prisma } = await clients(nothing)
      const found = await Promise.all(
        numbers.map((userId) =>
          prisma.workshopMember.findUnique({
            where: { workshopId_userId: { workshopId: userId, userId }, OR: [] },
          }),
        ),
      )
      expect(found).toEqual(numbers.map(() => null))
    })

    test('KR28 a call that fails does not fail the others', async () => {
      const { prisma } = await clients(label)
      const calls = numbers.map((id) =>
        prisma.user.findUnique({ where: { id: id === 3 ? 2 ** 40 : id }, select: { label: true } }).then(
          (user) => user?.label,
          (error: { name: string }) => error.name,
        ),
      )
      const answers = await Promise.all(calls)
      expect(answers).toEqual([
        '<User 1>',
        '<User 2>',
        provider === 'postgresql' ? expect.stringMatching(/Error$/) : undefined,
        '<User 4>',
        '<User 5>',
        '<User 6>',
      ])
    })
  },
)

test("KR28 KB7 null for a second unique column is refused, as it is alone, though Prisma's own batch takes it", async () => {
  const database = await createDatabase('postgresql', { schema: 'key-types' })
  try {
    const client = database.createClient({ errorFormat: 'minimal' })
    const ids: string[] = []
    for (const code of [null, null, 'a', 'b']) ids.push((await client.made.create({ data: { code } })).id)
    const codes = [null, null, 'a', 'b']
    const ask = (on: typeof client, index: number) =>
      on.made
        .findUnique({
          where: { id: ids[index] as string, code: codes[index] } as { id: string },
          select: { id: true },
        })
        .catch(({ name }: Error) => name)
    const alone: unknown[] = []
    for (const index of ids.keys()) alone.push(await ask(client, index))
    expect(alone).toEqual([
      'PrismaClientValidationError',
      'PrismaClientValidationError',
      { id: ids[2] },
      { id: ids[3] },
    ])
    const batched = client.$extends(batching()) as unknown as typeof client
    const spelled = await Promise.all(
      ids.map((id) =>
        batched.made
          .findUnique({ where: { id: { equals: id } as unknown as string } })
          .catch(({ name }: Error) => name),
      ),
    )
    expect(spelled).toEqual(ids.map(() => 'PrismaClientValidationError'))
    for (const indexes of [
      [0, 1, 2, 3],
      [0, 2],
      [0, 1],
    ])
      expect(await Promise.all(indexes.map((index) => ask(batched, index)))).toEqual(
        indexes.map((index) => alone[index]),
      )
  } finally {
    await database.drop()
  }
})

describe('fluent reads, which are Prisma’s to merge, and rows with lists, on PostgreSQL', () => {
  let database: TestDatabase<KeyTypesClient>
  const upper = ['A', 'B'].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`)
  beforeAll(async () => {
    database = await createDatabase('postgresql', { schema: 'key-types' })
    const plain = database.createClient()
    for (const [index, id] of upper.entries())
      await plain.uuidKey.create({ data: { id, label: id, items: { create: [{ id: index, rank: 1 }] } } })
    for (const [index, id] of ['ab', 'cd'].entries())
      await plain.charKey.create({ data: { id, label: id, items: { create: [{ id: index, rank: 1 }] } } })
  })
  afterAll(() => database.drop())

  /** One call at a time on the plain client, and all in one tick on the others. */
  const compare = async (
    calls: readonly ((client: KeyTypesClient) => Promise<unknown>)[],
    mayBeEmpty = false,
  ) => {
    const plain = database.createClient()
    const alone: unknown[] = []
    for (const call of calls) alone.push(await call(plain).catch(messageOf))
    if (!mayBeEmpty) expect(alone).not.toContainEqual([])
    const { client, log } = database.createRecordedClient()
    const clients = [
      client.$extends(batching()),
      database.createClient().$extends(brisk()),
      database.createClient().$extends(brisk({ cache: { models: '*' } })),
      database.createClient().$extends(cache({ models: '*', defaultTtl: 60 })),
    ] as unknown as KeyTypesClient[]
    for (const each of clients)
      for (let again = 0; again < 2; again++)
        expect(await Promise.all(calls.map((call) => call(each).catch(messageOf)))).toEqual(alone)
    const [batched] = clients as [KeyTypesClient]
    log.clear()
    await Promise.all(calls.map((call) => call(batched).catch(messageOf)))
    const inside = await batched.$transaction(
      async (tx) => Promise.all(calls.map((call) => call(tx as KeyTypesClient).catch(messageOf))),
      { timeout: 20_000 },
    )
    if (!alone.some((each) => typeof each === 'string')) expect(inside).toEqual(alone)
    return log
  }
  const messageOf = (error: Error) => error.message.split('\n').at(-1)

  test('KR28 lists of rows whose ids are equal to the database alone', () =>
    compare(upper.map((id) => (of) => of.uuidKey.findUnique({ where: { id } }).items())))

  test('KR28 lists of rows whose ids are padded, fluent and included', async () => {
    await compare(['ab', 'cd'].map((id) => (of) => of.charKey.findUnique({ where: { id } }).items()))
    await compare(
      ['ab', 'cd'].map(
        (id) => (of) => of.charKey.findUnique({ where: { id }, include: { items: { take: 1 } } }),
      ),
    )
    await compare(
      ['ab', 'cd'].map((id) => (of) => of.charKey.findUnique({ where: { id }, select: { items: true } })),
    )
  })

  test('B8 a key of the wrong type fails its own call alone', () =>
    compare([
      (of) => of.uuidKey.findUnique({ where: { id: upper[0] as string } }).items(),
      (of) => of.uuidKey.findUnique({ where: { id: 7 as never } }).items(),
      (of) => of.uuidKey.findUnique({ where: { id: null as never } }).items(),
    ]))

  test('B8 what is missing is missed, and what is refused is refused, by its own call alone', async () => {
    await compare(
      ['ab', 'none', 'nor'].map(
        (id) => (of) => of.charKey.findUniqueOrThrow({ where: { id } }).items({ where: { rank: 9 } }),
      ),
      true,
    )
    await compare(
      ['LOW', 'NONE'].map((id) => (of) => of.enumKey.findUnique({ where: { id: id as never } }).items()),
      true,
    )
  })

  test('KR28 ids that are compared as they are spelled share a statement, as without batching', async () => {
    const log = await compare(
      upper.map((id) => (of) => of.uuidKey.findUnique({ where: { id: id.toLowerCase() } }).items()),
    )
    expect(log.statements.filter(({ transaction }) => transaction === 0)).toHaveLength(2)
  })
})
