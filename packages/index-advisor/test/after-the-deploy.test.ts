import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { type Client, createClient } from '@libsql/client'
import { forSeeds, Random } from '../../../test/support/random.ts'
import { adviseOn, collect } from '../src/advise.ts'
import type { AdviceRun } from '../src/advice-run.ts'
import { withStatistics } from '../src/catalog/with-statistics.ts'
import { planMigration } from '../src/migration/migration-plan.ts'
import type { Planner } from '../src/planner/planner.ts'
import { sqlitePlanner } from '../src/planner/sqlite-planner.ts'
import { pglitePlanner } from '../src/planner/what-if/pglite-planner.ts'
import { provingSelector } from '../src/selection/proving-selector.ts'
import { exportPostgresStatistics } from '../src/statistics/export-postgres.ts'
import { exportSqliteStatistics } from '../src/statistics/export-sqlite.ts'
import { catalogStatistics } from '../src/statistics/match-schema.ts'
import type { Row, SqlClient } from '../src/statistics/sql-client.ts'
import type { Statistics } from '../src/statistics/statistics.ts'
import { type Workload, WorkloadBuilder } from '../src/workload/workload.ts'
import { workloadShapes } from '../src/workload/workload-shapes.ts'

/**
 * What was advised, written and deployed is not advised on again, nor called superfluous: the first choice and every later
 * judgement are one rule. On random schemas, questions and data, in databases that hold the indexes really.
 */

type Provider = 'postgresql' | 'sqlite'

interface Field {
  readonly name: string
  readonly type: 'Int' | 'Boolean' | 'String'
  readonly isNullable: boolean
  /** Distinct values, and the share of NULLs. */
  readonly values: number
  readonly nulls: number
}

/** Updated rows for each row of the table while the server counted. */
const UPDATES = [0, 0, 10, 500]

interface World {
  readonly provider: Provider
  readonly fields: readonly Field[]
  readonly rows: number
  readonly indexes: readonly (readonly string[])[]
  readonly isPartialAllowed: boolean
  readonly source: string
  /** SQL of a workload with its calls. */
  readonly statements: readonly { readonly sql: string; readonly calls: number; readonly totalMs: number }[]
  /** Updates for each row that the server has counted; most of them heap-only. */
  readonly updates: number
  readonly options: { readonly writeWeight?: number; readonly maxIndexesPerTable?: number }
}

