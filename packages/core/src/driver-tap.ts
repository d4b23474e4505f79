import { AsyncLocalStorage } from 'node:async_hooks'
import type { Call } from './call.ts'
import { driverPoolOf, type DriverPool, type PooledConnection } from './driver-pool.ts'
import type { SqlAdapter, SqlAdapterFactory, SqlQuery, SqlQueryable, SqlTransaction } from './driver-ports.ts'
import type { TransactionOutcome } from './call-transaction.ts'
import { TransactionScope, type TransactionRegistry } from './transaction-registry.ts'

/** The call whose statements are being sent; seen by everything the driver does on its behalf. */
export const currentCall = new AsyncLocalStorage<Call>()

/** One statement as the driver saw it. Never logged with its arguments. */
export interface Statement {
  /** As it is sent: rewritten, where a listener has rewritten it. */
  sql: string
  args: readonly unknown[]
  argTypes: readonly unknown[]
  readonly kind: 'query' | 'execute' | 'script'
  /** The call that sent it; where Prisma merges several `findUnique` into one statement, the first of them. */
  readonly call: Call | undefined
  /** The driver's transaction it runs in, or null. */
  readonly transaction: DriverTransaction | null
  /** Clock reading when it was handed to the driver, as `performance.now()`. */
  readonly startedAt: number
  /** Milliseconds until the driver answered, {@link Statement.waitMs} not included. */
  ms: number
  /** Milliseconds spent waiting for a connection of the pool. */
  waitMs: number
  /** Rows returned or affected. */
  rows: number
  error: unknown
}

/** BEGIN, COMMIT, ROLLBACK or a savepoint, apart from the statements of calls. */
export interface TransactionEvent {
  readonly type: 'begin' | 'commit' | 'rollback' | 'savepoint'
  readonly call: Call | undefined
  /** Milliseconds it took, {@link TransactionEvent.waitMs} not included. */
  readonly ms: number
  /** BEGIN: milliseconds spent waiting for a connection of the pool. */
  readonly waitMs: number
  readonly error: unknown
}

/** Another statement in place of the one Prisma made. */
export interface Rewrite {
  readonly query: SqlQuery
  /** Turns what the driver answered into what Prisma expects; what it throws fails the statement. */
  answer?(result: SqlAnswer): SqlAnswer
}

/** What a driver answers to a query: rows of values, and what their columns are called. */
export interface SqlAnswer {
  columnNames?: string[]
  columnTypes?: unknown[]
  rows: unknown[][]
}

/**
 * Hears what passes the driver. A listener must not throw, but for {@link DriverListener.rewrite} and
 * {@link DriverListener.inspect}.
 */
export interface DriverListener {
  /** Runs before the statement is sent; what it throws fails the statement unsent. Null: send it as it is. */
  rewrite?(statement: Statement): Rewrite | null
  statement?(statement: Statement): void
  transaction?(event: TransactionEvent): void
  /** Runs before {@link DriverListener.statement}, with the rows at hand; what it throws fails the statement. */
  inspect?(statement: Statement): void
  /**
   * Wraps the sending of a statement: to set a timeout, to wait, to cancel. `target` is the adapter or the
   * transaction it goes to; `send(on)` sends it to another one, such as a connection of the pool.
   */
  around?<T>(statement: Statement, target: SqlQueryable, send: (on?: SqlQueryable) => Promise<T>): Promise<T>
  /** The adapter has connected; told at once to whoever listens later. */
  connected?(adapter: SqlAdapter): void
  /** The adapter is about to be disposed of (`$disconnect`). */
  dispose?(): void | Promise<void>
}

/** One BEGIN … COMMIT of the driver. */
export interface DriverTransaction {
  /** Prisma's transaction once a call has shown which it is; null for those Prisma opens for one operation. */
  scope: TransactionScope | null
  /** Savepoints opened before the scope was known. */
  readonly savepoints: string[]
  /** What the driver has said of COMMIT so far. */
  outcome: TransactionOutcome | null
}

type Wrapper = Required<Pick<DriverListener, 'around'>>

