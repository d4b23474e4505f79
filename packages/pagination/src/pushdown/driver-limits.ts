import {
  dialectOf,
  sqlFingerprint,
  type Call,
  type DriverListener,
  DriverTap,
  type Host,
  type Rewrite,
  type SqlAnswer,
  type Statement,
} from '@prisma-brisk/core'
import { planFor, planOf, type LimitPlan, type OwnBound } from './limit-plan.ts'
import { boundSql } from './own-bound.ts'
import { limitSql } from './limit-sql.ts'
import { limitedAnswer } from './limited-answer.ts'
import { isMarked, markedStatement, offsetOf, unmarked, unorderedStatement } from './marked-statement.ts'
import { DriverRowsError, UnlimitableError } from '../errors.ts'
import { canPushDown } from './row-limit.ts'

/**
 * The limits at the driver of a base client: statements get the limits of their call, and none returns too many rows. One
 * for all clients extended from it, however many there are.
 */
export class DriverLimits implements DriverListener {
  private isListening = false
  private hasConnected = false
  /** A statement of this base client has been seen. */
  private hasSeen = false
  /** The most rows that a statement of no call may return: the least of what was asked for. */
  private mostRows = Infinity

  static of(host: Host): DriverLimits {
    return host.state(LIMITS, () => new DriverLimits(host))
  }

  private constructor(private readonly host: Host) {}

  /** Has no statement of a call return more rows than this. */
  holdRows(maxRows: number): void {
    if (maxRows === Infinity) return
    this.mostRows = Math.min(this.mostRows, maxRows)
    this.listen()
  }

  /** Starts listening, the first time it is needed: every statement pays for it. False where there is no driver to listen to. */
  listen(): boolean {
    const tap = DriverTap.of(this.host)
    if (!this.isListening && tap !== null) {
      this.isListening = true
      tap.listen(this)
    }
    return tap !== null
  }

  /** Whether the client's statements are seen, as far as is known. */
  get isObserved(): boolean {
    const tap = DriverTap.of(this.host)
    return this.hasSeen || (tap?.status === 'connected' && !tap.isShared)
  }

  /** Whether lists can be limited in this client's statements, as far as is known. */
  get isLimiting(): boolean {
    return this.isObserved && canPushDown(this.host.provider)
  }

  /**
   * Connects the client before its first statement, for a call that must not be sent where its statements are not seen. Where
   * several clients share an adapter, a statement tells for which of them it has connected.
   */
  async connect(call: Call): Promise<void> {
    if (this.isObserved || this.hasConnected || !this.listen()) return
    await this.host.connect()
    const { kind } = call.transaction
    const mayAsk = call.canRedirect && (kind === 'none' || kind === 'interactive')
    if (DriverTap.of(this.host)?.isShared === true && mayAsk) await call.queryRaw('SELECT 1')
    this.hasConnected = mayAsk
  }

  /** Whether calls may be refused at the driver, so that their errors have to be looked at. */
  get refuses(): boolean {
    return this.isListening
  }

  rewrite(statement: Statement): Rewrite | null {
    const { call } = statement
    if (call === undefined || call.host !== this.host) return null
    this.hasSeen = true
    const plan = planOf(call)
    if (plan === null) return null
    if (plan.isRefusing) throw new Error('prisma-brisk: only the arguments of this call were to be checked.')
    if (statement.kind !== 'query') return null
    const { ownBound } = plan
    if (ownBound !== null && (ownBound.isFlat || !ownBound.isRead)) return this.bounded(statement, ownBound)
    if (!plan.hasUnordered && !statement.sql.includes(' ORDER BY ')) return null
    return refusing(call, () => this.limited(statement, call, plan))
  }

  /**
   * Has the call's own list bounded in its statements; false where it cannot be. Whether the driver is observed shows when
   * it first connects.
   */
  bounds(call: Call, keep: number, isFlat: boolean): boolean {
    if (!this.listen() || !this.isLimiting) return false
    planFor(call).ownBound = { keep, isFlat, isRead: false }
    return true
  }

  private bounded({ sql, args, argTypes }: Statement, bound: OwnBound): Rewrite | null {
    const query = boundSql({ sql, args: [...args], argTypes: [...argTypes] }, bound.keep, this.host.provider)
    if (query === null) return null
    const answer = (result: SqlAnswer): SqlAnswer => {
      bound.isRead = true
      return result
    }
    return { query, answer }
  }

  inspect(statement: Statement): void {
    const { call, rows, kind } = statement
    if (kind !== 'query' || (call !== undefined && call.host !== this.host)) return
    const allowed = call === undefined ? this.mostRows : (rowsAllowed.get(call.notes) ?? Infinity)
    if (rows <= allowed) return
    const fingerprint = sqlFingerprint(statement.sql, dialectOf(this.host))
    throw refused(call, new DriverRowsError(fingerprint, rows, allowed))
  }

  private limited(statement: Statement, call: Call, plan: LimitPlan): Rewrite | null {
    const isOrdered = statement.sql.includes(' ORDER BY ')
    const found = isOrdered ? markedStatement(statement, plan) : unorderedStatement(statement, plan)
    if (found === null) {
      if (isOrdered && isMarked(statement.sql)) throw unknownForm(call)
      return null
    }
    const { read, limit, isLimited } = found
    const rewritten = isLimited ? unmarked(read) : limitSql(read, limit, this.host.provider)
    if (rewritten === null) throw unknownForm(call)
    const answer = (result: SqlAnswer) =>
      refusing(call, () => limitedAnswer(result, limit, rewritten, offsetOf(read)))
    return { query: rewritten.query, answer }
  }
}

const LIMITS = Symbol('prisma-brisk.pagination.driver-limits')

const rowsAllowed = new WeakMap<object, number>()

/** Has the statements of a call return no more rows than this, each. */
export function allowRows(call: Call, rows: number): void {
  if (rows !== Infinity) rowsAllowed.set(call.notes, rows)
}

const refusals = new WeakMap<object, Error>()

/** Prisma wraps errors of the driver; the call gets the one that was thrown. */
export function refusalOf(call: Call): Error | undefined {
  return refusals.get(call.notes)
}

function refused(call: Call | undefined, error: Error): Error {
  if (call !== undefined) refusals.set(call.notes, error)
  return error
}

function refusing<T>(call: Call, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw refused(call, error as Error)
  }
}

function unknownForm(call: Call): Error {
  const reason = 'this version of Prisma writes its statement in a form that is not known here'
  return new UnlimitableError(`${call.model}.${call.operation}`, reason)
}
