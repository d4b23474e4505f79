import type { SqlAdapter, SqlQuery, SqlQueryable } from '@prisma-brisk/core'

/** How long the database may plan, and with `runs` run, in milliseconds. */
export const PLAN_PATIENCE_MS = 2000

/**
 * What `EXPLAIN (FORMAT JSON)` says of a statement: the generic plan where the server has such (16 and later), else that
 * of the statement's values. With `values` it is that of its values in any case; with `run` the statement is run, and the plan
 * says what that took.
 */
export async function explainPostgres(
  adapter: SqlAdapter,
  query: SqlQuery,
  of: 'shape' | 'values' | 'run',
): Promise<unknown> {
  const transaction = await adapter.startTransaction()
  try {
    await transaction.executeRaw(plain('SET TRANSACTION READ ONLY'))
    await transaction.executeRaw(plain(`SET LOCAL statement_timeout = ${PLAN_PATIENCE_MS}`))
    if (of === 'shape' && (await serverVersion(transaction)) >= 160_000)
      return await genericPlan(transaction, query.sql)
    const sql = `EXPLAIN (${of === 'run' ? 'ANALYZE, BUFFERS, ' : ''}FORMAT JSON) ${query.sql}`
    return await value(transaction, { ...query, sql })
  } finally {
    if (transaction.options.usePhantomQuery) await transaction.rollback()
    else await transaction.executeRaw(plain('ROLLBACK')).finally(() => transaction.rollback())
  }
}

/**
 * The server itself asks for the plan. Whoever sends parameters along with `GENERIC_PLAN` gets the plan of their values, and
 * whoever sends none is refused by drivers that always bind, as PGlite does. Text goes in and out through settings that end
 * with the transaction.
 */
async function genericPlan(transaction: SqlQueryable, sql: string): Promise<unknown> {
  await transaction.queryRaw({
    sql: `SELECT set_config('brisk.statement', $1, true)`,
    args: [`EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sql}`],
    argTypes: [{ scalarType: 'string', arity: 'scalar' }],
  })
  await transaction.executeRaw(plain(askForPlan))
  return value(transaction, plain(`SELECT current_setting('brisk.plan')`))
}

const askForPlan = `DO $brisk$
DECLARE
  plan text;
BEGIN
  EXECUTE current_setting('brisk.statement') INTO plan;
  PERFORM set_config('brisk.plan', plan, true);
END
$brisk$`

async function serverVersion(on: SqlQueryable): Promise<number> {
  return Number(await value(on, plain('SHOW server_version_num')))
}

async function value(on: SqlQueryable, query: SqlQuery): Promise<unknown> {
  const { rows } = await on.queryRaw(query)
  return rows[0]?.[0]
}

function plain(sql: string): SqlQuery {
  return { sql, args: [], argTypes: [] }
}
