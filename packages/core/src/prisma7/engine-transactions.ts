import { currentCall } from '../driver/current-call.ts'
import { DriverTap } from '../driver/driver-tap.ts'
import { StatementCallers } from '../driver/statement-callers.ts'
import type { Host } from '../pipeline/host.ts'
import { Replay } from '../replay/replay.ts'
import { TransactionRegistry, TransactionScope } from '../transaction/transaction-registry.ts'

/**
 * Follows interactive transactions through Prisma's engine object where the driver cannot be tapped: a client
 * that had connected before it was extended, or one on Accelerate. While the tap is connected it only looks on.
 */
export class EngineTransactions {
  private readonly depths = new Map<string, number>()

  constructor(private readonly host: Host) {}

  /** Replaces `transaction` on this engine; what it returns and throws stays the same. */
  watch(engine: WatchableEngine): void {
    watchMembers(engine)
    const transaction = engine.transaction?.bind(engine)
    if (transaction === undefined) return
    engine.transaction = async (action, headers, info) => {
      if (action === 'start') await this.afterEarlierReads()
      if (DriverTap.of(this.host)?.status === 'connected') return transaction(action, headers, info)
      if (action === 'start') return this.started(await transaction(action, headers, info), info)
      return this.ended(action, info?.id ?? '', () => transaction(action, headers, info))
    }
  }

  /** Reads that were called before a transaction begins are on their way before it, as in Prisma. */
  private async afterEarlierReads(): Promise<void> {
    const replay = Replay.known(this.host)
    if (replay === null) return
    for (let turn = 0; turn < TURNS_TO_REPLAY; turn++) await settled
    replay.release()
  }

  private started<T extends { id?: string }>(started: T, options: { newTxId?: string } | undefined): T {
    const id = started?.id
    if (id !== undefined && options?.newTxId === id) {
      const depth = (this.depths.get(id) ?? 0) + 1
      this.depths.set(id, depth)
      TransactionRegistry.of(this.host).find(id)?.openSavepoint(`depth ${depth}`)
    }
    return started
  }

  private async ended<T>(action: 'commit' | 'rollback', id: string, end: () => Promise<T>): Promise<T> {
    const scope = TransactionRegistry.of(this.host).find(id) ?? arrayScope()
    const depth = this.depths.get(id) ?? 0
    if (depth > 0) {
      const result = await end()
      if (action === 'rollback') await scope?.rollbackToSavepoint(`depth ${depth}`)
      scope?.releaseSavepoint(`depth ${depth}`)
      this.depths.set(id, depth - 1)
      return result
    }
    this.depths.delete(id)
    try {
      const result = await end()
      await scope?.settle(action === 'commit' ? 'committed' : 'rolledBack')
      return result
    } catch (error) {
      await scope?.settle('unknown')
      throw error
    }
  }
}

/** Turns of the microtask queue from a call to {@link Replay.send}. */
const TURNS_TO_REPLAY = 4
const settled = Promise.resolve()

/** Array transactions have an id of their own; they are known by the member in whose context they end. */
function arrayScope(): TransactionScope | undefined {
  const transaction = currentCall.getStore()?.transaction
  return transaction instanceof TransactionScope && transaction.kind === 'array' ? transaction : undefined
}

/**
 * Members of an array transaction, and other requests of a batch that cannot be one statement, are sent one after another in
 * the context of one of them. The engine reads each one's model name right before it runs it, and never again after the next
 * one's: the one read last is the one that runs.
 */
function watchMembers(engine: WatchableEngine): void {
  const requestBatch = engine.requestBatch?.bind(engine)
  if (requestBatch === undefined) return
  engine.requestBatch = (queries, options) => {
    const scope = options?.transaction?.kind === 'batch' ? arrayScope() : undefined
    const callers = StatementCallers.current
    if (scope === undefined && callers === undefined) return requestBatch(queries, options)
    const noticed = queries.map((query, index) => {
      const { modelName } = query
      return Object.defineProperty({ ...query }, 'modelName', {
        enumerable: true,
        get: () => {
          scope?.turn(index)
          callers?.turnTo(index)
          return modelName
        },
      })
    })
    return requestBatch(noticed, options)
  }
}

/** The part of Prisma's engine that starts and ends transactions. */
export interface WatchableEngine {
  requestBatch?: (
    queries: readonly { readonly modelName?: string }[],
    options?: { transaction?: { kind?: string } },
  ) => Promise<unknown>
  transaction?: (
    action: 'start' | 'commit' | 'rollback',
    headers: unknown,
    info?: { id?: string; newTxId?: string },
  ) => Promise<{ id?: string }>
}
