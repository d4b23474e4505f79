/**
 * What a statement has done that failed:
 *
 * - `unsent`: nothing, it never reached the database
 * - `refused`: nothing, the database says so; a transaction around it may go on
 * - `undone`: nothing, and the database has rolled back the transaction around it too
 * - `open`: unknown; treat it as done
 */
export type FailureOutcome = 'unsent' | 'refused' | 'undone' | 'open'

/**
 * Why it failed, as far as it matters to who would send it again:
 *
 * - `conflict`: a serialization failure or a deadlock
 * - `lock`: a lock was not given in time
 * - `cancelled`: a time limit or somebody stopped it
 * - `unreachable`: no connection could be had
 * - `denied`: the server let nobody in: credentials, rights, a database that is not there, TLS
 * - `lost`: the connection broke, or the server went away
 */
export type FailureReason = 'conflict' | 'lock' | 'cancelled' | 'unreachable' | 'denied' | 'lost'

/** What is known of a failed statement, operation or COMMIT. */
export interface Failure {
  readonly outcome: FailureOutcome
  /** Null where the reason is none of these: a constraint, a value, a right, a bug. */
  readonly reason: FailureReason | null
  /** The driver's own code: SQLSTATE, MySQL's errno, SQLite's extended code; null where there is none. */
  readonly driverCode: string | null
}

/** What a code says. */
export type Judgement = Omit<Failure, 'driverCode'>

export const UNKNOWN: Judgement = { outcome: 'open', reason: null }
export const REFUSED: Judgement = { outcome: 'refused', reason: null }
export const CANCELLED: Judgement = { outcome: 'refused', reason: 'cancelled' }
export const UNREACHABLE: Judgement = { outcome: 'unsent', reason: 'unreachable' }
export const DENIED: Judgement = { outcome: 'unsent', reason: 'denied' }
export const CONFLICT: Judgement = { outcome: 'undone', reason: 'conflict' }
export const LOST: Judgement = { outcome: 'open', reason: 'lost' }
export const UNSENT: Judgement = { outcome: 'unsent', reason: null }
