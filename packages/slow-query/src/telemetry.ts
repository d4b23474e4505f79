import type { Call, Host, Next } from '@prisma-brisk/core'
import type { OperationTrace } from './trace/operation-trace.ts'

/**
 * A tracing and metrics system that hears of every operation. Implementations live on subpaths; see
 * `@prisma-brisk/slow-query/opentelemetry`.
 */
export interface Telemetry {
  /** Told of each client it is mounted on, for what is observed rather than recorded: connections of the pool. */
  attach(host: Host): void
  /** Passes the operation on, within a span of its own where spans are wanted. */
  trace(call: Call, next: Next): Promise<unknown>
  /** Called when the operation has settled; `error` is undefined where it succeeded. */
  record(trace: OperationTrace, error: unknown): void
}
