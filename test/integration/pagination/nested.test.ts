import { pagination, type PaginationOptions } from '@prisma-brisk/pagination'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

const { jest } = import.meta
const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  )

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let plain: PrismaClient

  beforeAll(async () => {
    database = await createDatabase(provider)
    plain = database.createClient({ adapter: database.adapter({ connections: 2 }) })
    const ids = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
    await plain.user.createMany({
      data: ids(40).map((id) => ({
        id,
        email: `u${id}`,
        name: `n${id}`,
        tutorId: id > 4 ? 1 + (id % 4) : null,
      })),
    })
    await plain.conversation.createMany({
      data: ids(3).map((id) => ({ id: `c${id}`, title: 't', userId: 1 })),
    })
    await plain.message.createMany({
      data: ids(60).map((id) => ({
        id,
        conversationId: `c${1 + (id % 2)}`,
        authorId: 1,
        role: 'USER' as const,
        body: 'b',
      })),
    })
    await plain.tag.createMany({ data: ids(12).map((id) => ({ id, name: `t${id}` })) })
    await plain.conversation.update({
      where: { id: 'c1' },
      data: { tags: { connect: ids(12).map((id) => ({ id })) } },
    })
  })
  afterAll(() => database.drop())

  function limited(options: PaginationOptions) {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    return {
      client: client.$extends(pagination(options)),
      log,
      rows: () => log.statements.map(({ rows }) => rows),
    }
  }

  test('P5 include: true, select: true and arguments of their own are limited, to-one relations are not', async () => {
    const { client, rows } = limited({ nested: { defaultLimit: 3 } })
    const included = await client.user.findUnique({
      where: { id: 1 },
      include: { students: true, tutor: true },
    })
    expect(included?.students).toHaveLength(3)
    const selected = await client.user.findMany({
      take: 4,
      orderBy: { id: 'asc' },
      select: { id: true, students: true },
    })
    expect(selected.map(({ students }) => students.length)).toEqual([3, 3, 3, 3])
    expect(rows().at(-1)).toBe(16)
    const deep = await client.message.findMany({
      take: 2,
      select: { author: { select: { tutor: true, students: { select: { id: true } } } } },
    })
    expect(deep.map(({ author }) => author?.students.length)).toEqual([3, 3])
  })

  test('P5 lists within lists are limited for each parent, and _count is left alone', async () => {
    const { client } = limited({ maxLimit: 200, nested: { defaultLimit: 2 } })
    const [user] = await client.user.findMany({
      take: 1,
      include: { conversations: { include: { messages: true, _count: { select: { messages: true } } } } },
    })
    expect(user?.conversations.map(({ messages, _count }) => [messages.length, _count.messages])).toEqual([
      [2, 30],
      [2, 30],
    ])
  })

  test('P5 arguments are never changed', async () => {
    const { client } = limited({ nested: { defaultLimit: 2 } })
    const args = {
      take: 2,
      include: { students: true, conversations: { include: { messages: { take: 1 } } } },
    }
    const before = structuredClone(args)
    await client.user.findMany(args)
    expect(args).toEqual(before)
  })

  test('P5 a guarded list fails with one row more than the maximum, naming its path', async () => {
    const { client } = limited({ nested: { maxLimit: 9 } })
    expect(
      (await client.user.findUnique({ where: { id: 1 }, include: { students: true } }))?.students,
    ).toHaveLength(9)
    const strict = limited({ nested: { maxLimit: 8 } })
    await expect(strict.client.user.findMany({ take: 1, include: { students: true } })).rejects.toMatchObject(
      {
        code: 'E_UNBOUNDED_READ',
        list: 'User.findMany → students',
        callSite: expect.stringContaining('nested.test.ts'),
      },
    )
    expect(strict.rows()).toEqual([1, 9])
    await expect(
      strict.client.user.findMany({ take: 1, include: { students: { take: 9 } } }),
    ).rejects.toMatchObject({
      code: 'E_LIMIT_EXCEEDED',
      list: 'User.findMany → students',
      callSite: expect.stringContaining('nested.test.ts'),
    })
  })

  test('P5 a cut nested list is warned about by its path', async () => {
    const { client } = limited({ nested: { defaultLimit: 2 } })
    warned.mockClear()
    for (let time = 0; time < 2; time++)
      await client.user.findUnique({ where: { id: 1 }, include: { students: true } })
    expect(warned.mock.calls.map(([message]) => message)).toEqual([
      expect.stringMatching(/^prisma-brisk: User\.findUnique → students at .*nested\.test\.ts/),
    ])
  })

  test('P6 P8 fluent lists are lists of their own: one parent, and several merged by Prisma', async () => {
    const { client, rows } = limited({ defaultLimit: 4, nested: { defaultLimit: 2 } })
    expect(await client.user.findUnique({ where: { id: 1 } }).students()).toHaveLength(4)
    expect(rows()).toEqual([1, 5])
    const lists = await Promise.all(
      [1, 2, 3].map((id) => client.user.findUnique({ where: { id } }).students()),
    )
    expect(lists.map((list) => list?.length)).toEqual([4, 4, 4])
    expect(rows().slice(2)).toEqual([3, 15])
    expect(await client.user.findFirst({ where: { id: 1 } }).students({ take: 3 })).toHaveLength(3)
    expect(rows().at(-1)).toBe(3)
    expect(await code(client.user.findUnique({ where: { id: 1 } }).students({ take: 201 }))).toBe(
      'E_LIMIT_EXCEEDED',
    )
    // Of fluent chains, core's types know the first link.
    const author = client.message.findUnique({ where: { id: 1 } }).author() as unknown as {
      students(): Promise<unknown[]>
    }
    const twice = await author.students()
    expect(twice).toHaveLength(4)
  })

  test('P6 groupBy has no more groups than a list may have rows', async () => {
    const { client, rows } = limited({ defaultLimit: 5 })
    expect(await client.user.groupBy({ by: ['name'], _count: true })).toHaveLength(5)
    expect(await client.user.groupBy({ by: 'name', orderBy: { name: 'desc' } })).toHaveLength(5)
    expect(rows()).toEqual([6, 6])
    const guarded = limited({ maxLimit: 39 })
    expect(await code(guarded.client.user.groupBy({ by: ['name'] }))).toBe('E_UNBOUNDED_READ')
  })

  test('P6 what writes return is limited, one level and two levels deep', async () => {
    const { client, rows } = limited({ nested: { defaultLimit: 2 } })
    const updated = await client.user.update({
      where: { id: 1 },
      data: { name: 'x' },
      include: { students: { include: { messages: true } }, conversations: { include: { messages: true } } },
    })
    expect(updated.students).toHaveLength(2)
    expect(updated.conversations.map(({ messages }) => messages.length)).toEqual([2, 2])
    expect(Math.max(...rows())).toBeLessThanOrEqual(6)
    const upserted = await client.user.upsert({
      where: { id: 1 },
      update: {},
      create: { email: '', name: '' },
      select: { students: true },
    })
    expect(upserted.students).toHaveLength(2)
  })

  test('P6 a write whose answer would hold too long a list is rolled back', async () => {
    const { client } = limited({ nested: { maxLimit: 5 } })
    for (const include of [{ students: true }, { conversations: { include: { messages: true } } }]) {
      await expect(
        client.user.update({ where: { id: 1 }, data: { name: 'never' }, include }),
      ).rejects.toMatchObject({ code: 'E_UNBOUNDED_READ', name: 'UnboundedReadError' })
    }
    await expect(
      client.user.create({
        data: {
          id: 100,
          email: 'new',
          name: 'n',
          messages: { connect: Array.from({ length: 6 }, (_, index) => ({ id: index + 1 })) },
        },
        include: { messages: true },
      }),
    ).rejects.toMatchObject({ code: 'E_UNBOUNDED_READ' })
    expect(await plain.user.findMany({ where: { OR: [{ name: 'never' }, { id: 100 }] } })).toEqual([])
    expect(await plain.message.count({ where: { authorId: 1 } })).toBe(60)
    expect(
      await code(
        client.user.update({ where: { id: 1 }, data: { name: 'never' }, include: { students: { take: 6 } } }),
      ),
    ).toBe('E_LIMIT_EXCEEDED')
  })

  if (provider !== 'mysql') {
    test('P7 writes that return rows are refused before anything is written', async () => {
      const { client, log } = limited({ maxLimit: 5 })
      const data = Array.from({ length: 6 }, (_, index) => ({ name: `many ${index}` }))
      expect(await code(client.tag.createManyAndReturn({ data }))).toBe('E_LIMIT_EXCEEDED')
      expect(
        await code(
          client.tag.updateManyAndReturn({ where: { id: { lte: 6 } }, data: { name: 'x' }, limit: 6 }),
        ),
      ).toBe('E_LIMIT_EXCEEDED')
      expect(await code(client.tag.updateManyAndReturn({ data: { name: 'x' }, limit: 2.5 }))).toBe(
        'E_INVALID_LIMIT',
      )
      expect(log.statements).toEqual([])
      expect(
        await code(client.user.updateManyAndReturn({ where: { id: { lte: 6 } }, data: { name: 'never' } })),
      ).toBe('E_UNBOUNDED_READ')
      expect(log.statements.map(({ rows }) => rows)).toEqual([1])
      expect(await plain.user.count({ where: { name: 'never' } })).toBe(0)
      expect(
        await client.user.updateManyAndReturn({ where: { id: { lte: 5 } }, data: { name: 'five' } }),
      ).toHaveLength(5)
      expect(
        await code(client.$transaction([client.user.updateManyAndReturn({ data: { name: 'never' } })])),
      ).toBe('E_UNBOUNDED_READ')
      await client.$transaction(async (tx) => {
        expect(await code(tx.user.updateManyAndReturn({ data: { name: 'never' } }))).toBe('E_UNBOUNDED_READ')
      })
      expect(await plain.user.count({ where: { name: 'never' } })).toBe(0)
    })
  }

  test('P8 a client that had connected before is warned about: nobody can see its statements', async () => {
    const client = database.createClient({ adapter: database.adapter({ connections: 2 }) })
    await client.$connect()
    const late = client.$extends(pagination())
    warned.mockClear()
    for (let time = 0; time < 2; time++)
      expect(
        (await late.user.findMany({ take: 2, include: { students: { take: 3 } } }))[0]?.students,
      ).toHaveLength(3)
    expect(warned.mock.calls.map(([, options]) => options)).toEqual([
      { type: 'PrismaBriskWarning', code: 'W_ROWS_UNSEEN' },
    ])
  })

  test('P9 limits that multiply to more than maxRows are refused with their product', async () => {
    const { client, log } = limited({ nested: { maxRows: 100, maxDepth: 2 } })
    await expect(
      client.user.findMany({ take: 10, include: { students: { take: 11 } } }),
    ).rejects.toMatchObject({
      code: 'E_COST_EXCEEDED',
      cost: 110,
      allowed: 100,
      list: 'User.findMany → students',
    })
    await expect(
      client.user.findUnique({
        where: { id: 1 },
        include: {
          conversations: { take: 1, include: { messages: { take: 1, include: { replies: { take: 1 } } } } },
        },
      }),
    ).rejects.toMatchObject({
      code: 'E_COST_EXCEEDED',
      cost: 3,
      allowed: 2,
      list: 'User.findUnique → conversations.messages.replies',
    })
    expect(log.statements).toEqual([])
    expect(await client.user.findMany({ take: 10, include: { students: { take: 10 } } })).toHaveLength(10)
  })

  test('P10 maxDriverRows stops a statement that hands over too many rows, raw ones too', async () => {
    const { client } = limited({ onMissing: 'allow', maxDriverRows: 20 })
    const error = {
      code: 'E_DRIVER_ROWS',
      rows: 40,
      allowed: 20,
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    }
    await expect(client.user.findMany()).rejects.toMatchObject(error)
    const table = provider === 'postgresql' ? '"User"' : '`User`'
    await expect(client.$queryRawUnsafe(`SELECT id FROM ${table}`)).rejects.toMatchObject(error)
    expect(await client.user.findMany({ take: 20 })).toHaveLength(20)
    expect(
      await client.user.findMany({ where: { id: { gt: 20 } }, unbounded: 'small enough for the driver' }),
    ).toHaveLength(20)
  })

  test('P12 members of an array transaction keep the bounds of their own lists', async () => {
    const { client } = limited({ maxLimit: 30, nested: { maxLimit: 30 } })
    const read = (take: number) =>
      client.user.findMany({ take: 4, orderBy: { id: 'asc' }, include: { students: { take } } })
    const lists = await client.$transaction([
      read(2),
      read(7),
      client.user.findMany({ distinct: ['tutorId'], take: 3 }),
      read(0),
    ])
    const lengths = (users: { students: unknown[] }[]) => users.map(({ students }) => students.length)
    expect([lengths(lists[0]), lengths(lists[1]), lists[2].length, lengths(lists[3])]).toEqual([
      [2, 2, 2, 2],
      [7, 7, 7, 7],
      3,
      [0, 0, 0, 0],
    ])
  })

  test('P13 heavy columns are left out of lists, unless selected or asked for', async () => {
    const adapter = database.adapter({ connections: 2 })
    const client = database.createClient({ adapter }).$extends(pagination({ omitHeavy: true }))
    await plain.exercise.create({
      data: { slug: `s ${provider}`, title: 't', subject: 's', difficulty: 1, content: { long: true } },
    })
    const [lean] = await client.exercise.findMany()
    expect(lean).not.toHaveProperty('content')
    // The type says that the field may be missing.
    const missing: undefined extends (typeof lean & {})['content'] ? true : false = true
    void missing
    const [kept] = await client.exercise.findMany({ omit: { content: false } })
    expect(kept!.content satisfies object | string | number | boolean | null).toEqual({ long: true })
    const [selected] = await client.exercise.findMany({ select: { content: true } })
    expect(selected).toEqual({ content: { long: true } })
    expect((await client.exercise.findFirst())?.content).toEqual({ long: true })
    expect((await client.exercise.paginate()).items[0]).not.toHaveProperty('content')
    const page = await client.exercise.cursorPage({ omit: { id: true } })
    expect(Object.keys(page.items[0] as object)).toEqual([
      'slug',
      'title',
      'subject',
      'difficulty',
      'active',
      'createdAt',
    ])
    const json = limited({ omitHeavy: { types: ['Bytes'] } })
    expect((await json.client.exercise.findMany())[0]?.content).toEqual({ long: true })
  })

  test('P13 named fields are left out of lists of their model alone, and pages sort by them', async () => {
    const { client } = limited({
      omitHeavy: { fields: { Message: ['body'], User: ['name'] } },
      maxLimit: 100,
    })
    expect((await client.message.findMany())[0]).not.toHaveProperty('body')
    expect((await client.message.findMany({ omit: { body: false } }))[0]).toHaveProperty('body', 'b')
    expect(await client.message.findFirst()).toHaveProperty('body', 'b')
    expect((await client.conversation.findMany())[0]).toHaveProperty('title', 't')
    const first = await client.user.cursorPage({ orderBy: [{ name: 'asc' }, { id: 'asc' }], first: 2 })
    const second = await client.user.cursorPage({
      orderBy: [{ name: 'asc' }, { id: 'asc' }],
      first: 2,
      after: first.pageInfo.endCursor,
    })
    const expected = await plain.user.findMany({ orderBy: [{ name: 'asc' }, { id: 'asc' }], take: 4 })
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(expected.map(({ id }) => id))
    expect(second.items[0]).not.toHaveProperty('name')
  })

  test.each([
    [{ Mesage: ['body'] }, /omitHeavy\.fields\.Mesage: expected one of .*Message.*, given "Mesage"/],
    [{ Message: ['text'] }, /omitHeavy\.fields\.Message: expected fields among .*body.*, given "text"/],
    [{ Message: ['author'] }, /omitHeavy\.fields\.Message: expected fields among/],
  ])('P13 a name that the schema does not have is refused: %j', (fields, message) => {
    expect(() => limited({ omitHeavy: { fields } })).toThrow(
      expect.objectContaining({ code: 'E_INVALID_OPTIONS', message: expect.stringMatching(message) }),
    )
  })

  test('P14 extensions before and after hold: limits are the last word', async () => {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    const greedy = {
      query: {
        $allModels: {
          findMany: ({ args, query }: { args: object; query: (args: object) => Promise<unknown> }) =>
            query({ ...args, take: 30 }),
        },
      },
    }
    const inner = client.$extends(greedy).$extends(pagination({ maxLimit: 10 }))
    expect(await code(inner.user.findMany({ take: 5 }))).toBe('E_LIMIT_EXCEEDED')
    const outer = client.$extends(pagination({ maxLimit: 10, onExceeded: 'clamp' })).$extends({
      query: {
        $allModels: {
          findMany: ({ args, query }) => query({ ...args, where: { id: { gt: 1 } } } as typeof args),
        },
      },
    })
    expect(await outer.user.findMany({ take: 50 })).toHaveLength(10)
    expect(log.statements.at(-1)?.rows).toBe(10)
  })
})
