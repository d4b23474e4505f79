import type { Call, Host, Next } from '@prisma-brisk/core'

/** An operation that has settled. */
export interface FinishedOperation {
  readonly call: Call
  /** Milliseconds it took, without the wait for a connection and without BEGIN and COMMIT. */
  readonly ms: number
  /** Milliseconds it waited for a connection of the pool. */
  readonly waitMs: number
  /** Rows the database returned. */
  readonly rowsRead: number
  /** Rows at the top of the result. */
  readonly rowsReturned: number
}

/**
 * A tracing and metrics system that is given every operation. `openTelemetry()` from
 * `@prisma-brisk/slow-query/opentelemetry` makes one.
 */
export interface QueryTelemetry {
  /** Called for each client it is mounted on, for what is observed rather than recorded: connections of the pool. */
  attach(host: Host): void
  /** Passes the operation on, within a span of its own where spans are wanted. */
  trace(call: Call, next: Next): Promise<unknown>
  /** Called when the operation has settled; `error` is undefined where it succeeded. */
  record(operation: FinishedOperation, error: unknown): void
}
