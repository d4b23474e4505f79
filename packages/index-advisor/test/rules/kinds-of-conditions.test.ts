import { adviceOn } from '../support/small-project.ts'

/** Rules by the type of a column and by the kind of a condition. */

const models = (attributes = '') => `
model Account {
  id        Int       @id
  history   Json
  plain     Json      @db.Json
  tags      String[]
  email     String
  name      String    @db.Citext
  amount    Int
  createdAt DateTime
  deletedAt DateTime?
  subscription String
${attributes}
}`
const on = (source: string, attributes = '', migrations?: string) =>
  adviceOn({ models: models(attributes), source, migrations })
const sql = (where: string, attributes?: string, migrations?: string) =>
  on(
    `export const q = (v: any) => prisma.$queryRaw\`SELECT id FROM "Account" a WHERE ${where}\`\n`,
    attributes,
    migrations,
  )
const find = (where: string, attributes?: string) =>
  on(`export const q = (v: any) => prisma.account.findMany({ where: ${where} })\n`, attributes)

describe('KA-A14 what a Json document holds', () => {
  test.each([
    ['find', '{ history: { array_contains: [{ id: v }] } }', ['Account(history jsonb_path_ops) using Gin']],
    ['sql', '"history" @> ${v}::jsonb', ['Account(history jsonb_path_ops) using Gin']],
    ['sql', '("history")::jsonb @> ${v}', ['Account(history jsonb_path_ops) using Gin']],
    ['sql', `a."history" @? '$.a'`, ['Account(history jsonb_path_ops) using Gin']],
    ['sql', `"history" ? 'a'`, ['Account(history) using Gin']],
    ['sql', `"history" ?| ARRAY['a'] AND "history" @> \${v}`, ['Account(history) using Gin']],
    ['find', '{ history: { path: ["a"], equals: v } }', []],
    ['find', '{ history: { path: ["a"], array_contains: v } }', []],
    ['find', '{ history: { equals: v } }', []],
    ['find', '{ plain: { array_contains: v } }', []],
    ['sql', `"history" <@ \${v}`, []],
    ['sql', `"history"->>'a' = \${v}`, []],
    ['sql', '"tags" @> ARRAY[${v}]', ['Account(tags) using Gin']],
  ])('KA-A14 %s %s', async (kind, where, expected) => {
    const { ids } = await (kind === 'sql' ? sql(where) : find(where))
    expect(ids).toEqual(expected)
  })

  test('KA-A14 an index whose operators answer is enough; one whose operators do not is none', async () => {
    const small = '@@index([history(ops: JsonbPathOps)], type: Gin)'
    expect((await find('{ history: { array_contains: [v] } }', small)).ids).toEqual([])
    expect((await sql(`"history" ? 'a'`, small)).ids).toEqual(['Account(history) using Gin'])
    const large = '@@index([history], type: Gin)'
    expect((await sql(`"history" ? 'a' AND "history" @> \${v}`, large)).ids).toEqual([])
  })

  test('KA-A14 the line is one that Prisma reads back as the same', async () => {
    const { run } = await find('{ history: { array_contains: [v] } }')
    const [only] = run.advice.recommendations
    expect(only).toMatchObject({
      prisma: '@@index([history(ops: JsonbPathOps)], type: Gin)',
      sql: 'CREATE INDEX CONCURRENTLY IF NOT EXISTS "Account_history_idx" ON "Account" USING GIN ("history" jsonb_path_ops);',
    })
    expect((await find('{ history: { array_contains: [v] } }', only!.prisma)).ids).toEqual([])
  })

  test('KA-B16 an arm of an OR that a GIN index finds is no scan', async () => {
    const either = '{ OR: [{ subscription: v }, { history: { array_contains: [{ id: v }] } }] }'
    expect((await find(either)).ids).toEqual([
      'Account(history jsonb_path_ops) using Gin',
      'Account(subscription)',
    ])
    expect((await find(either, '@@index([history(ops: JsonbPathOps)], type: Gin)')).ids).toEqual([
      'Account(subscription)',
    ])
    expect((await find('{ OR: [{ tags: { has: v } }, { email: { contains: v } }] }')).ids).toEqual([])
    expect(
      (
        await find(
          '{ OR: [{ subscription: v }, { email: { contains: v } }] }',
          '@@index([email(ops: raw("gin_trgm_ops"))], type: Gin)',
        )
      ).ids,
    ).toEqual(['Account(subscription)'])
  })
})

