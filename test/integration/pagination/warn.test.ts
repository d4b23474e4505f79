import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import {
  pagination,
  type LimitEvent,
  type LongListEvent,
  type PaginationOptions,
  type UnboundedReadError,
} from '@prisma-brisk/pagination'
import { slowQuery, type SinkRecord } from '@prisma-brisk/slow-query'
import { brisk } from 'prisma-brisk'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { seedLearning } from './support/learning-data.ts'

/**
 * The oracle of `limits: 'warn'`: it answers what plain Prisma answers, with its statements, and tells exactly those calls that
 * `limits: 'guard'` refuses, by the code of the refusal.
 */

const { jest } = import.meta
const warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)

type Delegate = Record<string, (args: object) => Promise<unknown>>
const numbers = { maxLimit: 8, maxOffset: 3, nested: { maxLimit: 4, maxRows: 60, maxDepth: 2 } }

/** Lists and rows of all kinds, around the limits. */
function callOf(random: Random): { model: string; operation: string; args: Record<string, unknown> } {
  const model = random.pick(['user', 'message', 'tag', 'conversation'])
  const operation = random.pick([
    'findMany',
    'findMany',
    'findMany',
    'findFirst',
    'findUnique',
    'groupBy',
    'count',
  ])
  if (operation === 'findUnique')
    return {
      model: 'user',
      operation,
      args: { where: { id: random.int(1, 6) }, include: includeOf(random, 'user', 0) },
    }
  if (operation === 'groupBy') {
    const by = random.pick([['role'], ['authorId', 'conversationId']])
    const order = random.chance(0.5) ? { orderBy: { [by[0] as string]: 'asc' } } : {}
    return { model: 'message', operation, args: { by, ...order } }
  }
  const args: Record<string, unknown> = { orderBy: { id: 'asc' } }
  if (random.chance(0.4)) args['take'] = random.int(-12, 12)
  if (random.chance(0.3)) args['skip'] = random.int(0, 6)
  if (operation === 'count') return { model, operation, args }
  if (random.chance(0.2)) args['distinct'] = ['id']
  if (random.chance(0.5)) args['include'] = includeOf(random, model, 0)
  return { model, operation, args }
}

const lists: Record<string, Record<string, string>> = {
  user: { students: 'user', messages: 'message', conversations: 'conversation' },
  message: { replies: 'message' },
  tag: { conversations: 'conversation' },
  conversation: { messages: 'message', tags: 'tag' },
}

function includeOf(random: Random, model: string, depth: number): object {
  const [field, target] = random.pick(Object.entries(lists[model] ?? {}))
  const args: Record<string, unknown> = {}
  if (random.chance(0.6)) args['take'] = random.int(1, 7)
  if (random.chance(0.2)) args['skip'] = random.int(0, 5)
  if (depth < 2 && random.chance(0.4)) args['include'] = includeOf(random, target, depth + 1)
  return { [field]: Object.keys(args).length === 0 ? true : args }
}

/** With an extension that awaits what it passes on. */
function awaited(client: PrismaClient): PrismaClient {
  return client.$extends({
    query: {
      $allOperations: async ({ args, query }) => {
        const answer = await query(args)
        return answer
      },
    },
  }) as never
}

