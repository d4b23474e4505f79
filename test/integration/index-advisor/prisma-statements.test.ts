import { queryOfShape } from '../../../packages/index-advisor/src/workload/shape-query.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { forSeeds, type Random } from '../../support/random.ts'
import type { StatementLog } from '../../support/statements.ts'
import { parts, plain, shapesOfCalls, unordered } from './support/prisma-statements.ts'

/** What is planned for a call is what Prisma sends for it, or is not called proved. */

type Ask = (prisma: PrismaClient) => Promise<unknown>

const asks: readonly [name: string, ask: Ask, planned: 'exact' | 'estimated'][] = [
  ['some', (prisma) => prisma.user.findMany({ where: { messages: { some: { role: 'USER' } } } }), 'exact'],
  ['none', (prisma) => prisma.user.findMany({ where: { messages: { none: { role: 'USER' } } } }), 'exact'],
  [
    'some, a page of some rows',
    (prisma) =>
      prisma.user.findMany({
        where: { role: 'TUTOR', messages: { some: { role: 'USER' } } },
        orderBy: { createdAt: 'desc' },
        take: 5,
      }),
    'exact',
  ],
  ['any', (prisma) => prisma.user.findMany({ where: { messages: { some: {} } } }), 'exact'],
  [
    'every',
    (prisma) => prisma.user.findMany({ where: { messages: { every: { role: 'USER' } } } }),
    'estimated',
  ],
  ['is', (prisma) => prisma.message.findMany({ where: { author: { is: { name: 'x' } } } }), 'exact'],
  [
    'without is',
    (prisma) => prisma.message.findMany({ where: { role: 'USER', author: { name: 'x' } }, take: 3 }),
    'exact',
  ],
  [
    'isNot',
    (prisma) => prisma.message.findMany({ where: { author: { isNot: { role: 'TUTOR' } } } }),
    'estimated',
  ],
  [
    'below NOT',
    (prisma) => prisma.user.findMany({ where: { NOT: { messages: { some: { role: 'USER' } } } } }),
    'estimated',
  ],
  [
    'one below another',
    (prisma) =>
      prisma.user.findMany({
        where: { conversations: { some: { messages: { some: { role: 'USER' } } } } },
      }),
    'estimated',
  ],
  [
    'two of them',
    (prisma) =>
      prisma.user.findMany({
        where: { messages: { some: { role: 'USER' } }, classes: { none: { style: 'x' } } },
      }),
    'estimated',
  ],
  [
    'include',
    (prisma) => prisma.user.findMany({ include: { messages: { where: { role: 'USER' } } } }),
    'exact',
  ],
  [
    'include, sorted and cut',
    (prisma) =>
      prisma.user.findMany({
        include: { messages: { where: { role: 'USER' }, orderBy: { createdAt: 'desc' }, take: 3 } },
      }),
    'exact',
  ],
  [
    'count of a relation',
    (prisma) =>
      prisma.user.findMany({ select: { _count: { select: { messages: { where: { role: 'USER' } } } } } }),
    'exact',
  ],
  ['count', (prisma) => prisma.message.count({ where: { role: 'USER' } }), 'exact'],
  ['groupBy', (prisma) => prisma.message.groupBy({ by: ['role'] }), 'exact'],
  [
    'sorted by a relation',
    (prisma) =>
      prisma.message.findMany({ where: { role: 'USER' }, orderBy: { author: { name: 'asc' } }, take: 5 }),
    'estimated',
  ],
  [
    'OR',
    (prisma) => prisma.message.findMany({ where: { OR: [{ role: 'USER' }, { authorId: 1 }] }, take: 5 }),
    'estimated',
  ],
  [
    'a page',
    (prisma) =>
      prisma.message.findMany({ where: { role: 'USER' }, orderBy: { createdAt: 'desc' }, take: 5, skip: 10 }),
    'exact',
  ],
]

