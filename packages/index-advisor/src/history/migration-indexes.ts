import type { CatalogWarning, Provider } from '../catalog/catalog.ts'
import { IndexLedger, type LedgerTable, type MigrationSource } from './index-ledger.ts'
import type { MigrationDirectory } from './migration-history.ts'
import { embeddedStatements } from './embedded-statements.ts'
import type { MigrationStatement } from './migration-statements.ts'
import { readStatements } from './migration-statements.ts'
import { playMysql } from './mysql-ddl.ts'
import { playPostgres } from './postgres-ddl.ts'

/** Tables as the migrations leave them, with their indexes; ids and constraints that make one included. */
export interface MigrationIndexes {
  readonly tables: readonly LedgerTable[]
  readonly warnings: readonly CatalogWarning[]
}

/**
 * Plays the migrations on paper. PostgreSQL is read by its own parser, SQLite by the same after respelling, MySQL by a
 * reader of its own. Statements that stand in a DO block, a string that is executed or a condition are taken to run.
 *
 * @param directory of the migrations, as it shall be shown
 */
export async function playOnPaper(
  provider: Provider,
  directory: string,
  migrations: readonly MigrationDirectory[],
): Promise<MigrationIndexes> {
  const ledger = new IndexLedger(provider)
  const warnings: CatalogWarning[] = []
  for (const migration of migrations) {
    const file = `${directory}/${migration.name}/migration.sql`
    for (const statement of await readStatements(provider, migration.sql)) {
      const source: MigrationSource = { kind: 'migration', file, line: statement.line }
      const unread = await play(provider, ledger, statement, source)
      if (unread !== null)
        warnings.push({ at: `${file}:${statement.line}`, reason: `${file}:${statement.line} ${unread}` })
    }
  }
  return { tables: ledger.tables(), warnings }
}

/** What of the statement was not understood, though it speaks of indexes; null where nothing is left. */
async function play(
  provider: Provider,
  ledger: IndexLedger,
  statement: MigrationStatement,
  source: MigrationSource,
): Promise<string | null> {
  const embedded = embeddedStatements(statement, provider)
  for (const sql of embedded?.statements ?? [])
    for (const inner of await readStatements(provider, sql)) {
      const unread = await play(provider, ledger, inner, source)
      if (unread !== null) return unread
    }
  if (embedded?.securesRows === true) ledger.secureAllRows()
  if (embedded !== null)
    return embedded.isReadWhole
      ? null
      : 'makes or changes an index in code that is run later, which was not read: what is advised may be there.'
  const isUnderstood =
    provider === 'mysql'
      ? playMysql(ledger, statement.text, source)
      : statement.node !== null && (playPostgres(ledger, statement.node, statement.sql, source), true)
  return isUnderstood || !/\bindex\b/i.test(withoutStrings(statement.text))
    ? null
    : 'changes an index in a way that was not understood.'
}

function withoutStrings(sql: string): string {
  return sql.replace(/'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
}
