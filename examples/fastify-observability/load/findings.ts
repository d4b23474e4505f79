import { readFileSync } from 'node:fs'
import type { SinkRecord } from '@prisma-brisk/slow-query'

/** What the log says, one line a record. */
export function logged(path: string): SinkRecord[] {
  return readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as SinkRecord)
}

/** What to look at first, in words. */
export function findings(records: readonly SinkRecord[], metrics: string): string {
  const slow = records.filter((each) => each.type === 'slow-query')
  const loops = records.filter((each) => each.type === 'n-plus-one')
  const budgets = records.filter((each) => each.type === 'request-budget')
  return [
    'The slow-query log:',
    ...slow.map(
      ({ model, operation, ms, statements }) =>
        `  ${model ?? 'raw'}.${operation}  ${Math.round(ms)} ms  ${statements[0]?.sql ?? ''}`,
    ),
    'Loops, and the change to make:',
    ...loops
      .slice(0, 1)
      .flatMap(({ request, model, operation, count, totalMs, callSite, parent, advice }) => [
        `  ${request}: ${count} × ${model}.${operation}, ${Math.round(totalMs)} ms`,
        `  at ${callSite}`,
        `  for each row of ${parent}`,
        `  ${advice}`,
      ]),
    'Requests over their budget:',
    ...budgets
      .slice(0, 1)
      .map(
        ({ request, statements, top }) =>
          `  ${request}: ${statements} statements, most of them ${top[0]?.sql}`,
      ),
    'GET /metrics:',
    ...metrics
      .split('\n')
      .filter((line) =>
        /^(db_client_operation_(duration_seconds_count|errors_total)|db_client_connections|db_client_n_plus|http_server_request_duration_seconds_count)/.test(
          line,
        ),
      )
      .map((line) => `  ${line}`),
  ].join('\n')
}