describe.each(['mysql', 'postgresql'] as const)('X50 what is planned on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let client: PrismaClient
  let log: StatementLog
  beforeAll(async () => {
    database = await createDatabase(provider as Provider, { seed: 0.01 })
    ;({ client, log } = database.createRecordedClient())
  })
  afterAll(() => database?.drop())

  test.each(asks)('%s', async (_, ask, planned) => {
    log.clear()
    await ask(client)
    const sent = log.sql().map(plain)
    const call = ask.toString().replace(/^\(?prisma\)?\s*=>\s*/, '')
    const [shapes = []] = await shapesOfCalls(provider, [call])
    const queries = shapes.flatMap((shape) => queryOfShape(shape, true) ?? [])
    const exact = queries.filter((each) => each.isExact)
    for (const { sql } of exact) expect(sent.flatMap(parts)).toContain(plain(sql))
    expect(exact.length > 0 ? 'exact' : 'estimated').toBe(planned)
  })

  test('whatever is called exact is sent, over the whole grammar', async () => {
    let exact = 0
    await forSeeds(
      30,
      async (random) => {
        const calls = Array.from({ length: 25 }, () => randomCall(random))
        const shapes = await shapesOfCalls(provider, calls)
        const code = `export default [${calls.map((call) => `(prisma) => ${call}`).join(',\n')}]`
        const { default: made } = (await import(`data:text/javascript,${encodeURIComponent(code)}`)) as {
          default: readonly Ask[]
        }
        for (const [at, call] of calls.entries()) {
          log.clear()
          // Some combinations Prisma refuses.
          const isSent = await made[at]?.(client).then(
            () => true,
            () => false,
          )
          if (!isSent) continue
          const sent = log
            .sql()
            .map(plain)
            .flatMap(parts)
            // MySQL skips no rows without a limit.
            .flatMap((sql) =>
              provider === 'mysql' && call.includes('skip') ? [sql, sql.replaceAll(' limit ?', '')] : [sql],
            )
            .map(unordered)
          for (const shape of shapes[at] ?? []) {
            const asked = queryOfShape(shape, true)
            if (asked?.isExact !== true) continue
            exact++
            expect([call, sent]).toEqual([call, expect.arrayContaining([unordered(plain(asked.sql))])])
          }
        }
      },
      { seconds: 6, atLeast: 3 },
    )
    if (process.env['BRISK_SEED'] === undefined) expect(exact).toBeGreaterThan(10)
  }, 120_000)
})

interface Model {
  readonly scalars: readonly string[]
  readonly orders: readonly string[]
  readonly one: Readonly<Record<string, string>>
  readonly many: Readonly<Record<string, string>>
}

const MODELS: Readonly<Record<string, Model>> = {
  user: {
    scalars: [
      "role: 'TUTOR'",
      "name: 'x'",
      'deletedAt: null',
      "name: { startsWith: 'x' }",
      'id: { in: [1, 2] }',
      'tutorId: 1',
      "email: { not: 'x' }",
    ],
    orders: ['createdAt', 'name', 'id', 'email'],
    one: { tutor: 'user' },
    many: { messages: 'message', students: 'user', insights: 'insight' },
  },
  message: {
    scalars: [
      "role: 'USER'",
      "body: 'x'",
      'tokens: { gt: 3 }',
      'authorId: 1',
      'tokens: null',
      "body: { contains: 'x' }",
      'id: 3',
    ],
    orders: ['createdAt', 'tokens', 'id'],
    one: { author: 'user', replyTo: 'message' },
    many: { replies: 'message' },
  },
  insight: {
    scalars: ['read: true', "title: 'x'", 'userId: 1', 'createdAt: { lt: new Date(0) }'],
    orders: ['createdAt', 'title', 'id'],
    one: { user: 'user' },
    many: { recommendations: 'recommendation' },
  },
  recommendation: {
    scalars: ['priority: 1', "title: 'x'", 'acknowledgedAt: { not: null }', 'userId: 1'],
    orders: ['priority', 'id'],
    one: { user: 'user', insight: 'insight' },
    many: {},
  },
}

