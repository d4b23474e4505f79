import {
  dialectOf,
  redactSql,
  type Host,
  type SqlAdapter,
  type SqlDialect,
  type SqlQuery,
  type Statement,
} from '@prisma-brisk/core'
import { explainPostgres, PLAN_PATIENCE_MS } from './postgres-plan.ts'

/**
 * The plan of a statement, without values, or null where it cannot be asked for. Statements are planned, never run;
 * with `analyze` those are run that only read and call nothing unknown.
 */
export async function explainStatement(
  adapter: SqlAdapter,
  statement: Statement,
  host: Host,
  analyze: boolean,
): Promise<unknown> {
  const dialect = dialectOf(host)
  const { sql } = redactSql(statement.sql, dialect, { maxLength: Infinity })
  if (!isExplainable(sql) || hidesSql(statement.sql, dialect)) return null
  const runs = analyze && isHarmless(sql)
  const query: SqlQuery = { sql: statement.sql, args: [...statement.args], argTypes: [...statement.argTypes] }
  if (dialect === 'postgresql')
    return redactPlan(fromJson(await explainPostgres(adapter, query, runs ? 'run' : 'shape')), dialect)
  if (dialect === 'mysql') return runs ? analyzeMysql(adapter, query) : planMysql(adapter, query, false)
  return dialect === 'sqlite' ? explainSqlite(adapter, query) : null
}

/** What asking for the plan of one read came to. */
export type ReadingPlan = { readonly plan: unknown } | { readonly reason: string }

/**
 * The plan of one statement that reads, with its own values, which the plan does not hold. It is planned and never run, in a
 * transaction that the server lets change nothing and that is rolled back: planning may call functions.
 */
export async function explainReading(
  adapter: SqlAdapter,
  statement: Pick<Statement, 'sql' | 'args' | 'argTypes'>,
  host: Host,
): Promise<ReadingPlan> {
  const dialect = dialectOf(host)
  const { sql } = redactSql(statement.sql, dialect, { maxLength: Infinity })
  if (!isReading(sql) || hidesSql(statement.sql, dialect)) return { reason: NOT_READING }
  const query: SqlQuery = { sql: statement.sql, args: [...statement.args], argTypes: [...statement.argTypes] }
  switch (dialect) {
    case 'postgresql':
      return { plan: redactPlan(fromJson(await explainPostgres(adapter, query, 'values')), dialect) }
    case 'mysql':
      return { plan: await planMysql(adapter, query, true) }
    case 'sqlite':
      return { plan: await explainSqlite(adapter, query) }
    default:
      return { reason: `plans of ${host.provider} are not read` }
  }
}

const NOT_READING = 'it is not one statement that reads and locks nothing; such are never planned'

