import { AdvisorError } from '../errors.ts'
import { count, text } from '../statistics/sql-client.ts'
import type { SqlClient } from '../statistics/sql-client.ts'
import { type Workload, WorkloadBuilder } from './workload.ts'

/** Statement digests of MySQL and MariaDB, for the schema of this connection. Times are in picoseconds there. */
export async function readPerformanceSchema(client: SqlClient): Promise<Workload> {
  const [state] = await client.query('select @@performance_schema as enabled')
  if (state === undefined || count(state, 'enabled') !== 1) {
    throw new AdvisorError(
      'E_WORKLOAD',
      'performance_schema is off on this server (performance_schema=ON in my.cnf, then restart), or give a ' +
        'slow-query log with --workload.',
    )
  }
  const rows = await client
    .query(
      `select digest_text as digest_text, count_star as calls, sum_timer_wait / 1000000000 as total_ms,
              sum_rows_sent + sum_rows_affected as row_count
       from performance_schema.events_statements_summary_by_digest
       where schema_name = database() and digest_text is not null
       order by digest_text`,
    )
    .catch((cause: Error) => {
      const reason = `performance_schema cannot be read: ${cause.message}`
      throw new AdvisorError('E_WORKLOAD', reason, { cause })
    })
  const builder = new WorkloadBuilder('mysql')
  for (const row of rows) {
    const calls = count(row, 'calls')
    await builder.add({
      sql: text(row, 'digest_text'),
      calls,
      totalMs: count(row, 'total_ms'),
      rows: calls > 0 ? count(row, 'row_count') / calls : null,
    })
  }
  return builder.build('performance_schema')
}
