/** Why an operation may be sent again without doing anything twice. */
export type RetryReason =
  /** The database has undone it: a serialization failure or a deadlock. */
  | 'conflict'
  /** A lock was not given in time. */
  | 'lock'
  /** It never got to the database. */
  | 'unreachable'

/** Why a failed operation may be sent again, or null where it may not. */
export function retryReason(error: unknown): RetryReason | null {
  const code = (error as { code?: unknown } | null)?.code
  const byCode = typeof code === 'string' ? prismaCodes.get(code) : undefined
  const cause = driverCauseOf(error)
  const driverCode = textOf(cause?.originalCode ?? cause?.code)
  return (
    driverCodes.get(driverCode) ??
    byCode ??
    (typeof cause?.kind === 'string' ? (kinds.get(cause.kind) ?? null) : null)
  )
}

/** P2034 write conflict or deadlock; P1001 server not reachable; P2037 too many connections. */
const prismaCodes = new Map<string, RetryReason>([
  ['P2034', 'conflict'],
  ['P1001', 'unreachable'],
  ['P2037', 'unreachable'],
])

/**
 * 40001 serialization failure, 40P01 deadlock, 1213 deadlock, 1205 lock wait timeout; before anything was sent: 53300
 * and 1040 too many connections, 57P03 the server is starting up.
 */
const driverCodes = new Map<string, RetryReason>([
  ['40001', 'conflict'],
  ['40P01', 'conflict'],
  ['1213', 'conflict'],
  ['1205', 'lock'],
  ['53300', 'unreachable'],
  ['1040', 'unreachable'],
  ['57P03', 'unreachable'],
  ['ECONNREFUSED', 'unreachable'],
])

const kinds = new Map<string, RetryReason>([
  ['TransactionWriteConflict', 'conflict'],
  ['DatabaseNotReachable', 'unreachable'],
  ['TooManyConnections', 'unreachable'],
])

interface DriverCause {
  originalCode?: unknown
  code?: unknown
  kind?: unknown
}

function textOf(code: unknown): string {
  return typeof code === 'string' || typeof code === 'number' ? String(code) : ''
}

function driverCauseOf(error: unknown): DriverCause | undefined {
  const failure = error as { cause?: unknown; meta?: { driverAdapterError?: unknown } } | null | undefined
  if (failure?.meta?.driverAdapterError !== undefined) return driverCauseOf(failure.meta.driverAdapterError)
  const cause = failure?.cause
  return typeof cause === 'object' && cause !== null ? cause : undefined
}
