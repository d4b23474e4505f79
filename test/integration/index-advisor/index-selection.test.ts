import type { Evidence } from '../../../packages/index-advisor/src/advice/advice.ts'
import { type Candidate, candidateId } from '../../../packages/index-advisor/src/candidate/candidate.ts'
import type { Catalog, CatalogTable } from '../../../packages/index-advisor/src/catalog/catalog.ts'
import type { IndexSelection } from '../../../packages/index-advisor/src/selection/index-selector.ts'
import {
  provingSelector,
  type ProvingSelectorOptions,
} from '../../../packages/index-advisor/src/selection/proving-selector.ts'
import { pricedAdvice } from '../../../packages/index-advisor/src/selection/priced-advice.ts'
import { upkeepOf } from '../../../packages/index-advisor/src/upkeep/upkeep.ts'
import { pglitePlanner } from '../../../packages/index-advisor/src/planner/what-if/pglite-planner.ts'
import type { Planner } from '../../../packages/index-advisor/src/planner/planner.ts'
import type { QueryShape } from '../../../packages/index-advisor/src/shape/query-shape.ts'
import { exportPostgresStatistics } from '../../../packages/index-advisor/src/statistics/export-postgres.ts'
import { findTable, type Statistics } from '../../../packages/index-advisor/src/statistics/statistics.ts'
import { readPgStatStatements } from '../../../packages/index-advisor/src/workload/pg-stat-statements.ts'
import {
  describeQuery,
  foreignKeyOf,
  workloadShapes,
} from '../../../packages/index-advisor/src/workload/workload-shapes.ts'
import { type Workload, WorkloadBuilder } from '../../../packages/index-advisor/src/workload/workload.ts'
import { blogSql } from '../../support/blog-database.ts'
import { type PostgresServer, startPostgres } from '../../support/postgres.ts'
import { type ConnectedClient, connectSql } from '../../support/sql-client.ts'
import { candidateOf, catalogOf } from '../../support/statistics-catalog.ts'

let server: PostgresServer
let client: ConnectedClient
let statistics: Statistics
let catalog: Catalog
let planner: Planner

beforeAll(async () => {
  server = await startPostgres({
    shared_preload_libraries: 'pg_stat_statements',
    'pg_stat_statements.track': 'all',
  })
  client = await connectSql(server.url)
  await client.query(blogSql(30_000))
  await client.query('create extension pg_stat_statements')
  await client.query('vacuum analyze')
  await client.query(`create table "Fresh" ("id" int primary key, "a" int not null);
    insert into "Fresh" select i, i % 100 from generate_series(1, 5000) i`)
  // Counters reach the statistics views when the session is done.
  await client.end()
  client = await connectSql(server.url)
  statistics = await exportPostgresStatistics(client)
  catalog = catalogOf(statistics)
  planner = await pglitePlanner(statistics)
}, 120_000)

afterAll(async () => {
  await planner?.close()
  await client?.end()
  await server?.kill()
})

interface Call {
  readonly sql: string
  readonly calls?: number
  readonly meanMs?: number
  readonly rows?: number
  readonly at?: string
}

async function workloadOf(
  calls: readonly Call[],
  source: Workload['source'] = 'slow-query-log',
): Promise<Workload> {
  const builder = new WorkloadBuilder('postgresql')
  for (const { sql, calls: times = 100, meanMs = 20, rows = 20, at = null } of calls) {
    await builder.add({ sql, calls: times, totalMs: times * meanMs, rows, at })
  }
  return builder.build(source)
}

interface Question {
  readonly workload?: Workload | null
  readonly candidates: readonly Candidate[]
  readonly shapes?: readonly QueryShape[]
  readonly minRows?: number
  readonly maxIndexesPerTable?: number
  readonly writeWeight?: number
  readonly options?: Partial<ProvingSelectorOptions>
  /** Default: as the statistics have it. */
  readonly schema?: Catalog
}

function select({
  workload = null,
  candidates,
  shapes = [],
  minRows = 500,
  maxIndexesPerTable = Infinity,
  writeWeight,
  options = {},
  schema = catalog,
}: Question): Promise<IndexSelection> {
  return provingSelector({ statistics, planner, workload, ...options }).select({
    catalog: schema,
    shapes,
    candidates,
    minRows,
    maxIndexesPerTable,
    writeWeight,
  })
}

