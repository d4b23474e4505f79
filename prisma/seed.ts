import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'

import { bulkInsert, execute, type SeedTable } from './seed/bulk-insert.ts'
import { demoRows } from './seed/demo-rows.ts'

export { LANDMARKS, SEED_TIME } from './seed/demo-rows.ts'

export interface SeedOptions {
  /** Size of the data: 1 (default) gives about 320,000 rows and 80 MB, 0.01 the least that tests need. */
  factor?: number
  /** Told how many rows are in, after every statement. */
  onRows?: (rows: number) => void
}

/**
 * Fills the empty tables of the demo domain, on PostgreSQL, MySQL or SQLite. The same factor gives the same
 * rows everywhere. Resolves to their number.
 */
export async function seed(
  adapter: SqlDriverAdapterFactory,
  { factor = 1, onRows }: SeedOptions = {},
): Promise<number> {
  const connection = await adapter.connect()
  try {
    const tables = demoRows(factor)
    const rows = await bulkInsert(connection, tables, onRows)
    if (connection.provider === 'postgres') {
      for (const table of tables.filter(countsItself)) await execute(connection, nextValue(table))
      await execute(connection, 'ANALYZE') // as autovacuum would have done by now
    }
    return rows
  } finally {
    await connection.dispose()
  }
}

const TEXT_IDS = ['Conversation', 'behavior_pattern']

function countsItself({ name, columns }: SeedTable): boolean {
  return columns.includes('id') && !TEXT_IDS.includes(name)
}

/** Explicit ids leave a sequence where it was. */
function nextValue({ name }: SeedTable): string {
  return `SELECT setval(pg_get_serial_sequence('"${name}"', 'id'), (SELECT max("id") FROM "${name}"))`
}