/** Every filter, order, bound and selection, beside and within each other. */
function randomCall(random: Random): string {
  const model = (name: string) => MODELS[name] as Model
  const where = (name: string, depth: number): string => {
    const { scalars, one, many } = model(name)
    const parts: string[] = random.sample(scalars, random.int(0, 2))
    if (depth > 0 && random.chance(0.7)) {
      const [field, target] = random.pick(Object.entries({ ...one, ...many }))
      const inner = random.chance(0.1) ? '{}' : where(target, depth - 1)
      const quantifier = random.pick(field in many ? ['some', 'none', 'every'] : ['is', 'isNot', ''])
      parts.push(
        random.chance(0.08) && field in one && target !== 'user'
          ? `${field}: null`
          : `${field}: ${quantifier === '' ? inner : `{ ${quantifier}: ${inner} }`}`,
      )
    }
    const own = `{ ${[...new Map(parts.map((each) => [each.split(':')[0], each])).values()].join(', ')} }`
    if (!random.chance(0.15)) return own
    return random.pick([
      `{ AND: [${own}, { ${random.pick(scalars)} }] }`,
      `{ OR: [${own}, { ${random.pick(scalars)} }] }`,
      `{ NOT: ${own} }`,
    ])
  }
  const order = (name: string): string => {
    const { orders, one, many } = model(name)
    const sort = () => random.pick(["'asc'", "'desc'"])
    const key = () => {
      if (random.chance(0.15) && Object.keys(one).length > 0) {
        const [field, target] = random.pick(Object.entries(one))
        return `{ ${field}: { ${random.pick(model(target).orders)}: ${sort()} } }`
      }
      if (random.chance(0.1) && Object.keys(many).length > 0)
        return `{ ${random.pick(Object.keys(many))}: { _count: ${sort()} } }`
      return `{ ${random.pick(orders)}: ${sort()} }`
    }
    return random.chance(0.5) ? key() : `[${random.list(1, 2, key).join(', ')}]`
  }
  const bounds = (name: string): string[] => [
    ...(random.chance(0.5) ? [`orderBy: ${order(name)}`] : []),
    ...(random.chance(0.4) ? [`take: ${random.pick(['5', '5', '5', '-5'])}`] : []),
    ...(random.chance(0.2) ? ['skip: 2'] : []),
    ...(random.chance(0.1) ? ['cursor: { id: 1 }'] : []),
    ...(random.chance(0.1) ? [`distinct: ['${random.pick(model(name).orders)}']`] : []),
  ]
  const selection = (name: string, depth: number): string[] => {
    if (random.chance(0.5)) return []
    const { orders, one, many } = model(name)
    const relation = random.pick(Object.entries({ ...one, ...many }))
    const [field, target] = relation
    const inner =
      field in many
        ? `{ ${[`where: ${where(target, depth - 1)}`, ...bounds(target), ...(depth > 0 ? selection(target, depth - 1) : [])].join(', ')} }`
        : 'true'
    const counted =
      Object.keys(many).length > 0 ? `_count: { select: { ${random.pick(Object.keys(many))}: true } }` : ''
    return random.pick([
      [`include: { ${field}: ${inner} }`],
      [`select: { ${[`${random.pick(orders)}: true`, `${field}: ${inner}`].join(', ')} }`],
      [`include: { ${counted} }`],
      [`select: { ${random.pick(orders)}: true }`],
    ])
  }
  const name = random.pick(Object.keys(MODELS))
  const filter = random.chance(0.85) ? [`where: ${where(name, 2)}`] : []
  const operation = random.pick(['findMany', 'findMany', 'findMany', 'findFirst', 'count'])
  // It is of one row by itself.
  const isBounded = (each: string) => operation !== 'findFirst' || !each.startsWith('take')
  const args =
    operation === 'count'
      ? bounds(name).filter((each) => !each.startsWith('distinct'))
      : [...bounds(name).filter(isBounded), ...selection(name, 1)]
  return `prisma.${name}.${operation}({ ${[...filter, ...args].join(', ')} })`
}