function randomWorld(random: Random, provider: Provider): World {
  const fields = ['a', 'b', 'c', 'd', 'e'].map((name): Field => {
    const isNullable = random.chance(0.4)
    const type = random.pick(['Int', 'Int', 'Int', 'Boolean', 'String'] as const)
    return {
      name,
      type,
      isNullable,
      values: type === 'Boolean' ? 2 : random.pick([3, 20, 400, 10_000]),
      nulls: isNullable ? random.pick([0.01, 0.5, 0.97]) : 0,
    }
  })
  const names = fields.map((each) => each.name)
  const some = (most: number) => random.sample(names, random.int(1, most))
  const condition = (name: string): string => {
    const field = fields.find((each) => each.name === name) as Field
    const forms = [`${name}: v`, `${name}: v`, `${name}: v`]
    if (field.type !== 'Boolean') forms.push(`${name}: { in: [v, v] }`, `${name}: { gte: v }`)
    else forms.push(`${name}: true`)
    if (field.isNullable) forms.push(`${name}: null`, `${name}: { not: null }`)
    return random.pick(forms)
  }
  const call = (): string => {
    const where = [...some(3).map(condition), ...(random.chance(0.3) ? ['ownerId: v'] : [])]
    const order = some(2).map((name) => `{ ${name}: '${random.pick(['asc', 'desc'])}' }`)
    const parts = [
      ...(random.chance(0.85) ? [`where: { ${where.join(', ')} }`] : []),
      ...(random.chance(0.6) ? [`orderBy: [${order.join(', ')}]`] : []),
      ...(random.chance(0.6) ? ['take: 20'] : []),
    ]
    return `prisma.item.findMany({ ${parts.join(', ')} })`
  }
  const calls = random.list(1, 6, call)
  const statement = () => {
    const where = some(2).map((name) => `"${name}" ${random.pick(['=', '=', '>'])} $1`)
    const order = random.chance(0.5) ? ` ORDER BY "${random.pick(names)}" LIMIT 20` : ''
    const calls = random.pick([2, 50, 3_000])
    return {
      sql: `SELECT * FROM "Item" WHERE ${where.map((each, at) => each.replace('$1', `$${at + 1}`)).join(' AND ')}${order}`,
      calls,
      totalMs: calls * random.pick([1, 5, 600]),
    }
  }
  const updated = (): string => {
    const set = some(2).map((name) => `${name}: v`)
    const where = random.pick(['id: v', ...names.map((name) => `${name}: v`)])
    return `prisma.item.updateMany({ where: { ${where} }, data: { ${set.join(', ')} } })`
  }
  const update = () => {
    const calls = random.pick([50, 3_000, 100_000])
    const [set, where] = [random.pick(names), random.pick(['id', ...names])]
    return { sql: `UPDATE "Item" SET "${set}" = $1 WHERE "${where}" = $2`, calls, totalMs: calls }
  }
  return {
    provider,
    fields,
    rows: random.pick([2_000, 20_000]),
    indexes: [...new Map(random.list(0, 2, () => some(2)).map((each) => [each.join(), each])).values()],
    isPartialAllowed: random.chance(0.4),
    source: [...calls, ...random.list(0, 2, updated)]
      .map((each, at) => `export const q${at} = (v: any) => ${each}`)
      .join('\n'),
    statements: random.chance(0.4)
      ? [
          ...random.list(1, 4, statement),
          ...random.list(0, 2, update),
          ...(random.chance(0.5)
            ? [{ sql: 'INSERT INTO "Item" ("id") VALUES ($1)', calls: 20_000, totalMs: 20_000 }]
            : []),
        ]
      : [],
    updates: random.pick(UPDATES),
    options: {
      ...(random.chance(0.3) ? { writeWeight: random.int(1, 4) } : {}),
      ...(random.chance(0.2) ? { maxIndexesPerTable: random.int(2, 4) } : {}),
    },
  }
}

function schemaOf({ provider, fields, indexes, isPartialAllowed }: World): string {
  const preview = isPartialAllowed ? '\n  previewFeatures = ["partialIndexes"]' : ''
  return `datasource db {
  provider = "${provider}"
}
generator client {
  provider = "prisma-client"
  output   = "../generated"${preview}
}
model Owner {
  id    Int    @id
  items Item[]
}
model Item {
  id      Int   @id
  owner   Owner @relation(fields: [ownerId], references: [id])
  ownerId Int
${fields.map(({ name, type, isNullable }) => `  ${name} ${type}${isNullable ? '?' : ''}\n`).join('')}
${indexes.map((keys) => `  @@index([${keys.join(', ')}])\n`).join('')}}
`
}

function tablesOf({ fields, rows, indexes }: World): string[] {
  const types = { Int: 'INTEGER', Boolean: 'BOOLEAN', String: 'TEXT' }
  const column = ({ name, type, isNullable }: Field) =>
    `"${name}" ${types[type]}${isNullable ? '' : ' NOT NULL'}`
  // No column tells of another: what an index says of several when it is built is what was foreseen.
  const random = new Random(rows + indexes.length)
  const value = ({ type, values, nulls }: Field) => {
    if (random.chance(nulls)) return 'NULL'
    const number = random.int(1, values)
    return type === 'Int' ? String(number) : type === 'String' ? `'v${number}'` : String(number === 1)
  }
  const item = (id: number) => `(${[id, random.int(1, 500), ...fields.map(value)].join()})`
  const ids = Array.from({ length: rows }, (_, at) => at + 1)
  const insert = (table: string, values: readonly string[]) =>
    Array.from(
      { length: Math.ceil(values.length / 1000) },
      (_, at) => `INSERT INTO "${table}" VALUES ${values.slice(at * 1000, (at + 1) * 1000).join()}`,
    )
  return [
    'CREATE TABLE "Owner" ("id" INTEGER NOT NULL PRIMARY KEY)',
    `CREATE TABLE "Item" ("id" INTEGER NOT NULL PRIMARY KEY, "ownerId" INTEGER NOT NULL REFERENCES "Owner" ("id"), ${fields.map(column).join(', ')})`,
    ...insert(
      'Owner',
      ids.map((id) => `(${id})`),
    ),
    ...insert('Item', ids.map(item)),
    ...indexes.map(
      (keys) =>
        `CREATE INDEX "Item_${keys.join('_')}_idx" ON "Item" (${keys.map((each) => `"${each}"`).join(', ')})`,
    ),
  ]
}

