import type { Call } from '../pipeline/call.ts'
import type { Host } from '../pipeline/host.ts'
import { TransactionRegistry } from '../transaction/transaction-registry.ts'
import type {
  SqlAdapter,
  SqlAdapterFactory,
  SqlQuery,
  SqlQueryable,
  SqlTransaction,
} from './connection/adapter-ports.ts'
import type { DriverPool } from './connection/driver-pool.ts'
import { driverPoolOf } from './connection/pool-of-adapter.ts'
import { runningCall } from './current-call.ts'
import type { DriverListener, DriverTransaction, SqlAnswer, Statement } from './driver-listener.ts'
import { DriverListeners } from './driver-listeners.ts'
import { overlay } from './overlay.ts'
import { SentStatement, type Execute } from './sent-statement.ts'
import { currentWitness } from './statement-witness.ts'
import { timed, TransactionTap } from './transaction-tap.ts'

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
  /** Interactive transactions that have sent a statement and not begun to end, by Prisma's ids. */
  private readonly open = new Map<string, SendQuery>()
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
        const connection: Connection = { adapter, pool: driverPoolOf(adapter) }
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

  /**
   * Sends a query as Prisma's executor would outside of a transaction, past the executor. Null where it is not certain which
   * connection would have it: none yet, none any more, or one of several.
   */
  get query(): SendQuery | null {
    const [connection] = this.connections
    if (connection === undefined || this.connections.length > 1 || this.isShared) return null
    return (connection.query ??= (query) =>
      this.send(connection.adapter, connection.pool, query, 'query', null, queryRaw))
  }

  /** The same within an interactive transaction that has sent a statement and is not about to end, else null. */
  queryIn(transactionId: string): SendQuery | null {
    return this.open.get(transactionId) ?? null
  }

  /** An adapter apart from the client's, which nobody listens to; the caller disposes of it. */
  connectApart(): Promise<SqlAdapter> {
    return this.connectFactory()
  }

  /**
   * The same where it has connections of its own, which its disposal ends. Null where it has those of the client: of a pool or
   * an embedded database that was handed over to the factory, which is not ours to end, or cannot be given twice.
   */
  async connectOwn(): Promise<SqlAdapter | null> {
    let apart: SqlAdapter
    try {
      apart = await this.connectFactory()
    } catch {
      return null
    }
    const driver = driverOf(apart)
    return driver !== undefined && driver === driverOf(this.adapter) ? null : apart
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
        const transaction = await timed(
          () => this.listeners,
          'begin',
          (waited) => this.begin(connection, waited, isolationLevel),
        )
        const state: DriverTransaction = {
          scope: null,
          savepoints: [],
          isolationLevel: isolationLevel ?? null,
          outcome: null,
        }
        return new TransactionTap(
          transaction,
          state,
          this.queries(transaction, pool, state),
          () => this.listeners,
          () => this.open.delete(state.scope?.id ?? ''),
        ).tapped()
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

  private queries(target: SqlQueryable, pool: DriverPool | null, transaction: DriverTransaction | null) {
    return {
      queryRaw: (query: SqlQuery) => {
        const send = () => this.send(target, pool, query, 'query', transaction, queryRaw)
        return currentWitness()?.sent(query, send) ?? send()
      },
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
    if (transaction !== null && transaction.scope === null && call !== undefined) {
      this.link(transaction, call)
      if (transaction.scope !== null && call.transaction.kind === 'interactive')
        this.open.set(call.transaction.id!, (next) =>
          this.send(target, pool, next, 'query', transaction, queryRaw),
        )
    }
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
    scope.isolationLevel = transaction.isolationLevel
    transaction.scope = scope
  }
}

/** What a factory has connected: an adapter, and the connections behind it where the driver lets us see them. */
interface Connection {
  readonly adapter: SqlAdapter
  readonly pool: DriverPool | null
  /** {@link DriverTap.query}, once it was asked for. */
  query?: SendQuery
}

/** Sends a query to the driver. */
export type SendQuery = (query: SqlQuery) => Promise<SqlAnswer>

const queryRaw: Execute<SqlAnswer> = (on, query) => on.queryRaw(query)
const executeRaw: Execute<number> = (on, query) => on.executeRaw(query)

/** The pool or database behind an adapter, where it tells. */
function driverOf(adapter: SqlAdapter | null): unknown {
  const { underlyingDriver, client } = (adapter ?? {}) as { underlyingDriver?(): unknown; client?: unknown }
  return underlyingDriver === undefined ? client : underlyingDriver.call(adapter)
}