const taps = new WeakMap<object, DriverTap>()

/**
 * Sees every statement, failure, row count, COMMIT and ROLLBACK of the clients that share one driver adapter
 * factory, by replacing the factory's `connect` until the process ends. It changes nothing of what passes:
 * the same values, the same error objects, absent optional methods stay absent.
 */
export class DriverTap {
  /** `waiting` until the factory has connected through the tap. */
  status: 'waiting' | 'connected' = 'waiting'
  /** The last connected adapter, for what it says of itself. */
  adapter: SqlAdapter | null = null
  /** The connections behind it, where the driver lets us see them. */
  pool: DriverPool | null = null
  private listeners: readonly DriverListener[] = []
  /** Those that do more than hear of statements: most have none, and pay for none. */
  private rewriters: readonly DriverListener[] = []
  private inspectors: readonly DriverListener[] = []
  private wrappers: readonly Wrapper[] = []

  private constructor(
    readonly transactions: TransactionRegistry,
    private readonly connectFactory: () => Promise<SqlAdapter>,
  ) {}

  /** The tap of a factory; installs it the first time. */
  static on(factory: SqlAdapterFactory, transactions: TransactionRegistry): DriverTap {
    const installed = taps.get(factory)
    if (installed !== undefined) return installed
    // The method as the object itself has it: a proxy around the factory keeps its own layer outside the tap.
    const connect: SqlAdapterFactory['connect'] =
      Object.getOwnPropertyDescriptor(factory, 'connect')?.value ??
      Object.getPrototypeOf(factory)?.connect ??
      factory.connect
    const tap = new DriverTap(transactions, () => connect.call(factory))
    Reflect.defineProperty(factory, 'connect', {
      configurable: true,
      writable: true,
      value: async function (this: SqlAdapterFactory) {
        const adapter = await connect.call(this)
        tap.status = 'connected'
        tap.adapter = adapter
        tap.pool = driverPoolOf(adapter)
        for (const listener of tap.listeners) listener.connected?.(adapter)
        return tap.wrapAdapter(adapter)
      },
    })
    taps.set(factory, tap)
    return tap
  }

  /** Adds a listener; the returned function takes it away again. */
  listen(listener: DriverListener): () => void {
    this.hear([...this.listeners, listener])
    if (this.adapter !== null) listener.connected?.(this.adapter)
    return () => this.hear(this.listeners.filter((each) => each !== listener))
  }

  private hear(listeners: readonly DriverListener[]): void {
    this.listeners = listeners
    this.rewriters = listeners.filter(({ rewrite }) => rewrite !== undefined)
    this.inspectors = listeners.filter(({ inspect }) => inspect !== undefined)
    this.wrappers = listeners.filter((each): each is DriverListener & Wrapper => each.around !== undefined)
  }

  /** An adapter apart from the client's, which nobody listens to; whoever asks for it disposes of it. */
  connectApart(): Promise<SqlAdapter> {
    return this.connectFactory()
  }

  private wrapAdapter(adapter: SqlAdapter): SqlAdapter {
    return overlay(adapter, {
      ...this.queries(adapter, null),
      executeScript: (script: string) =>
        this.send(adapter, { sql: script, args: [], argTypes: [] }, 'script', null, () =>
          adapter.executeScript(script),
        ),
      startTransaction: async (isolationLevel?: string) => {
        const transaction = await this.timed('begin', (waited) => this.begin(adapter, waited, isolationLevel))
        return this.wrapTransaction(transaction)
      },
      dispose: async () => {
        for (const listener of this.listeners) await listener.dispose?.()
        await adapter.dispose()
      },
    })
  }

  private async begin(
    adapter: SqlAdapter,
    waited: (ms: number) => void,
    isolationLevel: string | undefined,
  ): Promise<SqlTransaction> {
    const { pool } = this
    if (pool === null || !pool.leasable || !pool.saturated || this.listeners.length === 0)
      return adapter.startTransaction(isolationLevel)
    const startedAt = performance.now()
    const connection = await pool.acquire(adapter).finally(() => waited(performance.now() - startedAt))
    return pool.begin(adapter, connection, isolationLevel)
  }

