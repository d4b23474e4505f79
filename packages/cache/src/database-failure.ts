/** What Prisma's errors look like, whatever copy of its runtime made them. */
interface PrismaError {
  readonly name?: unknown
  readonly code?: unknown
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: DriverError } }
}

/** What the driver adapter says of it. */
interface DriverError {
  readonly kind?: unknown
  readonly originalCode?: unknown
  readonly state?: unknown
}

/**
 * Whether a write that failed certainly changed nothing. Prisma's query errors (P2…) and validation errors are answers
 * of a database that is there; a lost connection leaves open what happened, so its write counts as done.
 */
export function isDefiniteFailure(error: unknown): boolean {
  const { name, code } = (error ?? {}) as PrismaError
  if (name === 'PrismaClientValidationError' || name === 'PrismaClientInitializationError') return true
  if (typeof code !== 'string') return false
  // Errors of this suite are thrown before anything is sent, but for a deadline that passed.
  if (code.startsWith('E_')) return !STOPPED.has(code)
  return /^P2\d{3}$/.test(code) && !OPEN.has(code) && !isConnectionLost(error)
}

/** `@prisma-brisk/resilience` stopped waiting; whether the statement went through is open. */
const STOPPED = new Set(['E_QUERY_TIMEOUT', 'E_QUERY_ABORTED'])

/** The engine lost sight of the statement. */
const OPEN = new Set(['P2028', 'P2035'])

/** Whether the database could not be asked at all, so that an old answer is better than none. */
export function isUnreachable(error: unknown): boolean {
  const { name, code } = (error ?? {}) as PrismaError
  if (name === 'PrismaClientValidationError') return false
  if (typeof code === 'string') {
    if (/^P1\d{3}$/.test(code) || UNREACHABLE.has(code) || /^E[A-Z]+$/.test(code)) return true
    return isConnectionLost(error)
  }
  return (
    name === 'PrismaClientInitializationError' ||
    name === 'PrismaClientUnknownRequestError' ||
    name === 'PrismaClientRustPanicError'
  )
}

const UNREACHABLE = new Set(['P2024', 'P2037', 'E_QUERY_TIMEOUT'])

/**
 * Prisma reports what it cannot name as P2039, and every failure of a raw statement as P2010: a syntax error and a
 * connection that broke in the middle alike. Only the driver's own words tell them apart.
 */
function isConnectionLost(error: unknown): boolean {
  const { kind, originalCode, state } = (error as PrismaError).meta?.driverAdapterError?.cause ?? {}
  if (typeof kind === 'string' && LOST.has(kind)) return true
  return [originalCode, state].some((code) => LOST_CODES.test(String(code)))
}

const LOST = new Set(['ConnectionClosed', 'SocketTimeout', 'DatabaseNotReachable', 'TlsConnectionError'])
/**
 * SQLSTATE class 08 and 57P01 to 57P03 (shut down by an administrator, crashed, starting), the errors that the mariadb
 * driver raises itself (45000 and above), and MySQL's own for connections that were lost or killed.
 */
const LOST_CODES = /^(08\w{3}|57P0[1-3]|45\d{3}|1053|1927|2006|2013)$/
