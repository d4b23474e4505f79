import { readFileSync } from 'node:fs'
import type { Finding } from '../../src/advice/advice.ts'
import { sarifReport } from '../../src/report/sarif-report.ts'
import { rules } from '../../src/rules/index.ts'
import { statisticsFindings } from '../../src/statistics/match-schema.ts'
import type { Statistics } from '../../src/statistics/statistics.ts'
import { adviceOn, type SmallProject } from '../support/small-project.ts'

/** What is said beside recommendations: under one name, of the database at hand, and not against each other. */

const BOOKING = `model Slot {
  roomId   Int
  day      Int
  bookings Booking[]
  @@id([roomId, day])
}
model Booking {
  id     Int    @id
  roomId Int
  day    Int
  guest  String
  slot   Slot   @relation(fields: [roomId, day], references: [roomId, day])
  @@index([roomId])
}
`

test.each([
  ['{ roomId: v, day: v }', ['Booking(roomId, day)'], []],
  ['{ day: v, roomId: v, guest: v }', ['Booking(roomId, day, guest)'], []],
  ['{ guest: v }', ['Booking(guest)'], ['partly-indexed-foreign-key Booking_roomId_idx']],
])(
  'KA-N5 a key that is indexed in part, and where: %s: said unless the index beside it mends that',
  async (where, ids, remarks) => {
    const said = await adviceOn({
      models: BOOKING,
      source: `export const q = (v: any) => prisma.booking.findMany({ where: ${where} })\n`,
    })
    expect([said.ids, said.remarks]).toEqual([ids, remarks])
  },
)

const MOSTLY_NULL = {
  table: 'User',
  schema: null,
  rows: 100_000,
  columns: new Map([
    ['externalId', { nullFraction: 0.999, distinct: 100, mostCommonFraction: null, width: 8, shares: null }],
  ]),
}
const user = (more: string) => `model User {\n  id Int @id\n  externalId String?\n  ${more}\n}\n`
const QUERY = `export const q = (externalId: string) => prisma.user.findMany({ where: { externalId } })\n`
const INDEX = 'CREATE INDEX "User_externalId_idx" ON "User"("externalId") WHERE ("externalId" IS NOT NULL);'
const TABLE = 'CREATE TABLE "User" ("id" INTEGER NOT NULL PRIMARY KEY, "externalId" TEXT);\n'

test.each<[string, Partial<SmallProject>, string[]]>([
  ['as it was', { models: user('') }, ['partial-index externalId']],
  ['with a whole index', { models: user('@@index([externalId])') }, ['partial-index externalId']],
  ['by hand, in a migration', { models: user(''), migrations: TABLE + INDEX }, []],
  [
    'with the preview feature',
    {
      models: user('@@index([externalId], where: { externalId: { not: null } })'),
      previewFeatures: ['partialIndexes'],
    },
    [],
  ],
])('X10 the hint to a partial index, %s: gone once it is followed', async (_, project, remarks) => {
  const said = await adviceOn({ models: '', source: QUERY, ...project }, { statistics: [MOSTLY_NULL] })
  expect(said.remarks).toEqual(remarks)
})

test('KA-A12 a table that was never analysed is named with its schema', async () => {
  const { run } = await adviceOn({
    models: `model A {\n  id Int @id\n  @@map("users")\n  @@schema("auth")\n}\nmodel B {\n  id Int @id\n  @@map("users")\n  @@schema("shop")\n}\n`,
    files: {
      'prisma/schema.prisma': `datasource db {\n  provider = "postgresql"\n  schemas = ["auth", "shop"]\n}\ngenerator client {\n  provider = "prisma-client"\n  output = "../generated"\n}\nmodel A {\n  id Int @id\n  @@map("users")\n  @@schema("auth")\n}\nmodel B {\n  id Int @id\n  @@map("users")\n  @@schema("shop")\n}\n`,
    },
  })
  const tables = ['auth', 'shop'].map((schema) => ({
    schema,
    name: 'users',
    partitioning: null,
    rows: -1,
    activity: { changedSinceAnalysed: 0 },
  }))
  const catalog = run.reading?.catalog
  if (catalog === undefined) throw new Error('no catalog')
  const statistics = { provider: 'postgresql', defaultSchema: 'public', tables } as unknown as Statistics
  expect(statisticsFindings(catalog, statistics).map((each) => each.reason)).toEqual([
    'auth.users was never analysed: run ANALYZE, then ask again.',
    'shop.users was never analysed: run ANALYZE, then ask again.',
  ])
})

/** What is said of the run or of a recommendation, by no rule. */
const OTHERS: readonly Finding['kind'][] = ['write-cost', 'statistics', 'unsupported', 'unread']

test('KA-A8 one name for each rule: in remarks, in SARIF, in the JSON and in the guide', async () => {
  const guide = readFileSync(new URL('../../../../docs/guide/index-rules.md', import.meta.url), 'utf8')
  const names = [...guide.matchAll(/^## (\S+)$/gm)].map(([, name]) => name)
  expect(names).toEqual(rules.map((rule) => rule.name))
  const source = readFileSync(new URL('../../src/advice/advice.ts', import.meta.url), 'utf8')
  const kinds = [...source.slice(source.indexOf('type FindingKind')).matchAll(/\| '([a-z-]+)'/g)].map(
    ([, kind]) => kind as Finding['kind'],
  )
  expect(kinds.length).toBeGreaterThan(15)
  expect(kinds.filter((kind) => !OTHERS.includes(kind) && !names.includes(kind))).toEqual([])

  const { run } = await adviceOn({
    models: `${BOOKING}${user('a Int\n  b Int\n  @@index([a])\n  @@index([a, b])\n  @@index([id])')}`,
    source: `export const q = (v: any) => prisma.user.findMany({ where: { externalId: { contains: v } } })
export const s = (v: any) => prisma.user.findMany({ where: { b: v } })\n`,
  })
  const { runs } = JSON.parse(sarifReport(run)) as {
    runs: [{ results: { ruleId: string }[]; tool: { driver: { rules: { id: string }[] } } }]
  }
  const [{ results, tool }] = runs
  expect(new Set(results.map((each) => each.ruleId))).toEqual(
    new Set([
      'query-index',
      'pattern-search',
      'redundant-index',
      'duplicate-index',
      'partly-indexed-foreign-key',
    ]),
  )
  expect(tool.driver.rules.map((rule) => rule.id)).toEqual(names)
  expect(run.advice.recommendations.map((each) => each.rule)).toEqual(['query-index'])
})
