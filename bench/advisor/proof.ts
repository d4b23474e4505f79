import pg from 'pg'

import { judgedWorkload } from '../../packages/index-advisor/src/selection/judged-workload.ts'
import { chooseByExtend } from '../../packages/index-advisor/src/selection/knapsack/extend.ts'
import { provingSelector } from '../../packages/index-advisor/src/selection/proving-selector.ts'
import {
  type SelectionItem,
  type Knapsack,
  totalBytes,
  totalCost,
} from '../../packages/index-advisor/src/selection/knapsack/knapsack.ts'
import { isBeginning } from '../../packages/index-advisor/src/selection/variants.ts'
import { CostMatrix, tableKey } from '../../packages/index-advisor/src/planner/cost-matrix.ts'
import { pglitePlanner } from '../../packages/index-advisor/src/planner/what-if/pglite-planner.ts'
import type { HypotheticalIndex, Planner } from '../../packages/index-advisor/src/planner/planner.ts'
import { indexSize } from '../../packages/index-advisor/src/size/index-size.ts'
import { exportPostgresStatistics } from '../../packages/index-advisor/src/statistics/export-postgres.ts'
import type { Row, SqlClient } from '../../packages/index-advisor/src/statistics/sql-client.ts'
import type { Statistics } from '../../packages/index-advisor/src/statistics/statistics.ts'
import type { Workload } from '../../packages/index-advisor/src/workload/workload.ts'
import { blogSql } from '../../test/support/blog-database.ts'
import { postgresUrl } from '../../test/support/servers.ts'
import { candidateOf, catalogOf } from '../../test/support/statistics-catalog.ts'
import { type Bench, median } from '../harness.ts'
import { blogCandidates, blogWorkload } from './blog-workload.ts'
import { chooseExhaustively } from './exhaustive.ts'
import { fidelityCases } from './fidelity-cases.ts'
import { measureFidelity } from './fidelity.ts'
import { pageCandidates, pageWorkload } from './page-workload.ts'
import { chooseSingleColumns } from './single-column-greedy.ts'

const POSTS = 1_000_000
const names = [
  'advisor/what-if/fidelity',
  'advisor/what-if/100-queries-20-candidates',
  'advisor/choice',
  'advisor/btree-size-error',
]

/** How true the planner and the size model are on a million rows, and how good the choice is. */
export async function runProof(bench: Bench): Promise<void> {
  if (!names.some((name) => bench.wants(name))) return
  const blog = await openBlog()
  try {
    await fidelity(bench, blog)
    await sizes(bench, blog)
    const statistics = await exportPostgresStatistics(blog)
    const planner = await pglitePlanner(statistics)
    try {
      await whatIf(bench, statistics, planner)
      await choices(bench, statistics, planner)
    } finally {
      await planner.close()
    }
  } finally {
    await blog.end()
  }
}

/** A million posts take half a minute to make, so the database stays on the server for the next run. */
async function openBlog(): Promise<SqlClient & { end(): Promise<void> }> {
  const name = `brisk_bench_blog_${POSTS}`
  const admin = new pg.Client({ connectionString: postgresUrl() })
  await admin.connect()
  const { rowCount } = await admin.query('select 1 from pg_database where datname = $1 and datistemplate', [
    name,
  ])
  if (rowCount === 0) {
    await admin.query(`drop database if exists ${name}`)
    await admin.query(`create database ${name}`)
  }
  const url = new URL(postgresUrl())
  url.pathname = `/${name}`
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  if (rowCount === 0) {
    await client.query(blogSql(POSTS))
    await client.query('vacuum analyze')
    // Marks it as complete.
    await admin.query(`alter database ${name} is_template true`)
  }
  await admin.end()
  return {
    query: async (sql, parameters) => (await client.query<Row>(sql, parameters?.slice())).rows,
    end: () => client.end(),
  }
}

async function fidelity(bench: Bench, blog: SqlClient): Promise<void> {
  if (!bench.wants('advisor/what-if/fidelity')) return
  const results = await measureFidelity(blog)
  bench.limited(
    'advisor/what-if/fidelity',
    100 * median(results.map((each) => each.error)),
    '% median error',
    10,
  )
  const different = results.filter((each) => each.realShape !== each.foreseenShape).length
  bench.limited(
    'advisor/what-if/fidelity-shapes',
    different,
    `of ${results.length} plans of another shape`,
    3,
  )
}

/** Every index of the fidelity cases, and each column alone, built by PostgreSQL and foreseen from statistics. */
async function sizes(bench: Bench, blog: SqlClient): Promise<void> {
  if (!bench.wants('advisor/btree-size-error')) return
  const statistics = await exportPostgresStatistics(blog)
  const wanted = new Map<string, { table: string; columns: readonly string[] }>()
  for (const { index } of fidelityCases) {
    const columns = index.keys.flatMap((key) => key.column ?? [])
    if (index.predicate === null)
      wanted.set(`${index.table} ${columns.join()}`, { table: index.table, columns })
  }
  for (const table of statistics.tables) {
    for (const { name, type } of table.columns) {
      if (!type.endsWith('[]')) wanted.set(`${table.name} ${name}`, { table: table.name, columns: [name] })
    }
  }
  const errors: number[] = []
  for (const { table, columns } of wanted.values()) {
    const found = statistics.tables.find((each) => each.name === table)
    if (found === undefined) continue
    const foreseen = indexSize(statistics, found, { method: 'btree', columns, share: 1 }).pages
    await blog.query(
      `create index size_probe on "${table}" (${columns.map((column) => `"${column}"`).join(', ')})`,
    )
    const [row] = await blog.query(`select pg_relation_size('size_probe')::float8 / 8192 as pages`)
    await blog.query('drop index size_probe')
    errors.push(Math.abs(foreseen - Number(row?.['pages'])) / Number(row?.['pages']))
  }
  bench.limited(
    'advisor/btree-size-error',
    100 * median(errors),
    `% median error of ${errors.length} indexes`,
    10,
  )
}