describe('KA-N4 KA-B15 a function of a column', () => {
  test.each([
    [
      'DATE("createdAt") = ${v}',
      'ask for a range instead, "createdAt" >= the first moment AND "createdAt" < the one after the last',
    ],
    ['a."createdAt"::date = ${v}', 'ask for a range instead'],
    [`date_trunc('month', "createdAt") = \${v}`, 'ask for a range instead'],
    ['EXTRACT(YEAR FROM "createdAt") = ${v}', 'ask for a range instead'],
    ['lower("email") = lower(${v})', 'CREATE INDEX ON "Account" (lower("email"))'],
    ['upper(a."email") IN (${v}, ${v})', 'CREATE INDEX ON "Account" (upper("email"))'],
    [
      `to_tsvector('english', "email") @@ plainto_tsquery(\${v})`,
      `USING GIN (to_tsvector('english', "email"))`,
    ],
  ])('KA-N4 KA-B15 %s', async (where, said) => {
    const { run } = await sql(where)
    expect(run.advice.findings).toEqual([
      expect.objectContaining({
        kind: 'compared-expression',
        at: 'src/q.ts:3:30',
        reason: expect.stringContaining(said) as unknown,
      }),
    ])
  })

  test.each([
    'abs("amount") = ${v}',
    '"amount" + 1 = ${v}',
    'length("email") > ${v}',
    'lower("name") = ${v}',
    'COALESCE("deletedAt", now()) > ${v}',
    'md5("email") = ${v}',
  ])('KA-N4 %s → nothing that would not help', async (where) => {
    expect((await sql(where)).reasons).toEqual([])
  })

  test('KA-B15 an index on the expression exists → nothing', async () => {
    const { reasons } = await sql(
      'lower("email") = ${v}',
      '',
      'CREATE TABLE "Account" ("id" INTEGER, "email" TEXT);\nCREATE INDEX i ON "Account"(lower("email"));',
    )
    expect(reasons).toEqual([])
  })

  test('KA-B15 an equality in any case is told from a search inside', async () => {
    const { reasons } = await find('{ email: { equals: v, mode: "insensitive" } }')
    expect(reasons).toEqual([expect.stringContaining('is compared in any case, which Prisma sends as ILIKE')])
    const inside = await find('{ email: { contains: v } }')
    expect(inside.reasons).toEqual([expect.stringContaining('is searched inside: only a trigram index')])
  })

  const title = '@@index([subscription])'
  test.each([
    [
      'find',
      '{ subscription: v, email: { contains: v } }',
      'in the rows that Account_subscription_idx finds by subscription: a trigram',
    ],
    [
      'find',
      '{ subscription: v, email: { startsWith: v } }',
      'by its beginning, in the rows that Account_subscription_idx finds',
    ],
    ['find', '{ OR: [{ id: 1 }, { email: { contains: v } }] }', 'is searched inside: only a trigram'],
    ['find', '{ deletedAt: null, email: { contains: v } }', 'is searched inside: only a trigram'],
    ['sql', `"email" LIKE 'Nam%'`, 'by its beginning:'],
    ['sql', `"email" LIKE 'Nam%' ESCAPE '!'`, 'by its beginning:'],
    ['sql', '"email" LIKE concat(${v}, \'%\')', 'by its beginning:'],
    ['sql', '"email" LIKE ${v + "%"}', 'by its beginning:'],
    ['sql', '"email" LIKE ${`${v}%`}', 'by its beginning:'],
    ['sql', '"email" LIKE ${"Nam%"}', 'by its beginning:'],
    ['sql', '"email" LIKE ${"%" + v + "%"}', 'is searched inside:'],
    ['sql', '"email" LIKE ${`%${v}%`}', 'is searched inside:'],
    ['sql', `"email" LIKE '%Nam'`, 'is searched inside:'],
    ['sql', '"email" LIKE ${v}', 'is searched inside:'],
  ])('BA13 %s %s → %s', async (kind, where, said) => {
    const { reasons } = await (kind === 'sql' ? sql(where) : find(where, title))
    expect(reasons).toEqual([expect.stringContaining(said)])
  })

  test.each(['{ name: { contains: v } }', '{ tags: { has: v } }', '{ history: { string_contains: v } }'])(
    'KA-N4 trigrams are for text alone: %s',
    async (where) => {
      expect((await find(where)).remarks).toEqual([])
    },
  )
})