async function heard<T>(run: () => Promise<T>): Promise<{ answer: T; events: LimitEvent[] }> {
  const events: LimitEvent[] = []
  const listen = (event: unknown) => events.push(event as LimitEvent)
  subscribe('prisma-brisk:limit', listen)
  try {
    return { answer: await run(), events }
  } finally {
    unsubscribe('prisma-brisk:limit', listen)
  }
}

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase(provider)
    await seedLearning(database.createClient({ adapter: database.adapter({ connections: 2 }) }))
  })
  afterAll(() => database.drop())

  /** A client of its own for each call, since a place is told once a minute. */
  async function outcome(
    options: PaginationOptions | null,
    { model, operation, args }: ReturnType<typeof callOf>,
  ) {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 1 }) })
    const prisma = options === null ? client : client.$extends(pagination(options))
    await client.$connect()
    log.clear()
    try {
      const { answer, events } = await heard(() =>
        ((prisma as unknown as Record<string, Delegate>)[model] as Delegate)[operation]!(args).catch(
          (error: { code?: string; message: string }) => error.code ?? error.message,
        ),
      )
      return { answer, sql: log.sql(), codes: events.map((event) => event.code ?? event.rule) }
    } finally {
      await prisma.$disconnect()
    }
  }

  test("P1 P3 P4 'warn' answers as plain Prisma, statement by statement, and tells what 'guard' refuses", async () => {
    const told = new Set<string>()
    await forSeeds(80, async (random) => {
      const call = callOf(random)
      const context = JSON.stringify(call)
      const plain = await outcome(null, call)
      const lenient = await outcome({ ...numbers, limits: 'warn' }, call)
      expect({ context, answer: lenient.answer, sql: lenient.sql }).toEqual({
        context,
        answer: plain.answer,
        sql: plain.sql,
      })
      const guarded = await outcome({ ...numbers, limits: 'guard' }, call)
      // What Prisma refuses itself is not told.
      const isRefused = typeof guarded.answer === 'string' && typeof plain.answer !== 'string'
      const refusal = isRefused ? guarded.answer : null
      for (const code of lenient.codes) told.add(code)
      if (refusal === null) expect({ context, codes: lenient.codes }).toEqual({ context, codes: [] })
      else
        expect({ context, codes: lenient.codes }).toEqual({
          context,
          codes: expect.arrayContaining([refusal]),
        })
    })
    expect([...told].sort()).toEqual([
      'E_COST_EXCEEDED',
      'E_LIMIT_EXCEEDED',
      'E_OFFSET_TOO_DEEP',
      'E_UNBOUNDED_READ',
    ])
  })

  test("P1 P3 numbers that are not whole are left to Prisma under 'warn', and told where it answers", async () => {
    for (const call of [
      { model: 'tag', operation: 'findMany', args: { take: 2.5 } },
      { model: 'tag', operation: 'findMany', args: { take: 2 ** 32 + 1 } },
      { model: 'tag', operation: 'findFirst', args: { take: 'all' } },
      { model: 'tag', operation: 'count', args: { take: 2 ** 32 + 1 } },
      { model: 'tag', operation: 'findMany', args: { skip: -1 } },
    ]) {
      const [plain, lenient, guarded] = [
        await outcome(null, call),
        await outcome({ ...numbers, limits: 'warn' }, call),
        await outcome({ ...numbers, limits: 'guard' }, call),
      ]
      expect({ call, answer: lenient.answer, sql: lenient.sql }).toEqual({
        call,
        answer: plain.answer,
        sql: plain.sql,
      })
      expect(guarded.answer).toMatch(/^E_INVALID_(LIMIT|OFFSET)$/)
      expect(lenient.codes).toEqual(typeof plain.answer === 'string' ? [] : [guarded.answer])
    }
  })
})

describe('writes that return rows', () => {
  const firstWrite = (prisma: PrismaClient) =>
    prisma.user.create({
      data: {
        email: `${Math.random()}@example.org`,
        name: 'first',
        tutor: { create: { email: 'tutor', name: 't' } },
      },
      include: { students: true, tutor: { include: { students: { include: { messages: true } } } } },
    })

  test.each(['warn', 'allow'] as const)(
    "P1 KP15 under '%s' the first of a client sends its own statements alone",
    async (limits) => {
      const database = await createDatabase('postgresql')
      try {
        const sent = []
        for (const isExtended of [false, true]) {
          // Whose statements are whose shows only once they come, where clients share an adapter.
          const { client, log } = database.createRecordedClient()
          const other = database.createClient({ adapter: log.adapter })
          if (isExtended) other.$extends(pagination({ limits }))
          const prisma = isExtended ? client.$extends(pagination({ limits })) : client
          await firstWrite(prisma as unknown as PrismaClient)
          sent.push([log.sql(), log.transactions])
          await client.user.deleteMany()
        }
        expect(sent[1]).toEqual(sent[0])
      } finally {
        await database.drop()
      }
    },
  )

  test("P1 are written and answered whole under 'warn', and told", async () => {
    const database = await createDatabase('postgresql')
    try {
      const { client, log } = database.createRecordedClient()
      const prisma = client.$extends(pagination({ limits: 'warn', maxLimit: 3 }))
      const { answer, events } = await heard(async () => ({
        created: await prisma.tag.createManyAndReturn({
          data: Array.from({ length: 5 }, (_, id) => ({ name: `tag ${id}` })),
        }),
        updated: await prisma.tag.updateManyAndReturn({
          data: { name: { set: 'one' } },
          where: { id: { gt: 9 } },
        }),
        all: await prisma.tag.updateManyAndReturn({ data: { id: { increment: 100 } } }),
        limited: await prisma.tag.updateManyAndReturn({ data: { id: { increment: 100 } }, limit: 4 }),
      }))
      expect(Object.values(answer).map((rows) => rows.length)).toEqual([5, 0, 5, 4])
      expect(log.sql().filter((sql) => sql.includes('COUNT'))).toEqual([])
      expect(
        events.map(({ operation, code, ...event }) => [operation, code, (event as LongListEvent).rows]),
      ).toEqual([
        ['createManyAndReturn', 'E_LIMIT_EXCEEDED', 5],
        ['updateManyAndReturn', 'E_UNBOUNDED_READ', 5],
        ['updateManyAndReturn', 'E_LIMIT_EXCEEDED', 4],
      ])
    } finally {
      await database.drop()
    }
  })
})