/** The fingerprint ties a candidate to the statement it was made for. */
function wanted(workload: Workload, model: string, keys: string, at = 0): Candidate {
  const query = workload.queries[at]
  const evidence =
    query === undefined
      ? []
      : [{ kind: 'workload' as const, fingerprint: query.fingerprint, calls: query.calls }]
  return candidateOf(catalog, model, keys, { evidence })
}

function chosenKeys(selection: IndexSelection): string[] {
  return selection.chosen.map(
    ({ candidate }) => `${candidate.table.model}(${candidate.keys.map((key) => key.column).join(', ')})`,
  )
}

/** The first chosen index as the schema declares it from then on. */
function indexOf(selection: IndexSelection): CatalogTable['indexes'][number] {
  const candidate = selection.chosen[0]?.candidate
  if (candidate === undefined) throw new Error('nothing was chosen')
  return {
    name: 'written',
    kind: 'index',
    keys: candidate.keys,
    include: [],
    predicate: candidate.predicate,
    type: candidate.type,
    sources: [{ kind: 'schema', file: 'schema.prisma', line: 1 }],
  }
}

function reasonFor(selection: IndexSelection, fields: string): string | undefined {
  return selection.rejected.find((each) => each.fields.join(', ') === fields)?.reason
}

describe('X42 referential-integrity statements', () => {
  test('X42 are read from pg_stat_statements and attributed to the foreign key', async () => {
    await client.query('select pg_stat_statements_reset()')
    await client.query(`delete from "User" where "id" = 77`)
    await client.query(`delete from "Post" where "id" = 5`)
    await client.query(
      `insert into "Comment" ("postId", "createdAt", "flagged", "text") values (9, now(), false, '')`,
    )
    const workload = await readPgStatStatements(client)
    const referential = workload.queries.filter((query) => query.isReferential)
    const attributed = referential.map((query) => describeQuery(query, catalog) ?? '').sort()
    expect(attributed).toEqual([
      'foreign key Comment.Comment_authorId_fkey → User (onDelete: SetNull)',
      'foreign key Comment.Comment_postId_fkey → Post (onDelete: Cascade)',
      'foreign key Post.Post_authorId_fkey → User (onDelete: Cascade)',
      // The check of the inserted comment looks for its post by primary key.
      'referential integrity',
    ])
    const cascade = referential.find((query) => query.sql.startsWith('DELETE FROM ONLY "public"."Post"'))
    expect(cascade && foreignKeyOf(cascade, catalog)?.key.columns).toEqual(['authorId'])
    const shapes = await workloadShapes(workload, catalog)
    expect(shapes).toContainEqual(
      expect.objectContaining({
        table: 'Post',
        conditions: [expect.objectContaining({ column: 'authorId', operator: 'equals' })],
        evidence: expect.objectContaining({
          operation: 'foreign key Post.Post_authorId_fkey → User (onDelete: Cascade)',
        }),
      }),
    )
  })

  test('X12 X42 an index for a cascade is proved though no query of the application names the column', async () => {
    const selection = await select({
      workload: await workloadOf([{ sql: 'select * from "User" where "id" = $1' }]),
      candidates: [candidateOf(catalog, 'Comment', 'postId')],
    })
    expect(chosenKeys(selection)).toEqual(['Comment(postId)'])
    const [proof] = selection.chosen[0]?.proof?.queries ?? []
    expect(proof?.sql).toBe('delete from "Comment" where "postId" = $1')
    expect(selection.chosen[0]?.before?.cost).toBeGreaterThan(
      (selection.chosen[0]?.after?.cost ?? Infinity) * 5,
    )
  })
})

