import {
  dialectOf,
  DriverTap,
  judgeFailure,
  writtenTables,
  type DriverListener,
  type Host,
  type Statement,
  type TransactionEvent,
} from '@prisma-brisk/core'
import { modelsOfTables } from '../raw/models-of-tables.ts'
import type { WriteInvalidation } from './write-invalidation.ts'

/**
 * Writes that pass the driver and belong to no call of this client: of another client on the same driver adapter, or SQL
 * that a read of the base client runs. Their tables are read from their text, and the models of those tables invalidated,
 * within a transaction once it is committed.
 *
 * It works where somebody asks the driver whose statement is whose, as the slow-query log does: to know it is what makes
 * each promise of Node 20 and 22 slower, so the cache does not ask for it alone.
 */
export class ForeignStatements implements DriverListener {
  readonly asksForCall = false
  private readonly pending = new Map<object, Set<string>>()

  /** Listens, once for each store of a base client. */
  static watch(host: Host, store: object, writes: WriteInvalidation): void {
    const watched = host.state(WATCHED, () => new WeakSet())
    const tap = DriverTap.of(host)
    if (tap === null || watched.has(store)) return
    watched.add(store)
    tap.listen(new ForeignStatements(host, tap, writes))
  }

  private constructor(
    private readonly host: Host,
    private readonly tap: DriverTap,
    private readonly writes: WriteInvalidation,
  ) {}

  statement({ sql, call, error, transaction }: Statement): void {
    if (call !== undefined || !this.tap.asksForCalls || READ.test(sql)) return
    const tables = writtenTables(sql, dialectOf(this.host))
    if (tables?.size === 0) return
    if (transaction === null && error !== undefined && isUndone(error)) return
    const schema = this.host.schema()
    const models =
      tables === null || schema === null ? null : modelsOfTables(schema, tables, dialectOf(this.host))
    if (transaction === null) return this.invalidate(models)
    const kept = this.pending.get(transaction) ?? new Set()
    for (const model of models ?? [EVERYTHING]) kept.add(model)
    this.pending.set(transaction, kept)
  }

  transaction({ type, transaction, error }: TransactionEvent): void {
    if (transaction === null || (type !== 'commit' && type !== 'rollback')) return
    const models = this.pending.get(transaction)
    if (models === undefined) return
    this.pending.delete(transaction)
    if (type === 'rollback' || (error !== undefined && isUndone(error, 'commit'))) return
    this.invalidate(models.has(EVERYTHING) ? null : models)
  }

  private invalidate(models: ReadonlySet<string> | null): void {
    // Stores report their failures themselves.
    void this.writes.invalidateModels(models)
  }
}

const WATCHED = Symbol('foreign statements')
const EVERYTHING = '*'
/** What most statements are. */
const READ = /^\s*SELECT\b(?![^]*\bINTO\b)/i

function isUndone(error: unknown, of: 'statement' | 'commit' = 'statement'): boolean {
  const { outcome } = judgeFailure(error, of)
  return outcome === 'refused' || outcome === 'undone' || (of === 'statement' && outcome === 'unsent')
}
