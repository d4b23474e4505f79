import {
  DriverTap,
  realTimers,
  type DriverListener,
  type DriverTransaction,
  type Host,
  type Rewrite,
  type SqlAnswer,
  type Statement,
  type TransactionEvent,
} from '@prisma-brisk/core'

/**
 * The transactions in which this process has written, by the database's own number for them, and since when it knows that each
 * is committed: a change that comes back with such a number, and whose tags have been invalidated since, has been seen.
 *
 * The number costs no statement: what Prisma makes with RETURNING returns it beside the rows. Of other writes it is not known,
 * and what they change is invalidated a second time.
 */
export class OwnWrites implements DriverListener {
  readonly asksForCall = false
  readonly rewritesLast = true
  /** Set once a source has been live: a server that has its triggers has the function that gives the number. */
  isOn = false
  /** By the number of the transaction; the oldest first. */
  private readonly committed = new Map<string, number>()
  private readonly open = new WeakMap<DriverTransaction, Set<string>>()
  private readonly returned = new WeakMap<Statement, string>()

  /** Those of a base client; null where its driver cannot be listened to. */
  static of(host: Host): OwnWrites | null {
    const tap = DriverTap.of(host)
    if (tap === null) return null
    let own = watched.get(tap)
    if (own === undefined) {
      watched.set(tap, (own = new OwnWrites()))
      tap.listen(own)
    }
    return own
  }

  /** Since when a transaction is known to be committed, in milliseconds of `realTimers.now()`; null where it is not this process's own. */
  committedSince(transaction: string): number | null {
    return this.committed.get(transaction) ?? null
  }

  /** A server that takes over from another counts on from where its copy ended: it may give the same numbers once more. */
  forget(): void {
    this.committed.clear()
  }

  rewrite(statement: Statement): Rewrite | null {
    const { sql, kind, args, argTypes } = statement
    const [, written, comment = ''] = this.isOn && kind === 'query' ? (RETURNS.exec(sql) ?? []) : []
    if (written === undefined) return null
    return {
      query: {
        sql: `${written}, ${NUMBER} AS "${COLUMN}"${comment}`,
        args: [...args],
        argTypes: [...argTypes],
      },
      answer: (answer) => this.taken(statement, answer),
    }
  }

  statement(statement: Statement): void {
    const number = this.returned.get(statement)
    if (number === undefined || statement.error !== undefined) return
    if (statement.transaction === null) return this.isCommitted(number)
    let numbers = this.open.get(statement.transaction)
    if (numbers === undefined) this.open.set(statement.transaction, (numbers = new Set()))
    numbers.add(number)
  }

  transaction({ type, transaction, error }: TransactionEvent): void {
    if (type !== 'commit' || error !== undefined || transaction === null) return
    for (const number of this.open.get(transaction) ?? []) this.isCommitted(number)
  }

  private isCommitted(number: string): void {
    this.committed.delete(number)
    this.committed.set(number, realTimers.now())
    if (this.committed.size <= KEPT) return
    const [oldest] = this.committed.keys()
    this.committed.delete(oldest as string)
  }

  /** The answer without the number. */
  private taken(statement: Statement, answer: SqlAnswer): SqlAnswer {
    const at = answer.columnNames?.lastIndexOf(COLUMN) ?? -1
    if (at < 0) return answer
    const number = answer.rows[0]?.[at]
    if (typeof number === 'string') this.returned.set(statement, number)
    const without = <T>(values: readonly T[]): T[] => values.filter((_, index) => index !== at)
    return {
      ...answer,
      ...(answer.columnNames === undefined ? {} : { columnNames: without(answer.columnNames) }),
      ...(answer.columnTypes === undefined ? {} : { columnTypes: without(answer.columnTypes) }),
      rows: answer.rows.map(without),
    }
  }
}

const watched = new WeakMap<DriverTap, OwnWrites>()
/** What Prisma makes: it ends with a list of columns, and perhaps a comment. */
const RETURNS =
  /^((?:INSERT INTO|UPDATE|DELETE FROM) "[^]* RETURNING "[^"]+"(?:\."[^"]+")*(?:::\w+)?(?:, "[^"]+"(?:\."[^"]+")*(?:::\w+)?)*)(\s*\/\*[^]*\*\/)?$/
const NUMBER = 'pg_catalog.txid_current()::text'
const COLUMN = '@transaction'
/** Transactions that are remembered: their changes come back within moments. */
const KEPT = 10_000
