/**
 * Whether a failed operation may be sent again without doing anything twice: the database has undone it
 * (serialization failure, deadlock, lock wait), or it never got there.
 */
export function isRetryable(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code === 'string' && retryableCodes.has(code)) return true
  const cause = driverCauseOf(error)
  if (cause === undefined) return false
  return (
    retryableDriverCodes.has(String(cause.originalCode ?? cause.code ?? '')) ||
    (typeof cause.kind === 'string' && retryableKinds.has(cause.kind))
  )
}

/** P2034 write conflict or deadlock; P1001 server not reachable; P2037 too many connections. */
const retryableCodes = new Set(['P2034', 'P1001', 'P2037'])

/**
 * 40001 serialization failure, 40P01 deadlock, 1213 deadlock, 1205 lock wait timeout; before anything was sent:
 * 53300 and 1040 too many connections, 57P03 the server is starting up.
 */
const retryableDriverCodes = new Set([
  '40001',
  '40P01',
  '1213',
  '1205',
  '53300',
  '1040',
  '57P03',
  'ECONNREFUSED',
])

const retryableKinds = new Set(['TransactionWriteConflict', 'DatabaseNotReachable', 'TooManyConnections'])

interface DriverCause {
  originalCode?: unknown
  code?: unknown
  kind?: unknown
}

function driverCauseOf(error: unknown): DriverCause | undefined {
  const failure = error as { cause?: unknown; meta?: { driverAdapterError?: unknown } } | null | undefined
  if (failure?.meta?.driverAdapterError !== undefined) return driverCauseOf(failure.meta.driverAdapterError)
  const cause = failure?.cause
  return typeof cause === 'object' && cause !== null ? cause : undefined
}