/** One statement that has a plan. A second one behind a semicolon would be run, not planned. */
export function isExplainable(redacted: string): boolean {
  const text = redacted.trim().replace(/;$/, '')
  return !text.includes(';') && /^\(*\s*(select|with|insert|update|delete|values|merge|replace)\b/i.test(text)
}

/**
 * Whether the redacted text may lack SQL that would be run: in a comment that MySQL and MariaDB run (`/*!`, `/*M!`), or
 * behind a string whose end depends on a setting of the server.
 */
function hidesSql(sql: string, dialect: SqlDialect): boolean {
  return (dialect === 'mysql' && /\/\*M?!/.test(sql)) || /\\['"]/.test(sql)
}

/**
 * A read that locks nothing, draws no number of a sequence and calls only functions known to have no effect. What views
 * and operators call is not seen; the server is told to refuse every write.
 */
export function isHarmless(redacted: string): boolean {
  if (!isReading(redacted)) return false
  const text = withoutNames(redacted)
  if (/:=|\b(next|previous)\s+value\b|\b(nextval|currval|lastval|setval)\b/i.test(redacted)) return false
  for (const [, name] of text.matchAll(/([\w.$\u0080-\uffff]+)\s*\(/g))
    if (!harmless.has((name ?? '').toLowerCase())) return false
  return true
}

/** One statement that writes nothing of itself and locks no rows, whatever its functions do. */
export function isReading(redacted: string): boolean {
  const text = withoutNames(redacted)
  return (
    isExplainable(redacted) &&
    /^\(*\s*(select|with|values)\b/i.test(text) &&
    !/\b(insert|update|delete|merge|replace\s+into|into|for\s+(no\s+key\s+|key\s+)?(update|share)|lock\s+in)\b/i.test(
      text,
    )
  )
}

/** Names in quotes may be any word. */
function withoutNames(redacted: string): string {
  return redacted.replace(/"(?:[^"]|"")*"|`[^`]*`/g, 'x')
}

const harmless = new Set(
  (
    'select and or not in like ilike between any all some exists on as from where having values over filter within by using case when then else array row ' +
    'count sum avg min max coalesce nullif greatest least abs round ceil floor lower upper length trim ltrim rtrim replace concat ' +
    'substring substr left right cast convert date_trunc extract to_char row_number rank dense_rank lag lead first_value last_value ' +
    'json_agg jsonb_agg json_build_object jsonb_build_object json_object json_arrayagg json_group_array to_json to_jsonb array_agg ' +
    'string_agg group_concat bool_and bool_or varchar char numeric decimal timestamp unnest lateral distinct union except intersect limit offset'
  ).split(' '),
)

/**
 * Planning calls functions that are said to be constant, whatever they do: so it happens in a transaction that is rolled back, and with
 * `readOnly` in a session that is so meanwhile, since MySQL lets no transaction that has begun become read-only.
 */
async function planMysql(adapter: SqlAdapter, query: SqlQuery, readOnly: boolean): Promise<unknown> {
  const patience = (await isMariaDb(adapter))
    ? `SET STATEMENT max_statement_time = ${PLAN_PATIENCE_MS / 1000} FOR `
    : ''
  const session = await adapter.startTransaction()
  const run = (sql: string): Promise<number> => session.executeRaw(plain(sql))
  try {
    if (readOnly) {
      await run('SET SESSION TRANSACTION READ ONLY')
      await run('COMMIT')
    }
    const { rows } = await session.queryRaw({ ...query, sql: `${patience}EXPLAIN FORMAT=JSON ${query.sql}` })
    return redactPlan(fromJson(rows[0]?.[0]), 'mysql')
  } finally {
    const ended = readOnly ? run('SET SESSION TRANSACTION READ WRITE') : Promise.resolve()
    await ended.finally(() => session.rollback())
  }
}

/** What is run may change nothing, whatever it calls. MySQL's own EXPLAIN ANALYZE knows no JSON, so it is asked for its plan only. */
async function analyzeMysql(adapter: SqlAdapter, query: SqlQuery): Promise<unknown> {
  if (!(await isMariaDb(adapter))) return planMysql(adapter, query, true)
  const { rows } = await adapter.queryRaw({
    ...query,
    sql: `SET STATEMENT max_statement_time = ${PLAN_PATIENCE_MS / 1000}, tx_read_only = 1 FOR ANALYZE FORMAT=JSON ${query.sql}`,
  })
  return redactPlan(fromJson(rows[0]?.[0]), 'mysql')
}

async function isMariaDb(adapter: SqlAdapter): Promise<boolean> {
  const { rows } = await adapter.queryRaw(plain('SELECT version()'))
  return /mariadb/i.test(String(rows[0]?.[0]))
}

async function explainSqlite(adapter: SqlAdapter, query: SqlQuery): Promise<unknown> {
  const { rows } = await adapter.queryRaw({ ...query, sql: `EXPLAIN QUERY PLAN ${query.sql}` })
  return rows.map((row) => row[3])
}

function plain(sql: string): SqlQuery {
  return { sql, args: [], argTypes: [] }
}

function fromJson(value: unknown): unknown {
  return typeof value === 'string' ? (JSON.parse(value) as unknown) : value
}

/** Names and words of a plan that hold no expression. */
const namesInPlans = new Set([
  'Node Type',
  'Relation Name',
  'Schema',
  'Alias',
  'Index Name',
  'Join Type',
  'Strategy',
  'Scan Direction',
  'Parent Relationship',
  'Subplan Name',
  'CTE Name',
  'Operation',
  'Command',
  'Partial Mode',
  'Sort Method',
  'Sort Space Type',
  'table_name',
  'access_type',
  'key',
  'used_key_parts',
  'possible_keys',
  'select_id',
])

/** Conditions in a plan quote values: what may be an expression is redacted as SQL is. */
export function redactPlan(plan: unknown, dialect: SqlDialect, key = ''): unknown {
  if (typeof plan === 'string') return namesInPlans.has(key) ? plan : redactSql(plan, dialect).sql
  if (Array.isArray(plan)) return plan.map((each) => redactPlan(each, dialect, key))
  if (typeof plan !== 'object' || plan === null) return plan
  return Object.fromEntries(
    Object.entries(plan).map(([name, each]) => [name, redactPlan(each, dialect, name)]),
  )
}
