import { AsyncLocalStorage } from 'node:async_hooks'
import type { Call } from '../pipeline/call.ts'
import type { Host } from '../pipeline/host.ts'
import type { DriverListener, DriverTransaction, Statement, TransactionEvent } from './driver-listener.ts'
import { judgeFailure } from './failure/judge-failure.ts'
import { DriverListeners } from './driver-listeners.ts'
import { connectionOf, releasedAfter, rolledBack } from './connection/transaction-end.ts'
import type { DriverPool } from './connection/driver-pool.ts'
import { driverPoolOf } from './connection/pool-of-adapter.ts'
import type {
  ConnectionWatch,
  SqlAdapter,
  SqlAdapterFactory,
  SqlQuery,
  SqlQueryable,
  SqlTransaction,
} from './connection/adapter-ports.ts'
import type { TransactionOutcome } from '../pipeline/call-transaction.ts'
import { SentStatement, type Execute } from './sent-statement.ts'
import { TransactionRegistry, TransactionScope } from '../transaction/transaction-registry.ts'

/** The call whose statements are being sent; seen by everything the driver does on its behalf. */
export const currentCall = new AsyncLocalStorage<Call>()

const TAP = Symbol('driver tap')
const taps = new WeakMap<object, DriverTap>()

/**
 * Sees every statement, failure, row count, COMMIT and ROLLBACK of the clients that share one driver adapter
 * factory, by replacing the factory's `connect` until the process ends. It changes nothing of what passes:
 * the same values, the same error objects, absent optional methods stay absent.
 */
export class DriverTap {
  /** `waiting` until the factory has connected through the tap. */
  status: 'waiting' | 'connected' = 'waiting'
  /** Connected adapters, oldest first: clients that share a factory connect once each. */
  private readonly connections: Connection[] = []
  private latest: Connection | null = null
  /** Those of all clients on this factory. */
  readonly transactions = new TransactionRegistry()
  private listeners = DriverListeners.none
  private hosts = 0

  private constructor(private readonly connectFactory: () => Promise<SqlAdapter>) {}

  /** The tap of a base client; null where it has no driver adapter (Accelerate), so that statements are not seen. */
  static of(host: Host): DriverTap | null {
    return host.state<DriverTap | null>(TAP, () => null)
  }

  /** The tap of a factory; installs it the first time. */
  static on(factory: SqlAdapterFactory): DriverTap {
    const installed = taps.get(factory)
    if (installed !== undefined) return installed
    // The method as the object itself has it: a proxy around the factory keeps its own layer outside the tap.
    const connect: SqlAdapterFactory['connect'] =
      Object.getOwnPropertyDescriptor(factory, 'connect')?.value ??
      Object.getPrototypeOf(factory)?.connect ??
      factory.connect
    const tap = new DriverTap(() => connect.call(factory))
    Reflect.defineProperty(factory, 'connect', {
      configurable: true,
      writable: true,
      value: async function (this: SqlAdapterFactory) {
        const adapter = await connect.call(this)
        const connection = { adapter, pool: driverPoolOf(adapter) }
        tap.status = 'connected'
        tap.latest = connection
        tap.connections.push(connection)
        for (const listener of tap.listeners.all) listener.connected?.(adapter)
        return tap.wrapAdapter(connection)
      },
    })
    taps.set(factory, tap)
    return tap
  }

  /** Makes this the tap of a base client, whose transactions are then those of the driver adapter. */
  attach(host: Host): void {
    host.state(TAP, () => this)
    this.hosts++
    this.transactions.attach(host)
  }

  /** Whether several base clients use the factory: that it has connected then does not say for which of them. */
  get isShared(): boolean {
    return this.hosts > 1
  }

  /** The adapter that connected last, for what it says of itself. */
  get adapter(): SqlAdapter | null {
    return this.latest?.adapter ?? null
  }

  /** The connections behind {@link DriverTap.adapter}, where the driver lets us see them. */
  get pool(): DriverPool | null {
    return this.latest?.pool ?? null
  }

  /** Adds a listener; the returned function takes it away again. */
  listen(listener: DriverListener): () => void {
    this.listeners = this.listeners.with(listener)
    if (this.adapter !== null) listener.connected?.(this.adapter)
    return () => {
      this.listeners = this.listeners.without(listener)
    }
  }

  /** Whether anybody listens who has to know whose statements are whose. */
  get asksForCalls(): boolean {
    return this.listeners.askForCalls
  }

  /** An adapter apart from the client's, which nobody listens to; the caller disposes of it. */
  connectApart(): Promise<SqlAdapter> {
    return this.connectFactory()
  }

  private wrapAdapter(connection: Connection): SqlAdapter {
    const { adapter, pool } = connection
    return overlay(adapter, {
      ...this.queries(adapter, pool, null),
      executeScript: (script: string) =>
        this.send(adapter, pool, { sql: script, args: [], argTypes: [] }, 'script', null, (_, { sql }) =>
          adapter.executeScript(sql),
        ),
      startTransaction: async (isolationLevel?: string) => {
        const transaction = await this.timed('begin', (waited) =>
          this.begin(connection, waited, isolationLevel),
        )
        return this.wrapTransaction(transaction, pool)
      },
      dispose: async () => {
        for (const listener of this.listeners.all) await listener.dispose?.()
        this.connections.splice(this.connections.indexOf(connection), 1)
        this.latest = this.connections.at(-1) ?? this.latest
        await adapter.dispose()
      },
    })
  }

  private async begin(
    { adapter, pool }: Connection,
    waited: (ms: number) => void,
    isolationLevel: string | undefined,
  ): Promise<SqlTransaction> {
    if (pool === null || !pool.leasable || !pool.saturated || this.listeners.all.length === 0)
      return adapter.startTransaction(isolationLevel)
    const startedAt = performance.now()
    return pool.begin(adapter, () => waited(performance.now() - startedAt), isolationLevel)
  }

