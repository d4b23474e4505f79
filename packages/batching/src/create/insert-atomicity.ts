import type { Call, Host, Model } from '@prisma-brisk/core'

/**
 * What is undone of an INSERT of many rows that fails:
 *
 * - `statement`: all of it
 * - `transaction`: all of it, once the transaction around it is rolled back
 * - `none`: rows may stay
 */
export type Atomicity = 'statement' | 'transaction' | 'none'

const key = Symbol('prisma-brisk.batching.insert-atomicity')

/**
 * Whether a refused INSERT leaves rows behind, which must not be sent again. SQL says that it does not; but `RAISE(FAIL)` and
 * `ON CONFLICT FAIL` of SQLite keep the rows before the one that failed, and MyISAM, Aria and other engines of MySQL and
 * MariaDB know no rollback, be it of the table or of one that a trigger writes to. Read from the database once for each base
 * client.
 */
export class InsertAtomicity {
  private reading: Promise<(table: string) => Atomicity> | null = null

  static of(host: Host): InsertAtomicity {
    return host.state(key, () => new InsertAtomicity())
  }

  async ofTable({ table }: Model, call: Call): Promise<Atomicity> {
    const { provider } = call.host
    if (provider === 'postgresql') return 'statement'
    this.reading ??= provider === 'sqlite' ? ofSqlite(call) : ofMysql(call)
    try {
      return (await this.reading)(table)
    } catch {
      this.reading = null
      return provider === 'sqlite' ? 'transaction' : 'none'
    }
  }
}

/** A trigger may write to a table that has triggers of its own, so that one FAIL anywhere counts for all tables. */
async function ofSqlite(call: Call): Promise<(table: string) => Atomicity> {
  const found = (await call.queryRaw(
    "SELECT name FROM sqlite_master WHERE upper(sql) LIKE '%FAIL%' LIMIT 1",
  )) as readonly unknown[]
  return () => (found.length > 0 ? 'transaction' : 'statement')
}

interface TableRow {
  readonly name: string
  readonly engine: string | null
  /** Of the engine: `YES`, `NO`, or null where it is none, as for views. */
  readonly transactions: string | null
  readonly triggers: number | bigint
}

async function ofMysql(call: Call): Promise<(table: string) => Atomicity> {
  const rows = (await call.queryRaw(
    `SELECT t.TABLE_NAME AS name, t.ENGINE AS engine, e.TRANSACTIONS AS transactions,
  (SELECT count(*) FROM information_schema.TRIGGERS g WHERE g.EVENT_OBJECT_SCHEMA = DATABASE() AND g.EVENT_OBJECT_TABLE = t.TABLE_NAME) AS triggers
FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
WHERE t.TABLE_SCHEMA = DATABASE()`,
  )) as readonly TableRow[]
  const canRollBack = new Set(
    rows.filter(({ transactions }) => transactions === 'YES').map(({ name }) => name),
  )
  const areAllAble = rows.every(({ engine, name }) => engine === null || canRollBack.has(name))
  const safe = new Set(
    rows
      .filter(({ name, triggers }) => canRollBack.has(name) && (areAllAble || Number(triggers) === 0))
      .map(({ name }) => name),
  )
  return (table) => (safe.has(table) ? 'transaction' : 'none')
}