async function whatIf(bench: Bench, statistics: Statistics, planner: Planner): Promise<void> {
  const name = 'advisor/what-if/100-queries-20-candidates'
  if (!bench.wants(name)) return
  const catalog = catalogOf(statistics)
  const workload = await blogWorkload()
  const candidates = blogCandidates.map(([model, keys]) => candidateOf(catalog, model, keys))
  if (workload.queries.length !== 100 || candidates.length !== 20)
    throw new Error('not 100 queries and 20 candidates')
  const started = performance.now()
  const choice = await provingSelector({ statistics, planner, workload }).select({
    catalog,
    shapes: [],
    candidates,
    minRows: 500,
    maxIndexesPerTable: Infinity,
  })
  const seconds = (performance.now() - started) / 1000
  if (choice.chosen.length === 0) throw new Error('nothing was chosen')
  bench.limited(name, seconds, 's', 6)
}

async function choices(bench: Bench, statistics: Statistics, planner: Planner): Promise<void> {
  if (!bench.wants('advisor/choice')) return
  const dozen = await problemOf(statistics, planner, await blogWorkload(), blogCandidates.slice(0, 12))
  const [ours, best] = [await chooseByExtend(dozen.problem), await chooseExhaustively(dozen.problem)]
  bench.compared(
    'advisor/choice',
    await totalCost(dozen.problem, ours),
    'cost',
    'exhaustive',
    await totalCost(dozen.problem, best),
    0.99,
  )

  const singles = statistics.tables.flatMap((table) =>
    table.columns
      .filter((column) => !column.type.endsWith('[]'))
      .map((column) => [table.name, column.name] as const),
  )
  const wide = await problemOf(statistics, planner, await pageWorkload(), [...pageCandidates, ...singles])
  const greedy = await chooseSingleColumns(wide.problem, wide.perQuery, (item) => !item.id.includes(','))
  const within = { ...wide.problem, budgetBytes: 1.5 * totalBytes(greedy) }
  const chosen = await chooseByExtend(within)
  bench.compared(
    'advisor/choice',
    await wide.problem.cost(chosen),
    'cost',
    'single-column-greedy',
    await wide.problem.cost(greedy),
    2,
  )
  bench.limited(
    'advisor/choice-bytes',
    totalBytes(chosen) / totalBytes(greedy),
    "× the greedy choice's bytes",
    1.5,
  )
}

interface Problem {
  readonly problem: Knapsack
  readonly perQuery: readonly ((chosen: readonly SelectionItem[]) => Promise<number>)[]
}

/** Cost alone decides here, as both contenders see it: no upkeep. */
async function problemOf(
  statistics: Statistics,
  planner: Planner,
  workload: Workload,
  wanted: readonly (readonly [table: string, keys: string])[],
): Promise<Problem> {
  const { queries } = await judgedWorkload(catalogOf(statistics), [], [], statistics, workload, 1)
  const indexes = new Map<string, HypotheticalIndex>()
  for (const [table, keys] of wanted) {
    const id = `${table}(${keys.replace(/ desc$/, keys.includes(',') ? ' desc' : '')})`
    indexes.set(id, {
      id,
      schema: 'public',
      table,
      keys: keys.split(', ').map((key) => ({
        column: key.replace(/ desc$/, ''),
        expression: null,
        sort: key.endsWith(' desc') && keys.includes(',') ? 'desc' : 'asc',
        operatorClass: null,
      })),
      predicate: null,
      method: 'btree',
    })
  }
  const items: SelectionItem[] = []
  for (const index of indexes.values()) {
    const others = [...indexes.values()].filter((other) => other !== index && other.table === index.table)
    const ids = (found: readonly HypotheticalIndex[]) => new Set(found.map((each) => each.id))
    items.push({
      id: index.id,
      table: tableKey(index.schema, index.table),
      bytes: await planner.indexBytes(index),
      upkeep: 0,
      excludes: ids(
        others.filter((other) => isBeginning(index.keys, other.keys) || isBeginning(other.keys, index.keys)),
      ),
      extends: ids(others.filter((other) => isBeginning(other.keys, index.keys))),
    })
  }
  const matrix = new CostMatrix(planner)
  matrix.setUniverse([...indexes.values()])
  const known = new Map<string, number>()
  const costOf = async (at: number, chosen: readonly SelectionItem[]): Promise<number> => {
    const query = queries[at]
    if (query === undefined) return 0
    const relevant = chosen.filter((item) => query.query.tables.has(item.table))
    const key = `${at}|${relevant.map((item) => item.id).join('|')}`
    const found = known.get(key)
    if (found !== undefined) return found
    const cost =
      (await matrix.cost(
        query.query,
        relevant.flatMap((item) => indexes.get(item.id) ?? []),
      )) * query.calls
    known.set(key, cost)
    return cost
  }
  return {
    problem: {
      items,
      budgetBytes: Infinity,
      room: () => Infinity,
      cost: async (chosen) => {
        let sum = 0
        for (const at of queries.keys()) sum += await costOf(at, chosen)
        return sum
      },
    },
    perQuery: queries.map((_, at) => (chosen: readonly SelectionItem[]) => costOf(at, chosen)),
  }
}