let place: string
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), 'brisk-deployed-'))
  mkdirSync(join(place, 'src'))
})
afterEach(() => rmSync(place, { recursive: true, force: true }))

interface Database extends SqlClient {
  run(sql: string): Promise<void>
  statistics(): Promise<Statistics>
  planner(statistics: Statistics): Promise<Planner>
}

const CLIENT = `import { PrismaClient } from '../generated/client'
const prisma = new PrismaClient()
`

async function adviceOn(world: World, evidence: { statistics: Statistics; planner: Planner } | null) {
  const collected = await collect({ cwd: place, schema: 'schema.prisma' })
  if ('unsupported' in collected.reading) throw new Error('unsupported')
  const given = { cwd: place, source: ['src/**'], ...world.options }
  if (evidence === null) return adviseOn(collected, given)
  const { statistics, planner } = evidence
  const catalog = withStatistics(collected.reading.catalog, catalogStatistics(statistics))
  const workload = await workloadOf(world)
  return adviseOn(
    { ...collected, reading: { ...collected.reading, catalog } },
    {
      ...given,
      shapes: workload === null ? [] : await workloadShapes(workload, catalog),
      selector: provingSelector({ statistics, planner, workload }),
    },
  )
}

async function workloadOf({ statements }: World): Promise<Workload | null> {
  if (statements.length === 0) return null
  const builder = new WorkloadBuilder('postgresql')
  for (const each of statements) await builder.add({ ...each, rows: 10 })
  return builder.build('slow-query-log')
}

/** Advises, writes and deploys, then asks again: on the rules alone, or on what the database holds before and after. */
async function expectSettled(world: World, database: Database | null): Promise<number> {
  writeFileSync(join(place, 'schema.prisma'), schemaOf(world))
  writeFileSync(join(place, 'src/q.ts'), CLIENT + world.source)
  const planned = async (statistics: Statistics | null): Promise<AdviceRun> => {
    if (database === null || statistics === null) return adviceOn(world, null)
    const planner = await database.planner(statistics)
    try {
      return await adviceOn(world, { statistics, planner })
    } finally {
      await planner.close()
    }
  }
  for (const sql of database === null ? [] : tablesOf(world)) await database?.run(sql)
  const before = database === null ? null : await counted(database, world)
  const first = await planned(before)
  expectEachPays(first)
  const { changes } = planMigration({
    run: first,
    drops: [],
    history: null,
    now: new Date(0),
    prismaVersion: null,
  })
  for (const { path, text } of changes) writeFileSync(path, text)
  for (const { statement } of first.decisions) await database?.run(statement.sql.replace('CONCURRENTLY ', ''))
  const after = database === null ? null : await counted(database, world)
  const again = await planned(after)
  const written = first.decisions.map(({ statement }) => statement.name)
  const replaced = first.decisions.flatMap(({ chosen }) => chosen.candidate.replaces)
  const told = (run: AdviceRun) => run.advice.findings.map(({ kind, index }) => `${kind} ${index}`)
  expect({
    recommended: again.advice.recommendations.map(({ id }) => id),
    written: again.advice.findings.filter((each) => written.includes(each.index)),
    new: told(again).filter(
      (each) => !told(first).includes(each) && !replaced.some((name) => each === `redundant-index ${name}`),
    ),
  }).toEqual({ recommended: [], written: [], new: [] })
  return written.length
}