  private wrapTransaction(target: SqlTransaction): SqlTransaction {
    const state: DriverTransaction = { scope: null, savepoints: [], outcome: null }
    const queries = this.queries(target, state)
    const savepoint = (
      method: 'createSavepoint' | 'rollbackToSavepoint' | 'releaseSavepoint',
      effect: (name: string) => void | Promise<void>,
    ) =>
      target[method] === undefined
        ? {}
        : {
            [method]: async (name: string) => {
              await this.timed('savepoint', () => (target[method] as (name: string) => Promise<void>)(name))
              await effect(name)
            },
          }
    return overlay(target, {
      queryRaw: queries.queryRaw,
      executeRaw: (query: SqlQuery) => {
        // Without phantom queries Prisma sends the end of the transaction as a statement of its own.
        if (query.sql === 'COMMIT') return this.ending('commit', state, () => target.executeRaw(query))
        if (query.sql === 'ROLLBACK') return this.ending('rollback', state, () => target.executeRaw(query))
        return queries.executeRaw(query)
      },
      commit: async () => {
        if (state.outcome !== null) await target.commit().finally(() => settle(state, state.outcome))
        else
          await this.ending('commit', state, () => target.commit()).finally(() =>
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

  private queries(target: SqlQueryable, transaction: DriverTransaction | null) {
    return {
      queryRaw: (query: SqlQuery) => this.send(target, query, 'query', transaction, queryRaw),
      executeRaw: (query: SqlQuery) => this.send(target, query, 'execute', transaction, executeRaw),
    }
  }

  private send<T>(
    target: SqlQueryable,
    query: SqlQuery,
    kind: Statement['kind'],
    transaction: DriverTransaction | null,
    execute: Execute<T>,
  ): Promise<T> {
    const call = runningCall()
    if (transaction !== null && transaction.scope === null && call !== undefined) this.link(transaction, call)
    const { listeners } = this
    if (listeners.length === 0) return execute(target, query)
    const statement: Statement = {
      sql: query.sql,
      args: query.args,
      argTypes: query.argTypes,
      kind,
      call,
      transaction,
      startedAt: performance.now(),
      ms: 0,
      waitMs: 0,
      rows: 0,
      error: undefined,
    }
    return this.told(statement, listeners, target, query, execute)
  }

  /** Sends a statement, and tells the listeners what became of it. */
  private async told<T>(
    statement: Statement,
    listeners: readonly DriverListener[],
    target: SqlQueryable,
    query: SqlQuery,
    execute: Execute<T>,
  ): Promise<T> {
    const { rewriters, inspectors } = this
    try {
      const result =
        rewriters.length === 0
          ? await this.passed(statement, target, query, execute)
          : await this.rewritten(statement, target, query, execute)
      statement.rows = rowsOf(result)
      for (const listener of inspectors) listener.inspect?.(statement)
      return result
    } catch (error) {
      statement.error = error
      throw error
    } finally {
      statement.ms = Math.max(0, performance.now() - statement.startedAt - statement.waitMs)
      for (const listener of listeners) listener.statement?.(statement)
    }
  }

  /** Lets each listener rewrite the statement, one upon the other; the last rewrite is the first to see the answer. */
  private async rewritten<T>(
    statement: Statement,
    target: SqlQueryable,
    query: SqlQuery,
    execute: Execute<T>,
  ): Promise<T> {
    const rewrites: Rewrite[] = []
    for (const listener of this.rewriters) {
      const rewrite = listener.rewrite?.(statement) ?? null
      if (rewrite === null) continue
      Object.assign(statement, rewrite.query)
      rewrites.push(rewrite)
    }
    const result = await this.passed(statement, target, rewrites.at(-1)?.query ?? query, execute)
    return rewrites.reduceRight<SqlAnswer>(
      (answer, rewrite) => rewrite.answer?.(answer) ?? answer,
      result as SqlAnswer,
    ) as T
  }

  /** Sends a statement through all listeners that wrap it, and over a connection that is waited for where none is free. */
  private passed<T>(
    statement: Statement,
    target: SqlQueryable,
    query: SqlQuery,
    execute: Execute<T>,
  ): Promise<T> {
    const { pool, wrappers } = this
    const mayWait = pool !== null && statement.transaction === null && pool.leasable && pool.saturated
    if (!mayWait && wrappers.length === 0) return execute(target, query)
    let run = (on: SqlQueryable) =>
      mayWait && on === target ? waiting(pool, statement, target, query, execute) : execute(on, query)
    for (const listener of wrappers) {
      const inner = run
      run = (on) => listener.around(statement, on, (to = on) => inner(to))
    }
    return run(target)
  }

  /** The first statement of a call in a transaction tells which of Prisma's transactions this is. */
  private link(transaction: DriverTransaction, call: Call): void {
    const { kind, id } = call.transaction
    if (id === null || (kind !== 'interactive' && kind !== 'array')) return
    const scope = this.transactions.scope(kind, id)
    for (const savepoint of transaction.savepoints.splice(0)) scope.openSavepoint(savepoint)
    transaction.scope = scope
  }

  private async ending<T>(
    type: 'commit' | 'rollback',
    state: DriverTransaction,
    end: () => Promise<T>,
  ): Promise<T> {
    try {
      const result = await this.timed(type, end)
      state.outcome = type === 'commit' ? 'committed' : 'rolledBack'
      return result
    } catch (error) {
      state.outcome = type === 'commit' && !refusedByDatabase(error) ? 'unknown' : 'rolledBack'
      throw error
    }
  }

  private async timed<T>(
    type: TransactionEvent['type'],
    run: (waited: (ms: number) => void) => Promise<T>,
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
      for (const listener of this.listeners) {
        listener.transaction?.({
          type,
          call: currentCall.getStore(),
          ms: Math.max(0, performance.now() - startedAt - waitMs),
          waitMs,
          error: failure,
        })
      }
    }
  }
}

/** What the driver is asked to do with a query. */
type Execute<T> = (on: SqlQueryable, query: SqlQuery) => Promise<T>

const queryRaw: Execute<{ rows: unknown[][] }> = (on, query) => on.queryRaw(query)
const executeRaw: Execute<number> = (on, query) => on.executeRaw(query)

function rowsOf(result: unknown): number {
  if (typeof result === 'number') return result
  return (result as { rows?: unknown[] } | undefined)?.rows?.length ?? 0
}

/** Sends a statement over a connection that has to be waited for, and notes how long. */
async function waiting<T>(
  pool: DriverPool,
  statement: Statement,
  target: SqlQueryable,
  query: SqlQuery,
  execute: Execute<T>,
): Promise<T> {
  const connection = await acquireFor(statement, pool, target)
  try {
    return await execute(connection.on, query)
  } finally {
    connection.release()
  }
}

/** Takes a connection for a statement, and notes on it how long that took. */
export async function acquireFor(
  statement: Statement,
  pool: DriverPool,
  target: SqlQueryable,
): Promise<PooledConnection> {
  const startedAt = performance.now()
  try {
    return await pool.acquire(target)
  } finally {
    statement.waitMs += performance.now() - startedAt
  }
}

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
 * Whether the server itself said no to COMMIT (a deferred constraint, a serialization failure), so that
 * nothing was kept. SQLSTATE classes 08 (connection), 57 (operator intervention), 58 and XX leave it open.
 */
function refusedByDatabase(error: unknown): boolean {
  const cause = (error as { cause?: { originalCode?: unknown; kind?: unknown } } | null)?.cause
  const code = typeof cause?.originalCode === 'string' ? cause.originalCode : ''
  return code !== '' && !/^(08|57|58|XX)/.test(code) && !/^(20\d\d|E[A-Z]+)$/.test(code)
}

/** The target with some methods replaced: all others bound to the target, absent ones absent. */
function overlay<T extends object>(target: T, replaced: Partial<Record<keyof T, unknown>>): T {
  return new Proxy(target, {
    get(_, property) {
      if (Object.hasOwn(replaced, property)) return replaced[property as keyof T]
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