  private wrapTransaction(target: SqlTransaction, pool: DriverPool | null): SqlTransaction {
    const state: DriverTransaction = { scope: null, savepoints: [], outcome: null }
    const queries = this.queries(target, pool, state)
    const savepoint = (
      method: 'createSavepoint' | 'rollbackToSavepoint' | 'releaseSavepoint',
      effect: (name: string) => void | Promise<void>,
    ) =>
      target[method] === undefined
        ? {}
        : {
            [method]: async (name: string) => {
              await this.timed(
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
        if (query.sql === 'COMMIT') return this.committing(target, state, () => target.executeRaw(query))
        if (query.sql === 'ROLLBACK') return this.ending('rollback', state, () => target.executeRaw(query))
        return queries.executeRaw(query)
      },
      commit: async () => {
        if (state.outcome !== null) await target.commit().finally(() => settle(state, state.outcome))
        else
          await this.committing(target, state, (hold) => releasedAfter(target, hold).commit()).finally(() =>
            settle(state, state.outcome),
          )
      },
      rollback: async () => {
        // A failed COMMIT is followed by rollback(), which only gives the connection back.
        if (state.outcome !== null) await target.rollback().finally(() => settle(state, state.outcome))
        else
          await this.ending('rollback', state, () => target.rollback()).finally(() =>
            settle(state, 'rolledBack'),
          )
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

  private queries(target: SqlQueryable, pool: DriverPool | null, transaction: DriverTransaction | null) {
    return {
      queryRaw: (query: SqlQuery) => this.send(target, pool, query, 'query', transaction, queryRaw),
      executeRaw: (query: SqlQuery) => this.send(target, pool, query, 'execute', transaction, executeRaw),
    }
  }

  private send<T>(
    target: SqlQueryable,
    pool: DriverPool | null,
    query: SqlQuery,
    kind: Statement['kind'],
    transaction: DriverTransaction | null,
    execute: Execute<T>,
  ): Promise<T> {
    const call = runningCall()
    if (transaction !== null && transaction.scope === null && call !== undefined) this.link(transaction, call)
    const { listeners } = this
    if (listeners.all.length === 0) return execute(target, query)
    return new SentStatement(query, kind, call, transaction, listeners).send(query, target, pool, execute)
  }

  /** The first statement of a call in a transaction tells which of Prisma's transactions this is. */
  private link(transaction: DriverTransaction, call: Call): void {
    const { kind, id } = call.transaction
    if (id === null || (kind !== 'interactive' && kind !== 'array')) return
    const scope = this.transactions.scope(kind, id)
    for (const savepoint of transaction.savepoints.splice(0)) scope.openSavepoint(savepoint)
    transaction.scope = scope
  }

  /**
   * COMMIT is watched as statements are. What the watch throws beforehand ends the transaction by ROLLBACK. `hold` resolves
   * when the connection may go back.
   */
  private async committing<T>(
    target: SqlTransaction,
    state: DriverTransaction,
    send: (hold: () => PromiseLike<unknown> | null) => Promise<T>,
  ): Promise<T> {
    const watch = this.commitWatch(state)
    if (watch === null) return this.ending('commit', state, () => send(() => null))
    const connection = connectionOf(target)
    try {
      watch.taken(connection)
    } catch (error) {
      await this.ending('rollback', state, () => rolledBack(target)).catch(() => undefined)
      throw error
    }
    try {
      return await this.ending('commit', state, () => send(() => watch.answered(connection)))
    } finally {
      await watch.answered(connection)
    }
  }

  private commitWatch(state: DriverTransaction): ConnectionWatch | null {
    for (const listener of this.listeners.all) {
      const watch = listener.watchCommit?.(state) ?? null
      if (watch !== null) return watch
    }
    return null
  }

  private async ending<T>(
    type: 'commit' | 'rollback',
    state: DriverTransaction,
    end: () => Promise<T>,
  ): Promise<T> {
    try {
      const result = await this.timed(type, end, state)
      state.outcome = type === 'commit' ? 'committed' : 'rolledBack'
      return result
    } catch (error) {
      const { outcome } = judgeFailure(error, 'commit')
      const isUndone = type === 'rollback' || outcome === 'refused' || outcome === 'undone'
      state.outcome = isUndone ? 'rolledBack' : 'unknown'
      throw error
    }
  }

  private async timed<T>(
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
      for (const listener of this.listeners.all) {
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
}

/** What a factory has connected: an adapter, and the connections behind it where the driver lets us see them. */
interface Connection {
  readonly adapter: SqlAdapter
  readonly pool: DriverPool | null
}

const queryRaw: Execute<{ rows: unknown[][] }> = (on, query) => on.queryRaw(query)
const executeRaw: Execute<number> = (on, query) => on.executeRaw(query)

/** The call that sends; of an array transaction, whose members share one context, the member whose turn it is. */
function runningCall(): Call | undefined {
  const call = currentCall.getStore()
  const { transaction } = call ?? {}
  return transaction instanceof TransactionScope ? (transaction.runningMember ?? call) : call
}

async function settle(state: DriverTransaction, outcome: TransactionOutcome | null): Promise<void> {
  await state.scope?.settle(outcome ?? 'unknown')
}

/**
 * The target with some methods replaced: all others bound to the target, absent ones absent. What is replaced is an own
 * property, which costs a statement nothing; only the rest goes through the proxy behind it.
 */
function overlay<T extends object>(target: T, replaced: Partial<Record<keyof T, unknown>>): T {
  const rest = new Proxy(target, {
    get(_, property) {
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return Object.assign(Object.create(rest) as T, replaced)
}
