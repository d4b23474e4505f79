import type { TransactionOutcome } from '../pipeline/call-transaction.ts'
import { currentCall } from './current-call.ts'
import type { ConnectionWatch, SqlQuery, SqlQueryable, SqlTransaction } from './connection/adapter-ports.ts'
import { connectionOf, releasedAfter, rolledBack } from './connection/transaction-end.ts'
import type { DriverTransaction, TransactionEvent } from './driver-listener.ts'
import type { DriverListeners } from './driver-listeners.ts'
import { judgeFailure } from './failure/judge-failure.ts'
import { overlay } from './overlay.ts'

/** A transaction of the driver under the tap: its statements, savepoints and end are seen, and its COMMIT is watched. */
export class TransactionTap {
  constructor(
    private readonly target: SqlTransaction,
    private readonly state: DriverTransaction,
    private readonly queries: Pick<SqlQueryable, 'queryRaw' | 'executeRaw'>,
    /** Those of this moment. */
    private readonly listeners: () => DriverListeners,
    /** Told before its end is sent. */
    private readonly closing: () => void,
  ) {}

  /** What stands in the transaction's place. */
  tapped(): SqlTransaction {
    const { target, state, queries } = this
    const savepoint = (
      method: 'createSavepoint' | 'rollbackToSavepoint' | 'releaseSavepoint',
      effect: (name: string) => void | Promise<void>,
    ) =>
      target[method] === undefined
        ? {}
        : {
            [method]: async (name: string) => {
              await timed(
                this.listeners,
                'savepoint',
                () => (target[method] as (name: string) => Promise<void>)(name),
                state,
              )
              await effect(name)
            },
          }
    return overlay(target, {
      queryRaw: queries.queryRaw,
      executeRaw: (query: SqlQuery) => {
        // Without phantom queries Prisma sends the end of the transaction as a statement of its own.
        if (query.sql === 'COMMIT') return this.committing(() => target.executeRaw(query))
        if (query.sql === 'ROLLBACK') return this.ending('rollback', () => target.executeRaw(query))
        return queries.executeRaw(query)
      },
      commit: async () => {
        if (state.outcome !== null) await target.commit().finally(() => settle(state, state.outcome))
        else
          await this.committing((hold) => releasedAfter(target, hold).commit()).finally(() =>
            settle(state, state.outcome),
          )
      },
      rollback: async () => {
        // A failed COMMIT is followed by rollback(), which only gives the connection back.
        if (state.outcome !== null) await target.rollback().finally(() => settle(state, state.outcome))
        else await this.ending('rollback', () => target.rollback()).finally(() => settle(state, 'rolledBack'))
      },
      ...savepoint('createSavepoint', (name) => {
        if (state.scope === null) state.savepoints.push(name)
        else state.scope.openSavepoint(name)
      }),
      ...savepoint('rollbackToSavepoint', (name) => state.scope?.rollbackToSavepoint(name)),
      ...savepoint('releaseSavepoint', (name) => {
        if (state.scope !== null) return state.scope.releaseSavepoint(name)
        const index = state.savepoints.lastIndexOf(name)
        if (index >= 0) state.savepoints.length = index
      }),
    })
  }

  /**
   * COMMIT is watched as statements are. What the watch throws beforehand ends the transaction by ROLLBACK. `hold` resolves
   * when the connection may go back.
   */
  private async committing<T>(send: (hold: () => PromiseLike<unknown> | null) => Promise<T>): Promise<T> {
    this.closing()
    const watch = this.watch()
    if (watch === null) return this.ending('commit', () => send(() => null))
    const connection = connectionOf(this.target)
    try {
      watch.taken(connection)
    } catch (error) {
      await this.ending('rollback', () => rolledBack(this.target)).catch(() => undefined)
      throw error
    }
    try {
      return await this.ending('commit', () => send(() => watch.answered(connection)))
    } finally {
      await watch.answered(connection)
    }
  }

  private watch(): ConnectionWatch | null {
    for (const listener of this.listeners().all) {
      const watch = listener.watchCommit?.(this.state) ?? null
      if (watch !== null) return watch
    }
    return null
  }

  private async ending<T>(type: 'commit' | 'rollback', end: () => Promise<T>): Promise<T> {
    this.closing()
    try {
      const result = await timed(this.listeners, type, end, this.state)
      this.state.outcome = type === 'commit' ? 'committed' : 'rolledBack'
      return result
    } catch (error) {
      const { outcome } = judgeFailure(error, 'commit')
      const isUndone = type === 'rollback' || outcome === 'refused' || outcome === 'undone'
      this.state.outcome = isUndone ? 'rolledBack' : 'unknown'
      throw error
    }
  }
}

/** Runs one end, start or savepoint of a transaction, and tells the listeners how long it took and waited. */
export async function timed<T>(
  listeners: () => DriverListeners,
  type: TransactionEvent['type'],
  run: (waited: (ms: number) => void) => Promise<T>,
  transaction: DriverTransaction | null = null,
): Promise<T> {
  const startedAt = performance.now()
  let failure: unknown
  let waitMs = 0
  try {
    return await run((ms) => (waitMs = ms))
  } catch (error) {
    failure = error
    throw error
  } finally {
    for (const listener of listeners().all) {
      listener.transaction?.({
        type,
        call: currentCall.getStore(),
        transaction,
        ms: Math.max(0, performance.now() - startedAt - waitMs),
        waitMs,
        error: failure,
      })
    }
  }
}

async function settle(state: DriverTransaction, outcome: TransactionOutcome | null): Promise<void> {
  await state.scope?.settle(outcome ?? 'unknown')
}
