import { quoteIdentifier } from '@prisma-brisk/core'
import { AdvisorError } from '../errors.ts'
import { count, text } from '../statistics/sql-client.ts'
import type { SqlClient } from '../statistics/sql-client.ts'
import { type Workload, WorkloadBuilder } from './workload.ts'

/**
 * What the server itself has counted, for the database of this connection. Statements that it sends to keep foreign
 * keys are among them where `pg_stat_statements.track = all`.
 */
export async function readPgStatStatements(client: SqlClient): Promise<Workload> {
  const [extension] = await client.query(
    `select n.nspname as schema, exists (
         select from pg_catalog.pg_attribute a
         where a.attrelid = to_regclass(quote_ident(n.nspname) || '.pg_stat_statements') and a.attname = 'total_exec_time'
       ) as is_new
     from pg_catalog.pg_extension e join pg_catalog.pg_namespace n on n.oid = e.extnamespace
     where e.extname = 'pg_stat_statements'`,
  )
  if (extension === undefined) {
    throw new AdvisorError(
      'E_WORKLOAD',
      'pg_stat_statements is not installed in this database: CREATE EXTENSION pg_stat_statements (the server must ' +
        'load it), or give a slow-query log with --workload.',
    )
  }
  const view = `${quoteIdentifier(text(extension, 'schema'))}.pg_stat_statements`
  const time = extension['is_new'] === true || extension['is_new'] === 't' ? 'total_exec_time' : 'total_time'
  const rows = await client
    .query(
      `select s.query, sum(s.calls)::float8 as calls, sum(s.${time})::float8 as total_ms, sum(s.rows)::float8 as rows
       from ${view} s join pg_catalog.pg_database d on d.oid = s.dbid and d.datname = current_database()
       where s.query is not null
       group by s.query order by s.query`,
    )
    .catch((cause: Error) => {
      const reason = `pg_stat_statements cannot be read: ${cause.message}`
      throw new AdvisorError('E_WORKLOAD', reason, { cause })
    })
  const builder = new WorkloadBuilder('postgresql')
  let hidden = 0
  for (const row of rows) {
    const sql = text(row, 'query')
    const calls = count(row, 'calls')
    if (sql === '<insufficient privilege>') {
      hidden++
      continue
    }
    await builder.add({
      sql,
      calls,
      totalMs: count(row, 'total_ms'),
      rows: calls > 0 ? count(row, 'rows') / calls : null,
    })
  }
  const workload = builder.build('pg_stat_statements')
  if (hidden > 0 && workload.queries.length === 0) {
    throw new AdvisorError(
      'E_WORKLOAD',
      'pg_stat_statements hides the statements of other roles from this one: GRANT pg_read_all_stats to it.',
    )
  }
  return workload
}