/** No recommendation is without a gain of its own, or the beginning of another. */
function expectEachPays({ advice: { recommendations } }: AdviceRun): void {
  for (const { id, before, after, columns, sort, where, type } of recommendations) {
    if (before !== undefined && after !== undefined)
      expect([id, after.cost < before.cost * 0.99]).toEqual([id, true])
    const longer = recommendations.filter(
      (each) =>
        each.id !== id &&
        each.where === where &&
        each.type === type &&
        columns.every((column, at) => each.columns[at] === column) &&
        new Set(sort.map((direction, at) => direction === each.sort[at])).size === 1,
    )
    expect([id, longer.map((each) => each.id)]).toEqual([id, []])
  }
}

/** What the server has counted is that of the application, before and after. */
async function counted(database: Database, { rows, updates }: World): Promise<Statistics> {
  const statistics = await database.statistics()
  const activity = {
    inserted: rows,
    updated: rows * updates,
    deleted: 0,
    hotUpdated: rows * updates * 0.9,
    scans: 5_000,
    changedSinceAnalysed: 0,
  }
  return {
    ...statistics,
    tables: statistics.tables.map((table) => ({ ...table, activity: { ...table.activity, ...activity } })),
  }
}

/** A test of many projects without advice would prove nothing; one that is replayed may have none. */
function expectMany(written: number, least: number): void {
  if (process.env['BRISK_SEED'] === undefined) expect(written).toBeGreaterThan(least)
}

test.each<Provider>(['postgresql', 'sqlite'])(
  'KN10 %s by rules: what was written is settled',
  async (provider) => {
    let written = 0
    await forSeeds(
      100,
      async (random) => {
        written += await expectSettled(randomWorld(random, provider), null)
      },
      { seconds: 6, atLeast: 20 },
    )
    expectMany(written, 40)
  },
  240_000,
)

describe('KN10 PostgreSQL with statistics', () => {
  let pglite: PGlite
  beforeAll(async () => {
    pglite = await PGlite.create()
  }, 60_000)
  afterAll(() => pglite?.close())

  test('what was deployed is settled', async () => {
    const client: SqlClient = {
      query: async (sql, parameters) => (await pglite.query<Row>(sql, parameters?.slice())).rows,
    }
    const database: Database = {
      ...client,
      run: async (sql) => void (await pglite.exec(sql)),
      statistics: async () => {
        await pglite.exec('VACUUM ANALYZE')
        return exportPostgresStatistics(client)
      },
      planner: pglitePlanner,
    }
    let written = 0
    await forSeeds(
      6,
      async (random) => {
        await pglite.exec('DROP TABLE IF EXISTS "Item", "Owner"')
        written += await expectSettled(randomWorld(random, 'postgresql'), database)
      },
      { seconds: 6, atLeast: 2 },
    )
    expectMany(written, 0)
  }, 400_000)
})

test('KN10 SQLite with statistics: what was deployed is settled', async () => {
  let written = 0
  await forSeeds(
    30,
    async (random) => {
      const client: Client = createClient({ url: ':memory:' })
      const query: SqlClient['query'] = async (sql, parameters) =>
        (await client.execute({ sql, args: (parameters ?? []) as string[] })).rows
      const database: Database = {
        query,
        run: async (sql) => void (await client.execute(sql)),
        statistics: async () => {
          await client.execute('ANALYZE')
          return exportSqliteStatistics({ query })
        },
        planner: sqlitePlanner,
      }
      try {
        written += await expectSettled(randomWorld(random, 'sqlite'), database)
      } finally {
        client.close()
      }
    },
    { seconds: 6, atLeast: 10 },
  )
  expectMany(written, 15)
}, 240_000)
