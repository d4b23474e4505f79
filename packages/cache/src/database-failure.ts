/** What Prisma's errors look like, whatever copy of its runtime made them. */
interface PrismaError {
  readonly name?: unknown
  readonly code?: unknown
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
  if (code.startsWith('E_')) return code !== 'E_TIMEOUT' && code !== 'E_DEADLINE'
  return /^P2\d{3}$/.test(code) && !OPEN.has(code)
}

/** P2010 raw query failed, P2039 and the like are answers; these are not: the engine lost sight of the statement. */
const OPEN = new Set(['P2028', 'P2035'])

/** Whether the database could not be asked at all, so that an old answer is better than none. */
export function isUnreachable(error: unknown): boolean {
  const { name, code } = (error ?? {}) as PrismaError
  if (name === 'PrismaClientValidationError') return false
  if (typeof code === 'string')
    return /^P1\d{3}$/.test(code) || UNREACHABLE.has(code) || /^E[A-Z]+$/.test(code)
  return (
    name === 'PrismaClientInitializationError' ||
    name === 'PrismaClientUnknownRequestError' ||
    name === 'PrismaClientRustPanicError'
  )
}

const UNREACHABLE = new Set(['P2024', 'P2037', 'E_TIMEOUT', 'E_DEADLINE'])
