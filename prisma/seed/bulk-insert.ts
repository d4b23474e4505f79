import type { SqlDriverAdapter, Transaction } from '@prisma/driver-adapter-utils'

/** A value as the seed writes it: JSON is marked, because a driver cannot tell it from its own kinds of value. */
export type SeedValue = string | number | bigint | boolean | null | Date | Uint8Array | Json

export class Json {
  constructor(readonly value: unknown) {}
}

export interface SeedTable {
  name: string
  columns: readonly string[]
  rows: Iterable<readonly SeedValue[]>
}

type Dialect = SqlDriverAdapter['provider']

const ROWS_PER_STATEMENT = 1_000
const CHARACTERS_PER_STATEMENT = 1_000_000

/**
 * Writes many rows fast and the same way on every database: statements of many rows with literal values,
 * in one transaction, foreign keys unchecked where the account may say so (the seed keeps them itself).
 * Resolves to the number of rows.
 */
export async function bulkInsert(
  connection: SqlDriverAdapter,
  tables: readonly SeedTable[],
  onRows: (rows: number) => void = () => {},
): Promise<number> {
  const { provider } = connection
  // SQLite knows the setting only outside a transaction.
  if (provider === 'sqlite') await execute(connection, 'PRAGMA foreign_keys = OFF')
  const transaction = await connection.startTransaction()
  let written = 0
  try {
    for (const statement of LEAVE_KEYS_UNCHECKED[provider] ?? [])
      if (await mayRun(transaction, provider)) await execute(transaction, statement)
    for (const table of tables)
      for (const { sql, rows } of statements(table, provider)) {
        await execute(transaction, sql)
        written += rows
        onRows(written)
      }
    for (const statement of CHECK_KEYS_AGAIN[provider] ?? []) await execute(transaction, statement)
    // Prisma asks the driver for both: the statement, then the release of the connection.
    if (!transaction.options.usePhantomQuery) await execute(transaction, 'COMMIT')
    await transaction.commit()
  } catch (error) {
    if (!transaction.options.usePhantomQuery) await execute(transaction, 'ROLLBACK').catch(() => undefined)
    await transaction.rollback()
    throw error
  }
  if (provider === 'sqlite') await execute(connection, 'PRAGMA foreign_keys = ON')
  return written
}

const LEAVE_KEYS_UNCHECKED: Partial<Record<Dialect, string[]>> = {
  postgres: ['SET LOCAL session_replication_role = replica'],
  mysql: ['SET foreign_key_checks = 0'],
}

const CHECK_KEYS_AGAIN: Partial<Record<Dialect, string[]>> = {
  mysql: ['SET foreign_key_checks = 1'],
}

async function mayRun(transaction: Transaction, provider: Dialect): Promise<boolean> {
  if (provider !== 'postgres') return true
  const sql = 'SELECT rolsuper FROM pg_roles WHERE rolname = current_user'
  const { rows } = await transaction.queryRaw({ sql, args: [], argTypes: [] })
  return rows[0]?.[0] === true
}

export async function execute(target: SqlDriverAdapter | Transaction, sql: string): Promise<void> {
  await target.executeRaw({ sql, args: [], argTypes: [] })
}

function* statements(table: SeedTable, dialect: Dialect): Generator<{ sql: string; rows: number }> {
  const quote = (name: string): string => (dialect === 'mysql' ? `\`${name}\`` : `"${name}"`)
  const head = `INSERT INTO ${quote(table.name)} (${table.columns.map(quote).join(', ')}) VALUES\n`
  let values: string[] = []
  let characters = 0
  for (const row of table.rows) {
    const text = `(${row.map((value) => literal(value, dialect)).join(', ')})`
    values.push(text)
    characters += text.length
    if (values.length >= ROWS_PER_STATEMENT || characters >= CHARACTERS_PER_STATEMENT) {
      yield { sql: head + values.join(',\n'), rows: values.length }
      values = []
      characters = 0
    }
  }
  if (values.length > 0) yield { sql: head + values.join(',\n'), rows: values.length }
}

function literal(value: SeedValue, dialect: Dialect): string {
  if (value === null) return 'NULL'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (typeof value === 'boolean') return dialect === 'postgres' ? String(value) : value ? '1' : '0'
  if (typeof value === 'string') return quoted(value, dialect)
  if (value instanceof Json) return quoted(JSON.stringify(value.value), dialect)
  if (value instanceof Date) return quoted(dateText(value, dialect), dialect)
  const hex = Buffer.from(value).toString('hex')
  return dialect === 'postgres' ? `'\\x${hex}'` : `x'${hex}'`
}

function quoted(text: string, dialect: Dialect): string {
  const doubled = text.replaceAll("'", "''")
  return `'${dialect === 'mysql' ? doubled.replaceAll('\\', '\\\\') : doubled}'`
}

/** As Prisma's adapters write it: SQLite keeps the text and compares it as text. */
function dateText(date: Date, dialect: Dialect): string {
  const iso = date.toISOString()
  return dialect === 'sqlite' ? iso.replace('Z', '+00:00') : iso.replace('T', ' ').replace('Z', '')
}