describe('BA18 NULLs where no declared index has them', () => {
  const last = `{ deletedAt: { sort: 'desc', nulls: 'last' } }`
  const made = (key: string) =>
    `CREATE TABLE "Account" ("id" INTEGER, "amount" INTEGER, "deletedAt" TIMESTAMP);\nCREATE INDEX i ON "Account"(${key});`
  const page = (args: string, migrations?: string) =>
    on(`export const q = (v: any) => prisma.account.findMany({ ${args} })\n`, '', migrations)
  const LAST = 'ON "Account"("deletedAt" DESC NULLS LAST);'

  test.each([
    [`orderBy: ${last}, take: 5`, undefined, [LAST]],
    [
      `where: { amount: v }, orderBy: [${last}, { id: 'asc' }], take: 5`,
      undefined,
      ['ON "Account"("amount", "deletedAt" DESC NULLS LAST, "id");'],
    ],
    [
      `orderBy: { deletedAt: { sort: 'asc', nulls: 'first' } }, take: v`,
      undefined,
      ['("deletedAt" NULLS FIRST)'],
    ],
    [`orderBy: ${last}, take: 5`, made('"deletedAt" DESC NULLS LAST'), []],
    [`orderBy: ${last}, take: 5`, made('"deletedAt" NULLS FIRST'), []],
    [`orderBy: ${last}, take: 5`, made('"deletedAt" DESC'), [LAST]],
    [`orderBy: ${last}, take: 5`, made('"deletedAt"'), [LAST]],
    [`orderBy: ${last}`, undefined, []],
    [`orderBy: { createdAt: { sort: 'desc', nulls: 'last' } }, take: 5`, undefined, []],
    [`orderBy: { deletedAt: { sort: 'asc', nulls: 'last' } }, take: 5`, undefined, []],
    [`where: { id: v }, orderBy: ${last}, take: 5`, undefined, []],
  ])('BA18 %s beside %s', async (args, migrations, expected) => {
    const { run } = await page(args, migrations)
    expect(run.advice.findings.flatMap((each) => (each.kind === 'nulls-order' ? each.change : []))).toEqual(
      expected.map((each) => expect.stringContaining(each)),
    )
    if (expected.length > 0)
      expect(run.advice.recommendations.map(({ prisma }) => prisma).join()).not.toContain('deletedAt')
  })

  test.each([
    ['"deletedAt" DESC NULLS LAST', [LAST], []],
    ['"deletedAt" DESC NULLS FIRST', [], ['Account(deletedAt)']],
    ['"createdAt" DESC NULLS LAST', [], ['Account(createdAt)']],
  ])('BA18 raw SQL: ORDER BY %s', async (order, changes, expected) => {
    const { run, ids } = await sql(`true ORDER BY ${order} LIMIT 5`)
    expect(run.advice.findings.flatMap((each) => each.change ?? [])).toEqual(
      changes.map((each) => expect.stringContaining(each)),
    )
    expect(ids).toEqual(expected)
  })
})

