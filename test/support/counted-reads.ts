import type { Row, SqlClient } from '../../packages/index-advisor/src/statistics/sql-client.ts'

/** What MariaDB counted while a statement ran: the truth that a plan is held against. */
export interface CountedReads {
  /** Rows and entries that were read: `Handler_read_*`, and entries that were left before their row was read. */
  readonly rows: number
  /** Rows written into temporary tables, and rows handed to a sort. */
  readonly written: number
  /** Pages that InnoDB was asked for. */
  readonly pages: number
  /** Indexes that the server chose. */
  readonly keys: ReadonlySet<string>
  /** ms that the server took. */
  readonly ms: number
}

/** Runs the statement on the rows and counts what the server does. */
export async function countedReads(client: SqlClient, sql: string): Promise<CountedReads> {
  // What a table asks for when it is opened is none of the statement's.
  await client.query(`explain ${sql}`)
  await client.query('flush status')
  const [line] = await client.query(`analyze format=json ${sql}`)
  const status = await client.query(`show session status like 'Handler_%'`)
  const counted = (name: RegExp) =>
    status
      .filter((row) => name.test(String(row['Variable_name'])))
      .reduce((sum, row) => sum + Number(row['Value']), 0)
  const plan: unknown = JSON.parse(String(Object.values(line ?? {})[0]))
  const found = { pages: 0, sorted: 0, keys: new Set<string>() }
  collect(plan, found)
  const block = (plan as { query_block?: { r_total_time_ms?: number } }).query_block
  return {
    rows: counted(/^Handler_read_/) + counted(/^Handler_icp_attempts$/) - counted(/^Handler_icp_match$/),
    written: counted(/^Handler_tmp_(?:write|update)$/) + found.sorted,
    pages: found.pages,
    keys: found.keys,
    ms: block?.r_total_time_ms ?? 0,
  }
}

/** The unit of the planner's costs: a half for a page, a fifth for a row, read or written. */
export function costOf({ rows, written, pages }: CountedReads): number {
  return pages / 2 + (rows + written) / 5
}

/** With the index on the rows, and what the server knows of it. */
export async function withIndex<T>(
  client: SqlClient,
  {
    table,
    keys,
  }: { readonly table: string; readonly keys: readonly { column: string | null; sort: string }[] },
  work: (name: string) => Promise<T>,
): Promise<T> {
  const name = 'built_for_truth'
  const columns = keys.map((key) => `\`${key.column}\`${key.sort === 'desc' ? ' desc' : ''}`).join(', ')
  await client.query(`create index ${name} on \`${table}\` (${columns})`)
  try {
    await client.query(`analyze table \`${table}\` persistent for columns () indexes (${name})`)
    return await work(name)
  } finally {
    await client.query(`drop index ${name} on \`${table}\``)
  }
}

function collect(node: unknown, found: { pages: number; sorted: number; keys: Set<string> }): void {
  if (Array.isArray(node)) {
    for (const each of node) collect(each, found)
    return
  }
  if (node === null || typeof node !== 'object') return
  const own = node as Row
  const engine = own['r_engine_stats'] as { pages_accessed?: number } | undefined
  found.pages += engine?.pages_accessed ?? 0
  if (own['sort_key'] !== undefined) found.sorted += Number(own['r_output_rows'] ?? 0)
  if (typeof own['key'] === 'string') found.keys.add(own['key'])
  for (const value of Object.values(own)) collect(value, found)
}
