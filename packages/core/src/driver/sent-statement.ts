import type { Call } from '../pipeline/call.ts'
import type { DriverTransaction, Rewrite, SqlAnswer, Statement } from './driver-listener.ts'
import type { DriverListeners } from './driver-listeners.ts'
import type { DriverPool } from './connection/driver-pool.ts'
import type { ConnectionWatch, SqlQuery, SqlQueryable } from './connection/adapter-ports.ts'

/** What the driver is asked to do with a query. */
export type Execute<T> = (on: SqlQueryable, query: SqlQuery) => Promise<T>

/**
 * A statement on its way through the listeners to the driver and back. Most statements of most applications take this
 * way, so it costs them one promise.
 */
export class SentStatement implements Statement, ConnectionWatch {
  sql: string
  args: readonly unknown[]
  argTypes: readonly unknown[]
  readonly startedAt = performance.now()
  ms = 0
  waitMs = 0
  rows = 0
  error: unknown = undefined
  private rewrites: Rewrite[] | null = null
  private watch: ConnectionWatch | null = null
  private waits = false
  /** That of the transaction, where it is watched. */
  private connection: object | null = null

  constructor(
    query: SqlQuery,
    readonly kind: Statement['kind'],
    readonly call: Call | undefined,
    readonly transaction: DriverTransaction | null,
    private readonly listeners: DriverListeners,
  ) {
    this.sql = query.sql
    this.args = query.args
    this.argTypes = query.argTypes
  }

  send<T>(query: SqlQuery, target: SqlQueryable, pool: DriverPool | null, execute: Execute<T>): Promise<T> {
    let sent: SqlQuery
    try {
      sent = this.rewritten(query)
    } catch (error) {
      // Refused by one of ourselves: there was no statement to tell of.
      return Promise.reject(error)
    }
    let answer: Promise<T>
    try {
      this.watch = this.watched()
      answer = execute(this.transaction === null ? this.leased(target, pool) : this.joined(target), sent)
    } catch (error) {
      return Promise.reject(this.failed(error))
    }
    return answer.then(
      (result) => {
        const held = this.letGo()
        return held === null ? this.succeeded(result) : held.then(() => this.succeeded(result))
      },
      (error: unknown) => {
        const held = this.letGo()
        if (held === null) throw this.failed(error)
        return held.then(() => {
          throw this.failed(error)
        })
      },
    )
  }

  taken(connection: object): void {
    if (this.waits) this.waitMs += performance.now() - this.startedAt
    this.watch?.taken(connection)
  }

  answered(connection: object): PromiseLike<unknown> | null {
    return this.watch?.answered(connection) ?? null
  }

  /** Lets each listener rewrite the statement, one upon the other. */
  private rewritten(query: SqlQuery): SqlQuery {
    let sent = query
    for (const listener of this.listeners.rewriting) {
      const rewrite = listener.rewrite?.(this) ?? null
      if (rewrite === null) continue
      sent = rewrite.query
      this.sql = sent.sql
      this.args = sent.args
      this.argTypes = sent.argTypes
      ;(this.rewrites ??= []).push(rewrite)
    }
    return sent
  }

  /** The first that wants to watch the connection has it: a statement belongs to one call, and that to one client. */
  private watched(): ConnectionWatch | null {
    for (const listener of this.listeners.watching) {
      const watch = listener.watch?.(this) ?? null
      if (watch !== null) return watch
    }
    return null
  }

  /** The target on a connection of which we know, where somebody watches it or it has to be waited for. */
  private leased(target: SqlQueryable, pool: DriverPool | null): SqlQueryable {
    if (pool === null || !pool.leasable || this.kind === 'script') return target
    this.waits = pool.saturated
    const isWatched = this.watch !== null && pool.kind !== 'lock'
    return isWatched || this.waits ? pool.through(target, this) : target
  }

  /** In a transaction the connection is given. */
  private joined(target: SqlQueryable): SqlQueryable {
    const { client } = target as { client?: unknown }
    if (this.watch === null || typeof client !== 'object' || client === null) return target
    this.taken(client)
    this.connection = client
    return target
  }

  private letGo(): PromiseLike<unknown> | null {
    return this.connection === null ? null : this.answered(this.connection)
  }

  private succeeded<T>(result: T): T {
    let answer = result
    try {
      // The last rewrite is the first to see the driver's answer.
      for (const rewrite of this.rewrites?.reverse() ?? [])
        answer = (rewrite.answer?.(answer as SqlAnswer) ?? answer) as T
      this.rows = rowsIn(answer)
      for (const listener of this.listeners.inspecting) listener.inspect?.(this)
    } catch (error) {
      throw this.failed(error)
    }
    this.tell()
    return answer
  }

  private failed(error: unknown): unknown {
    this.error = error
    this.tell()
    return error
  }

  private tell(): void {
    this.ms = Math.max(0, performance.now() - this.startedAt - this.waitMs)
    for (const listener of this.listeners.hearing) listener.statement?.(this)
  }
}

function rowsIn(answer: unknown): number {
  if (typeof answer === 'number') return answer
  return (answer as { rows?: unknown[] } | undefined)?.rows?.length ?? 0
}