describe('KA-N6 a test for NULL is a column of few values', () => {
  test.each([
    ['{ deletedAt: null }', []],
    ['{ deletedAt: { equals: null } }', []],
    ['{ deletedAt: null, subscription: v }', ['Account(subscription, deletedAt)']],
    ['{ deletedAt: { not: null } }', []],
  ])('KA-N6 %s', async (where, expected) => {
    expect((await find(where)).ids).toEqual(expected)
  })

  const listed = async (
    provider: 'postgresql' | 'mysql' | 'sqlite',
    args: string,
    attributes = '',
  ): Promise<readonly string[]> => {
    const source = `export const q = (v: any) => prisma.task.findMany({ ${args} })\n`
    const { ids } = await adviceOn({
      provider,
      models: `model Task {
        id Int @id
        country String
        deletedAt DateTime?
        createdAt DateTime
        parentId Int?
        parent Task? @relation("tree", fields: [parentId], references: [id])
        children Task[] @relation("tree")
        ${attributes}
      }`,
      source,
    })
    return ids.filter((each) => each !== 'Task(parentId)')
  }
  const recent = `orderBy: { createdAt: 'desc' }`
  const deleted = '@@index([deletedAt, createdAt])'

  test.each([
    ['postgresql', `where: { deletedAt: null }, ${recent}, take: 9`, '', ['Task(createdAt)']],
    ['postgresql', `where: { parent: null }, ${recent}, take: 9`, '', ['Task(createdAt)']],
    [
      'postgresql',
      `where: { deletedAt: null, country: v }, ${recent}, take: 9`,
      '',
      ['Task(country, createdAt)'],
    ],
    ['postgresql', `where: { deletedAt: null }, ${recent}, take: 9`, deleted, ['Task(createdAt)']],
    [
      'postgresql',
      `where: { deletedAt: null }, orderBy: [{ deletedAt: 'asc' }, { createdAt: 'asc' }], take: 9`,
      deleted,
      [],
    ],
    ['postgresql', `where: { deletedAt: null }, ${recent}`, '', []],
    ['sqlite', `where: { deletedAt: null }, ${recent}, take: 9`, '', ['Task(deletedAt, createdAt)']],
    ['mysql', `where: { deletedAt: null }, ${recent}, take: 9`, '', ['Task(deletedAt, createdAt)']],
    ['sqlite', `where: { deletedAt: null }, ${recent}, take: 9`, deleted, []],
    ['mysql', `where: { deletedAt: null }, ${recent}, take: 9`, deleted, []],
  ] as const)('KA-N6 BA1 %s builds its order from %s %s', async (provider, args, attributes, expected) => {
    expect(await listed(provider, args, attributes)).toEqual(expected)
  })

  test.each([
    [0.01, true],
    [0.5, false],
  ])(
    'KA-N6 BA1 with %s of the rows NULL, to find them and sort is offered to a planner: %s',
    async (nullFraction, isOffered) => {
      const column = { nullFraction, distinct: 100, mostCommonFraction: null, width: 8, shares: null }
      const tried: string[] = []
      await adviceOn(
        {
          models: `model Task {\n  id Int @id\n  deletedAt DateTime?\n  createdAt DateTime\n}`,
          source: `export const q = () => prisma.task.findMany({ where: { deletedAt: null }, ${recent}, take: 9 })\n`,
        },
        {
          statistics: [
            { table: 'Task', schema: null, rows: 100_000, columns: new Map([['deletedAt', column]]) },
          ],
          selector: {
            select: async ({ candidates }) => {
              for (const each of candidates)
                tried.push(`${each.keys.map((key) => key.column).join()} ${each.isFirstChoice}`)
              return { chosen: [], rejected: [], findings: [] }
            },
          },
        },
      )
      expect(tried).toEqual(['createdAt true', ...(isOffered ? ['deletedAt false'] : [])])
    },
  )
})