describe('X41 what is no reason for an index', () => {
  const byName = 'select * from "User" where "name" = $1'

  test('X41 a statement that the server cannot plan is named with its place and the words of the server', async () => {
    const workload = await workloadOf([
      { sql: 'select "name" from "User" group by $1', at: 'src/user.ts:3:1' },
      { sql: `select '4711'::int[]` },
    ])
    const { findings } = await select({ workload, candidates: [] })
    const [reason, ...others] = findings.filter((each) => each.kind === 'unread').map((each) => each.reason)
    expect(reason).toMatch(
      /^[0-9a-f]{16} at src\/user\.ts:3:1 is not judged: the server cannot plan it \(42803: column "User\.name" must appear in the GROUP BY clause/,
    )
    expect(others.join()).not.toContain('4711')
  })

  test('X41 a statement that is slow although its plan is cheap waits for something else', async () => {
    const slow = await workloadOf([{ sql: byName, meanMs: 5000 }])
    const selection = await select({ workload: slow, candidates: [wanted(slow, 'User', 'name')] })
    expect(selection.chosen).toEqual([])
    expect(reasonFor(selection, 'name')).toContain('waits for a lock, the network or the pool')
    const usual = await workloadOf([{ sql: byName, meanMs: 5 }])
    expect(
      chosenKeys(await select({ workload: usual, candidates: [wanted(usual, 'User', 'name')] })),
    ).toEqual(['User(name)'])
  })

  test('X41 a report that ran once', async () => {
    const workload = await workloadOf([{ sql: byName, calls: 1 }])
    const candidates = [wanted(workload, 'User', 'name')]
    expect(reasonFor(await select({ workload, candidates }), 'name')).toContain('ran only once')
    expect(chosenKeys(await select({ workload, candidates, options: { minCalls: 1 } }))).toEqual([
      'User(name)',
    ])
  })

  test('X41 a table of few rows', async () => {
    const workload = await workloadOf([{ sql: byName }])
    const selection = await select({
      workload,
      candidates: [wanted(workload, 'User', 'name')],
      minRows: 5000,
    })
    expect(reasonFor(selection, 'name')).toBe(
      'User has about 3000 rows: a scan is as fast (--min-rows 5000).',
    )
  })

  test('X41 a table that was never analysed: run ANALYZE, and until then rules decide, as without statistics', async () => {
    const selection = await select({ candidates: [candidateOf(catalog, 'Fresh', 'a')] })
    expect(selection.chosen).toMatchObject([
      {
        confidence: 'static',
        reason: expect.stringMatching(/Not proved: Fresh was never analysed, run ANALYZE\.$/),
      },
    ])
    expect(selection.rejected).toEqual([])
    expect(selection.findings).toContainEqual({
      kind: 'statistics',
      model: 'Fresh',
      index: '',
      reason: 'Fresh was never analysed: run ANALYZE, then ask again.',
    })
  })

  test('X41 stale statistics are said', async () => {
    const tables = statistics.tables.map((table) =>
      table.name === 'Post'
        ? { ...table, activity: { ...table.activity, changedSinceAnalysed: 15_000 } }
        : table,
    )
    const selection = await select({ candidates: [], options: { statistics: { ...statistics, tables } } })
    expect(selection.findings.map((each) => each.reason)).toContain(
      'Statistics of Post are stale (50 % of its rows changed since): run ANALYZE.',
    )
  })
})

describe('X50 proof', () => {
  test('X50 each recommendation has plans before and after for common, median, rare and generic values, and makes nothing worse', async () => {
    const workload = await workloadOf([
      { sql: 'select * from "Post" where "authorId" = $1 order by "createdAt" desc limit 20' },
      { sql: 'select * from "Post" where "status" = $1::"Status" and "score" > $2' },
      { sql: 'select count(*) from "Comment" where "postId" = $1' },
    ])
    const candidates = [
      wanted(workload, 'Post', 'authorId, createdAt desc', 0),
      wanted(workload, 'Post', 'status, score', 1),
      wanted(workload, 'Comment', 'postId', 2),
    ]
    const selection = await select({ workload, candidates })
    expect(chosenKeys(selection).sort()).toEqual([
      'Comment(postId)',
      'Post(authorId, createdAt)',
      'Post(status, score)',
    ])
    for (const chosen of selection.chosen) {
      expect(chosen.confidence).toBe('proved')
      const bindings = new Set(chosen.proof?.queries.map((query) => query.binding))
      expect([...bindings].sort()).toEqual(['common', 'generic', 'median', 'rare'])
      for (const query of chosen.proof?.queries ?? [])
        expect(query.after.cost).toBeLessThanOrEqual(query.before.cost * 1.01)
      expect(chosen.after?.cost).toBeLessThan(chosen.before?.cost ?? 0)
      expect(chosen.sizeBytes).toBeGreaterThan(8192)
      expect(chosen.writeCost).toBeGreaterThan(0)
    }
  })

  test('X50 an index that would help nothing is not recommended', async () => {
    const workload = await workloadOf([
      { sql: 'select * from "Post" where "status" = $1::"Status"' },
      { sql: `select * from "Post" where "title" like $1` },
    ])
    const selection = await select({
      workload,
      candidates: [wanted(workload, 'Post', 'title', 1), wanted(workload, 'Post', 'views', 1)],
    })
    expect(selection.chosen).toEqual([])
    expect(reasonFor(selection, 'title')).toBe('The planner would use it for none of the queries.')
  })

  test('queries of the source are proved without a workload, each as often as its table is scanned', async () => {
    const shape: QueryShape = {
      table: 'Comment',
      schema: null,
      conditions: [{ column: 'authorId', operator: 'equals', isOptional: false }],
      order: [{ column: 'createdAt', sort: 'desc' }],
      limit: 10,
      offset: null,
      arm: null,
      isPartial: false,
      evidence: { kind: 'source', at: 'src/comments.ts:4:9' },
    }
    const selection = await select({
      shapes: [shape],
      candidates: [candidateOf(catalog, 'Comment', 'authorId, createdAt desc')],
    })
    // An author has few comments: to sort them costs less than the wider index, which loses nothing but bytes.
    expect(chosenKeys(selection)[0]).toMatch(/^Comment\(authorId/)
    expect(selection.chosen[0]?.proof?.queries.map((query) => query.sql)).toContain(
      'select * from "Comment" where "authorId" = $1 order by "createdAt" desc limit 10',
    )
  })
})

describe('X51 X52 selection', () => {
  const byAuthor = 'select * from "Post" where "authorId" = $1'
  const byAuthorDate = 'select * from "Post" where "authorId" = $1 order by "createdAt" desc limit 5'

  test('X51 never [a] and [a, b] both', async () => {
    const workload = await workloadOf([{ sql: byAuthor }, { sql: byAuthorDate }])
    const selection = await select({
      workload,
      candidates: [
        candidateOf(catalog, 'Post', 'authorId'),
        candidateOf(catalog, 'Post', 'authorId, createdAt'),
      ],
    })
    expect(chosenKeys(selection)).toEqual(['Post(authorId, createdAt)'])
    expect(reasonFor(selection, 'authorId')).toContain('serves its queries')
  })

  test('X51 one index serves two queries that each ask for another', async () => {
    const workload = await workloadOf([
      { sql: 'select * from "Comment" where "authorId" = $1 and "flagged" = $2' },
      { sql: 'select * from "Comment" where "authorId" = $1 and "postId" = $2' },
    ])
    const selection = await select({
      workload,
      candidates: [
        candidateOf(catalog, 'Comment', 'flagged, authorId', { freeKeys: 2 }),
        candidateOf(catalog, 'Comment', 'authorId, postId', { freeKeys: 2 }),
      ],
      maxIndexesPerTable: 2,
    })
    expect(chosenKeys(selection)).toHaveLength(1)
    expect(chosenKeys(selection)[0]).toMatch(/^Comment\(authorId/)
  })

  test('X52 a table that is written much more than read gets no index that does not pay', async () => {
    const read = { sql: 'select * from "Post" where "views" = $1', calls: 2, meanMs: 3 }
    const write = {
      sql: 'insert into "Post" ("authorId", "title") values ($1, $2)',
      calls: 5_000_000,
      meanMs: 0.1,
      rows: 1,
    }
    const calm = await workloadOf([read], 'pg_stat_statements')
    const busy = await workloadOf([read, write], 'pg_stat_statements')
    const candidates = [candidateOf(catalog, 'Post', 'views')]
    const quiet = await select({ workload: calm, candidates })
    expect(quiet.rejected).toEqual([])
    expect(chosenKeys(quiet)).toEqual(['Post(views)'])
    const selection = await select({ workload: busy, candidates })
    expect(selection.chosen).toEqual([])
    expect(reasonFor(selection, 'views')).toContain('Writes would pay more for it')
  })

  test('X52 upkeep above 5 % of the workload is said, and --write-weight decides by it', async () => {
    const read = { sql: 'select * from "Post" where "views" = $1', calls: 50, meanMs: 3 }
    const write = {
      sql: 'insert into "Post" ("authorId", "title") values ($1, $2)',
      calls: 5_000,
      meanMs: 0.1,
      rows: 1,
    }
    const workload = await workloadOf([read, write], 'pg_stat_statements')
    const question = { workload, candidates: [candidateOf(catalog, 'Post', 'views')] }
    const once = await select(question)
    expect(chosenKeys(once)).toEqual(['Post(views)'])
    const share = once.chosen[0]?.writes?.share ?? 0
    expect(once.chosen[0]?.writes?.rows).toBe(5_000)
    expect(share).toBeGreaterThan(0.05)
    expect(once.findings.filter((each) => each.kind === 'write-cost').map((each) => each.reason)).toEqual([
      expect.stringContaining(
        `takes ${Math.round(share * 100)} % of what the workload costs (5,000 rows written)`,
      ),
    ])
    const heavy = await select({ ...question, writeWeight: Math.ceil(2 / share) })
    expect(heavy.chosen).toEqual([])
    const calm = await select({
      ...question,
      workload: await workloadOf(
        [
          { ...read, calls: 5_000 },
          { ...write, calls: 10 },
        ],
        'pg_stat_statements',
      ),
    })
    expect(calm.findings.filter((each) => each.kind === 'write-cost')).toEqual([])
  })

  test('X52 an index on a column that updates set costs the heap-only updates that are lost', () => {
    const table = findTable(statistics, null, 'Post')
    if (table === undefined) throw new Error('no Post')
    const index = {
      id: 'x',
      schema: 'public',
      table: 'Post',
      keys: [{ column: 'score', expression: null, sort: 'asc' as const, operatorClass: null }],
      predicate: null,
      method: 'btree',
    }
    const writes = { inserted: 0, updated: 1000, hotShare: 0.9, isCounted: true }
    const untouched = upkeepOf(statistics, table, index, 8192 * 100, 1, {
      ...writes,
      updates: [{ columns: new Set(['views']), rows: 1000, name: 'a' }],
    })
    const touched = upkeepOf(statistics, table, index, 8192 * 100, 1, {
      ...writes,
      updates: [{ columns: new Set(['score']), rows: 1000, name: 'a' }],
    })
    expect(untouched.total).toBeCloseTo(100 * untouched.entry, 6)
    expect(touched.total).toBeCloseTo(1000 * touched.entry + 900 * table.indexes.length, 6)
  })

  test('X52 KA-A4 a column that the workload updates is left out where it gains little, and said where it gains much', async () => {
    const read = { sql: 'select * from "Post" where "authorId" = $1 and "views" = $2', calls: 200, rows: 1 }
    const update = { sql: 'update "Post" set "views" = "views" + 1 where "id" = $1', meanMs: 0.1, rows: 1 }
    const candidates = [candidateOf(catalog, 'Post', 'authorId, views', { freeKeys: 2 })]
    const at = async (calls: number) =>
      select({ workload: await workloadOf([read, { ...update, calls }], 'pg_stat_statements'), candidates })
    const calm = await at(5)
    expect(chosenKeys(calm)).toEqual(['Post(authorId, views)'])
    expect(calm.chosen[0]?.unsettled).toEqual({ columns: ['views'], updates: [expect.any(String)], rows: 5 })
    const busy = await at(200_000)
    expect(chosenKeys(busy)).toEqual(['Post(authorId)'])
    expect(busy.chosen[0]?.unsettled).toBeUndefined()
  })

  test('X52 KA-A4 two indexes on an updated column cost its heap-only updates once', async () => {
    const workload = await workloadOf(
      [
        { sql: 'select * from "Post" where "views" = $1', calls: 1000 },
        { sql: 'select * from "Post" where "price" = $1 and "views" > $2', calls: 1000 },
        { sql: 'update "Post" set "views" = $1 where "id" = $2', calls: 50_000, meanMs: 0.1, rows: 1 },
      ],
      'pg_stat_statements',
    )
    const both = [candidateOf(catalog, 'Post', 'views'), candidateOf(catalog, 'Post', 'price, views')]
    const { chosen } = await select({ workload, candidates: both })
    expect(chosen.map((each) => each.unsettled?.rows)).toEqual(chosen.map(() => 50_000))
  })

  test('FL-A3 a statement of a table with policies is planned with what they ask', async () => {
    const sql = 'select * from "Post" order by "createdAt" desc limit 10'
    const workload = await workloadOf([{ sql }])
    const secured = {
      ...catalog,
      tables: catalog.tables.map((table) =>
        table.name === 'Post'
          ? { ...table, rowSecurity: { equal: ['categoryId'], isReadWhole: true } }
          : table,
      ),
    }
    const [shape] = await workloadShapes(workload, secured)
    if (shape === undefined) throw new Error('not read')
    const policy = { column: 'categoryId', operator: 'equals', isOptional: false } as const
    const { chosen } = await select({
      workload,
      schema: secured,
      shapes: [{ ...shape, conditions: [policy], isPartial: true }],
      candidates: [candidateOf(secured, 'Post', 'categoryId, createdAt')],
    })
    expect(chosen.map(({ candidate, confidence }) => [candidateId(candidate), confidence])).toEqual([
      ['Post(categoryId, createdAt)', 'estimated'],
    ])
  })

  test('KA-D5 what speaks for a candidate speaks for one of the indexes that take its place', async () => {
    const workload = await workloadOf([
      { sql: byAuthorDate, calls: 500 },
      { sql: 'select * from "Post" where "authorId" = $1 and "title" = $2', calls: 500 },
    ])
    const key = candidateOf(catalog, 'Post', 'authorId', { evidence: [{ kind: 'relation', at: 'x:1' }] })
    const { chosen } = await select({
      workload,
      candidates: [
        key,
        candidateOf(catalog, 'Post', 'authorId, createdAt'),
        candidateOf(catalog, 'Post', 'authorId, title', { freeKeys: 2 }),
      ],
    })
    const holders = chosen.filter((each) =>
      each.candidate.evidence.some((evidence) => evidence.kind === 'relation'),
    )
    expect(holders).toHaveLength(1)
  })

  test('KA-B19 a statement of the workload keeps the place in the code that it came from', async () => {
    const workload = await workloadOf([{ sql: byAuthorDate, at: 'src/feed.ts:12:20' }])
    const [shape] = await workloadShapes(workload, catalog)
    expect(shape?.evidence.at).toBe('src/feed.ts:12:20')
    const { chosen } = await select({
      workload,
      candidates: [candidateOf(catalog, 'Post', 'authorId, createdAt')],
    })
    expect(chosen[0]?.candidate.evidence).toContainEqual({
      kind: 'workload',
      at: 'src/feed.ts:12:20',
      fingerprint: workload.queries[0]?.fingerprint,
      calls: 100,
    })
  })

  test('KA-A5 each index that is chosen gains beside the others', async () => {
    const workload = await workloadOf([
      { sql: 'select * from "Post" where "status" = $1 and "createdAt" > $2', calls: 100 },
      { sql: 'select * from "Post" where "status" = $1 and "authorId" = $2', calls: 100 },
      { sql: byAuthorDate, calls: 100 },
      { sql: byAuthor, calls: 100 },
    ])
    const keys = [
      'status',
      'status, createdAt',
      'createdAt',
      'authorId',
      'authorId, createdAt',
      'authorId, status',
    ]
    const { chosen } = await select({
      workload,
      candidates: keys.map((each) => candidateOf(catalog, 'Post', each)),
    })
    for (const { before, after } of chosen) expect(after?.cost).toBeLessThan((before?.cost ?? 0) * 0.9)
  })

  test('X52 --max-indexes-per-table keeps those that save most', async () => {
    const workload = await workloadOf([
      { sql: byAuthorDate, calls: 1000 },
      { sql: 'select * from "Post" where "price" = $1', calls: 10 },
    ])
    const candidates = [
      candidateOf(catalog, 'Post', 'authorId, createdAt'),
      candidateOf(catalog, 'Post', 'price'),
    ]
    const selection = await select({ workload, candidates, maxIndexesPerTable: 2 })
    expect(chosenKeys(selection)).toEqual(['Post(authorId, createdAt)'])
    expect(reasonFor(selection, 'price')).toContain('--max-indexes-per-table')
  })

  test('X52 a budget keeps those that save most per byte', async () => {
    const workload = await workloadOf([
      { sql: byAuthorDate, calls: 1000 },
      { sql: 'select * from "Post" where "title" = $1', calls: 10 },
    ])
    const candidates = [
      candidateOf(catalog, 'Post', 'authorId, createdAt'),
      candidateOf(catalog, 'Post', 'title'),
    ]
    const selection = await select({ workload, candidates, options: { budgetBytes: 1_500_000 } })
    expect(chosenKeys(selection)).toEqual(['Post(authorId, createdAt)'])
    expect(reasonFor(selection, 'title')).toContain('budget')
  })

  test('KN10 what was written is not advised on again, nor its neighbour, on the same statistics', async () => {
    const workload = await workloadOf([
      { sql: byAuthorDate, calls: 1000 },
      { sql: 'select * from "Post" where "authorId" = $1 and "createdAt" > $2 and "price" > $3', calls: 20 },
    ])
    const first = await select({
      workload,
      candidates: [
        candidateOf(catalog, 'Post', 'authorId, createdAt'),
        candidateOf(catalog, 'Post', 'authorId, createdAt, price'),
      ],
    })
    expect(chosenKeys(first)).toEqual(['Post(authorId, createdAt)'])
    const written: Catalog = {
      ...catalog,
      tables: catalog.tables.map((table) =>
        table.model === 'Post' ? { ...table, indexes: [...table.indexes, indexOf(first)] } : table,
      ),
    }
    const rest = [candidateOf(written, 'Post', 'authorId, createdAt, price')]
    const second = await select({ workload, candidates: rest, schema: written })
    expect(chosenKeys(second)).toEqual([])
    expect(second.findings.map((each) => each.reason)).toContain(
      'Post(authorId, createdAt) is declared and not in the statistics yet: planned as if it were built.',
    )
    const wide = await select({ workload, candidates: rest, schema: written, options: { budgetBytes: 1 } })
    expect(chosenKeys(wide)).toEqual([])
  })

  test('X55 every candidate is chosen or told why not, in one sentence without a value', async () => {
    const workload = await workloadOf([
      { sql: byAuthor },
      { sql: byAuthorDate },
      { sql: `select * from "User" where "email" = 'secret@example.org'`, meanMs: 9000 },
    ])
    const candidates = ['authorId', 'authorId, createdAt', 'title', 'price', 'tags', 'views, score'].map(
      (keys) => candidateOf(catalog, 'Post', keys),
    )
    const selection = await select({ workload, candidates })
    expect(selection.chosen.length + selection.rejected.length).toBe(candidates.length)
    for (const { reason } of selection.rejected) expect(reason).toMatch(/^[A-Z][^\n]{10,200}\.$/)
    expect(JSON.stringify(selection)).not.toContain('secret')
  })

  test('the same question gives the same answer', async () => {
    const workload = await workloadOf([{ sql: byAuthor }, { sql: byAuthorDate }])
    const candidates = ['authorId', 'authorId, createdAt', 'price'].map((keys) =>
      candidateOf(catalog, 'Post', keys),
    )
    const once = JSON.stringify(await select({ workload, candidates }))
    expect(JSON.stringify(await select({ workload, candidates }))).toBe(once)
  })
})

describe('X51 an index that takes the place of others', () => {
  const evidence: Evidence[] = [
    { kind: 'on-delete', at: 'schema.prisma:7' },
    { kind: 'relation', at: 'schema.prisma:7' },
  ]
  const foreignKey = () => ({
    ...candidateOf(catalog, 'Post', 'authorId', { freeKeys: 1, evidence }),
    severity: 'high' as const,
    reason: 'the database reads the whole table for each deleted User (onDelete: Cascade).',
  })

  test.each([
    ['a longer one', 'authorId, createdAt'],
    ['the same one for a query', 'authorId'],
  ])('%s keeps severity, places and reason of a foreign key that cascades', async (_, keys) => {
    const workload = await workloadOf([
      { sql: 'select * from "Post" where "authorId" = $1 order by "createdAt" limit 5' },
    ])
    const { fingerprint = '' } = workload.queries[0] ?? {}
    const query = candidateOf(catalog, 'Post', keys, {
      freeKeys: 1,
      evidence: [
        { kind: 'source', at: 'src/posts.ts:3:1' },
        { kind: 'workload', fingerprint },
      ],
    })
    for (const candidates of [
      [foreignKey(), query],
      [query, foreignKey()],
    ]) {
      const { chosen } = await select({ workload, candidates })
      expect(
        chosen.map((each) => [candidateId(each.candidate), each.severity ?? each.candidate.severity]),
      ).toEqual([[`Post(${keys})`, 'high']])
      expect(chosen[0]?.candidate.evidence.map((each) => each.at)).toEqual(
        expect.arrayContaining(['schema.prisma:7', 'src/posts.ts:3:1']),
      )
      expect(chosen[0]?.reason ?? chosen[0]?.candidate.reason).toContain('onDelete: Cascade')
    }
  })
})

test.each([
  ['as it stands', {}, 'proved'],
  ['a part of it was not read', { isPartial: true }, 'estimated'],
  ['one arm of an OR', { arm: 1 }, 'estimated'],
  [
    'Prisma sends another statement, which is not known',
    { evidence: { kind: 'source', at: 'src/q.ts:1:1', manner: { statement: { kind: 'unknown' } } } },
    'estimated',
  ],
] as const)('X50 a query of the source, %s', async (_, part, confidence) => {
  const shape: QueryShape = {
    table: 'Post',
    schema: null,
    conditions: [{ column: 'authorId', operator: 'equals', isOptional: false }],
    order: [],
    limit: null,
    offset: null,
    arm: null,
    isPartial: false,
    evidence: { kind: 'source', at: 'src/q.ts:1:1' },
    ...part,
  }
  const withoutKeys = { ...catalog, tables: catalog.tables.map((table) => ({ ...table, foreignKeys: [] })) }
  const { chosen } = await select({
    schema: withoutKeys,
    shapes: [shape],
    candidates: [candidateOf(withoutKeys, 'Post', 'authorId')],
  })
  expect(chosen.map((each) => each.confidence)).toEqual([confidence])
})

describe('KN10 advice beside indexes', () => {
  const asking = (part: Partial<QueryShape>): QueryShape => ({
    table: 'Post',
    schema: null,
    conditions: [],
    order: [],
    limit: null,
    offset: null,
    arm: null,
    isPartial: false,
    evidence: { kind: 'source', at: 'src/q.ts:1:1' },
    ...part,
  })
  const remark = { kind: 'large-offset', model: 'Post', index: 'src/q.ts:1:1', reason: 'It skips.' } as const

  test('the planner says what it costs, and what the change would', async () => {
    const selector = provingSelector({ statistics, planner })
    const order = [{ column: 'id', sort: 'asc' as const }]
    const deep = asking({ order, limit: 20, offset: 20_000 })
    const counted = asking({ evidence: { kind: 'source', manner: { counts: true } } })
    const [offset, count] = await pricedAdvice(
      catalog,
      [
        { remark, asked: { now: deep, then: { ...deep, offset: null } } },
        {
          remark: { ...remark, kind: 'whole-count' },
          asked: { now: counted, then: { ...counted, limit: 1001 } },
        },
      ],
      selector,
      [],
    )
    for (const each of [offset, count])
      expect(each?.cost?.before).toBeGreaterThan(10 * (each?.cost?.after ?? Infinity))
  })

  test('it is priced beside the indexes that are recommended', async () => {
    const selector = provingSelector({ statistics, planner })
    const deep = asking({ order: [{ column: 'score', sort: 'asc' }], limit: 20, offset: 10_000 })
    const advised = [{ remark, asked: { now: deep, then: { ...deep, offset: null } } }]
    const [today] = await pricedAdvice(catalog, advised, selector, [])
    const [then] = await pricedAdvice(catalog, advised, selector, [candidateOf(catalog, 'Post', 'score')])
    // Without the index a cursor sorts all rows as well.
    expect(today?.cost?.after).toBeGreaterThan((today?.cost?.before ?? 0) / 10)
    expect(then?.cost?.after).toBeLessThan((then?.cost?.before ?? 0) / 10)
  })

  test('where it sees no gain nothing is said; what it cannot plan is said without its word', async () => {
    const selector = provingSelector({ statistics, planner })
    const now = asking({ order: [{ column: 'id', sort: 'asc' }], limit: 20 })
    expect(await pricedAdvice(catalog, [{ remark, asked: { now, then: now } }], selector, [])).toEqual([])
    const unknown = asking({ table: 'Nothing', order: now.order })
    expect(
      await pricedAdvice(catalog, [{ remark, asked: { now: unknown, then: null } }], selector, []),
    ).toEqual([remark])
  })
})

test('X66 statistics that do not match the schema are one clear line', async () => {
  const without = (name: string) => ({
    ...statistics,
    tables: statistics.tables.filter((table) => table.name === name),
  })
  await expect(select({ candidates: [], options: { statistics: without('Fresh') } })).rejects.toMatchObject({
    code: 'E_STATISTICS',
    message: expect.stringContaining('do not match the schema'),
  })
  const tables = statistics.tables.map((table) => ({
    ...table,
    columns: table.columns.filter((column) => column.name !== 'score'),
  }))
  await expect(
    select({ candidates: [], options: { statistics: { ...statistics, tables } } }),
  ).rejects.toThrow('no column score in Post')
  await expect(
    select({ candidates: [], options: { statistics: { ...statistics, provider: 'mysql' } } }),
  ).rejects.toThrow('the schema is for postgresql')
})