describe('where it is told', () => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase('postgresql')
    await seedLearning(database.createClient())
  })
  afterAll(() => database.drop())

  test('P1 in the log, in the statistics, in the metrics and in $queries.limits(), and not as a warning', async () => {
    const records: SinkRecord[] = []
    const prisma = database
      .createClient()
      .$extends(slowQuery({ threshold: 60_000, sinks: [{ write: (record) => void records.push(record) }] }))
      .$extends(pagination({ limits: 'warn', maxLimit: 8, nested: { maxLimit: 3 } }))
    warned.mockClear()
    for (let time = 0; time < 3; time++)
      await prisma.user.findMany({ include: { messages: true }, where: { id: 1 } })
    await prisma.tag.findMany()
    await prisma.tag.findMany({ take: 2 })
    await prisma.$queries.flush()
    const messages = await prisma.message.count({ where: { authorId: 1 } })
    expect(records).toEqual([
      expect.objectContaining({
        type: 'long-list',
        model: 'User',
        operation: 'findMany',
        list: 'User.findMany → messages',
        callSite: expect.stringMatching(/warn\.test\.ts:\d+:\d+$/),
        code: 'E_UNBOUNDED_READ',
        limit: 3,
        rows: messages,
        count: 1,
      }),
      expect.objectContaining({ type: 'long-list', list: 'Tag.findMany', limit: 8, rows: 9, count: 1 }),
    ])
    const lines = Object.fromEntries(
      prisma.$queries
        .stats()
        .map(({ model, operation, longLists, cutLists, longestList }) => [
          `${model}.${operation}`,
          [longLists, cutLists, longestList],
        ]),
    )
    expect(lines).toMatchObject({
      'User.findMany': [3, 0, messages],
      'Tag.findMany': [1, 0, 9],
      'Message.count': [0, 0, 0],
    })
    const metrics = prisma.$queries.metrics().split('\n')
    expect(metrics).toEqual(
      expect.arrayContaining([
        'db_client_long_lists_total{model="User",operation="findMany"} 3',
        'db_client_long_lists_total{model="Tag",operation="findMany"} 1',
        'db_client_longest_list_rows{model="Tag",operation="findMany"} 9',
      ]),
    )
    const { places, advice, quietSince } = prisma.$queries.limits()
    expect(places.map(({ list, count, rows }) => [list, count, rows])).toEqual([
      ['User.findMany → messages', 3, messages],
      ['Tag.findMany', 1, 9],
    ])
    expect({ advice, quietSince }).toEqual({ advice: null, quietSince: null })
    expect(warned).not.toHaveBeenCalled()
    // What has come since it was told.
    await prisma.$disconnect()
    expect(records.slice(2)).toEqual([
      expect.objectContaining({ list: 'User.findMany → messages', count: 2 }),
    ])
  })

  test('P1 as a process warning where slow-query is not mounted, and nested cuts too', async () => {
    warned.mockClear()
    await database
      .createClient()
      .$extends(pagination({ limits: 'warn', maxLimit: 8 }))
      .tag.findMany()
    const cutting = database
      .createClient()
      .$extends(slowQuery({ sinks: [] }))
      .$extends(pagination({ defaultLimit: 2 }))
    for (let time = 0; time < 2; time++) await cutting.user.findMany({ include: { messages: true }, take: 3 })
    expect(
      warned.mock.calls.map(([message, options]) => [(options as { code?: string }).code, message]),
    ).toEqual([
      [
        'W_LONG_LIST',
        expect.stringMatching(/^prisma-brisk: Tag\.findMany at .*warn\.test\.ts.* had 9 rows, more than 8\./),
      ],
      [
        'W_LIST_CUT',
        expect.stringMatching(
          /^prisma-brisk: User\.findMany → messages at .* was cut to its default limit of 2 rows\. /,
        ),
      ],
    ])
    const [line] = cutting.$queries.stats()
    expect(line).toMatchObject({ model: 'User', longLists: 0, cutLists: 2 })
    expect(cutting.$queries.metrics()).toContain(
      'db_client_cut_lists_total{model="User",operation="findMany"} 2',
    )
  })

  test('P9 a page longer than maxLimit is answered under warn, and told', async () => {
    const prisma = database.createClient().$extends(pagination({ limits: 'warn', maxLimit: 5, maxOffset: 3 }))
    const { answer, events } = await heard(async () => ({
      page: await prisma.message.paginate({ limit: 20, offset: 40 }),
      cursor: await prisma.message.cursorPage({ first: 20 }),
      within: await prisma.message.cursorPage({ first: 5 }),
    }))
    expect([answer.page.items.length, answer.cursor.items.length, answer.within.items.length]).toEqual([
      20, 20, 5,
    ])
    expect(events.map(({ code }) => code)).toEqual(['E_LIMIT_EXCEEDED', 'E_LIMIT_EXCEEDED'])
  })

  describe.each(['production', 'development'] as const)('as Prisma is in %s', (environment) => {
    // What Prisma chooses by NODE_ENV; only `colorless` and `pretty` record call sites.
    const errorFormat = environment === 'production' ? 'minimal' : 'colorless'
    const lineOf = (callSite: string | null): number =>
      Number(/warn\.test\.ts:(\d+):\d+$/.exec(callSite ?? '')?.[1])

    test.each([
      ['alone', (base: PrismaClient, options: PaginationOptions) => base.$extends(pagination(options))],
      [
        'with the whole suite',
        (base: PrismaClient, options: PaginationOptions) =>
          base.$extends(brisk({ pagination: options, slowQuery: { sinks: [] } })),
      ],
      [
        'behind eight other extensions',
        (base: PrismaClient, options: PaginationOptions) =>
          Array.from({ length: 8 })
            .reduce<PrismaClient>(awaited, base)
            .$extends(brisk({ pagination: options, slowQuery: { sinks: [] } })),
      ],
    ] as const)('P1 S8 long lists have the line that reads them: %s', async (_, extend) => {
      const base = () => database.createClient({ errorFormat })
      const prisma = extend(base(), { limits: 'warn', maxLimit: 8, nested: { maxLimit: 3 } })
      await prisma.$connect()
      const tags = (): Promise<unknown[]> => prisma.tag.findMany()
      // One call a line: the line is the call site.
      const load = async (): Promise<void> => {
        await prisma.tag.findMany()
        await Promise.all([prisma.tag.findMany({ take: 9 }), prisma.tag.count()])
        await prisma.user.findMany({ take: 3, include: { messages: true } })
        await prisma.$transaction(async (tx) => {
          await tx.tag.findMany()
        })
        await prisma.tag.findMany().then((rows) => rows)
        await tags()
      }
      const { events } = await heard(load)
      const lines = events.map((event) => lineOf((event as LongListEvent).callSite))
      const [first = Number.NaN] = lines
      // In production a call that a helper returns is where the helper's answer is awaited.
      const helper = environment === 'production' ? 7 : -3
      expect(lines.map((line) => line - first)).toEqual([0, 1, 2, 4, 6, helper])

      const guarded = extend(base(), { limits: 'guard', maxLimit: 8, nested: { maxLimit: 3 } })
      const required = extend(base(), { onMissing: 'reject' })
      const refusals: UnboundedReadError[] = []
      const refused = (error: unknown) => void refusals.push(error as UnboundedReadError)
      const where = { id: 1 }
      const read = async (): Promise<void> => {
        await guarded.tag.findMany().catch(refused)
        await guarded.user.findMany({ take: 3, include: { messages: true } }).catch(refused)
        await guarded.$transaction(async (tx) => {
          await tx.tag.findMany().catch(refused)
        })
        await required.tag.findMany().catch(refused)
        await required.tag.updateManyAndReturn({ data: {} }).catch(refused)
        await guarded.user.update({ where, data: {}, include: { messages: true } }).catch(refused)
        await guarded.tag.updateManyAndReturn({ data: {} }).catch(refused)
      }
      await read()
      const places = refusals.map(({ callSite }) => lineOf(callSite))
      const [begin = Number.NaN] = places
      expect(places.map((line) => line - begin)).toEqual([0, 1, 3, 5, 6, 7, 8])
    })
  })
})
