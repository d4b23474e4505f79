import { failureOutcome } from '../../errors.ts'
import { LOST, UNKNOWN, UNREACHABLE, type Failure, type FailureOutcome, type Judgement } from './failure.ts'
import { byErrno } from './mysql-errno.ts'
import { byKind, byPrisma } from './prisma-code.ts'
import { bySqliteCode, SQLITE_CONSTRAINT_TRIGGER, sqliteCodeOf } from './sqlite-code.ts'
import { bySqlState } from './sqlstate.ts'

/**
 * The one judge of what a failure has left behind, for errors of Prisma, of its driver adapters and of the drivers
 * themselves, by their codes. Whatever it does not know is `open`.
 *
 * It takes a statement for atomic, as SQL does. That holds neither for `CALL` of a procedure, which may commit, nor on
 * MySQL's engines without rollback: there, `refused` means no more than `open`. And an operation of several statements
 * inside an interactive transaction is no unit: what failed may be its last statement, so only `unsent` says that nothing
 * was done, and `undone` that nothing was kept.
 *
 * Codes: PostgreSQL's appendix A; MariaDB's and MySQL's server error references; sqlite.org/rescode.html.
 *
 * @param of `'commit'` where the error is COMMIT's own: whatever leaves it open to the server is `open`
 */
export function judgeFailure(error: unknown, of: 'statement' | 'commit' = 'statement'): Failure {
  const own = ownOutcome(error)
  if (own !== null) return { outcome: own, reason: null, driverCode: null }
  const cause = driverErrorOf(error)
  const driverCode = codeOf(cause)
  const judged = byDriverCode(driverCode, cause, of) ?? byKind(cause?.kind) ?? byPrisma(error) ?? UNKNOWN
  return { ...judged, driverCode }
}

/** What an error of the suite says of itself. Those of other copies of the suite in the process count too. */
function ownOutcome(error: unknown): FailureOutcome | null {
  return (
    (error as { readonly [failureOutcome]?: FailureOutcome } | null | undefined)?.[failureOutcome] ?? null
  )
}

/** What the adapters and the drivers say of a failure. */
interface DriverError {
  readonly kind?: unknown
  readonly originalCode?: unknown
  readonly code?: unknown
  readonly errno?: unknown
  readonly severity?: unknown
  readonly state?: unknown
}

/** Prisma keeps the adapter's error in `meta`, the adapter its own account in `cause`; a driver's error stands alone. */
function driverErrorOf(error: unknown): DriverError | null {
  const failure = error as
    { readonly cause?: unknown; readonly meta?: { readonly driverAdapterError?: unknown } } | null | undefined
  const adapterError = failure?.meta?.driverAdapterError
  if (adapterError !== undefined) return driverErrorOf(adapterError)
  const cause = failure?.cause
  if (typeof cause === 'object' && cause !== null) return cause
  const { severity, errno } = (failure ?? {}) as DriverError
  return severity !== undefined || typeof errno === 'number' ? (failure as DriverError) : null
}

/** Codes are short words; anything longer may be a message. */
function codeOf(cause: DriverError | null): string | null {
  for (const code of [cause?.originalCode, cause?.errno, cause?.code, cause?.kind]) {
    if (typeof code === 'number') return String(code)
    if (typeof code === 'string' && /^[\w.-]{1,60}$/.test(code)) return code
  }
  return null
}

function byDriverCode(
  code: string | null,
  cause: DriverError | null,
  of: 'statement' | 'commit',
): Judgement | null {
  if (code === null) return null
  if (/^(E[A-Z]{4,}|ERR_\w+)$/.test(code))
    return code === 'ECONNREFUSED' || code === 'ENOTFOUND' ? UNREACHABLE : LOST
  if (/^(?=.*\d)[0-9A-Z]{5}$/.test(code) && !/^45\d{3}$/.test(code)) return bySqlState(code)
  const number = Number(code.startsWith('SQLITE_') ? sqliteCodeOf(code) : code)
  if (Number.isNaN(number)) return null
  // SQLite has codes below 300 and extended ones that hold the primary code in their last byte; MySQL begins at 1000.
  if (cause?.kind !== 'mysql' && isSqlite(cause, number)) return bySqliteCode(number)
  return byErrno(number, of)
}

/** What the adapter has named keeps its code alone: of those codes, these are SQLite's. */
function isSqlite(cause: DriverError | null, code: number): boolean {
  return (
    cause?.kind === 'sqlite' || code < 1000 || [1299, 1555, SQLITE_CONSTRAINT_TRIGGER, 2067].includes(code)
  )
}
