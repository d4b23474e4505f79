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
import { isMarked, markedStatement, unmarked } from './marked-statement.ts'
import { DriverRowsError, UnlimitableError } from '../errors.ts'
import { canPushDown, type RowLimit } from './row-limit.ts'

/**
 * The limits at a client's driver: statements get the limits of their call, and none returns too many rows.
 */
export class DriverLimits implements DriverListener {
  private listening = false

  constructor(
    private readonly host: Host,
    private readonly maxRows: number,
  ) {
    if (maxRows !== Infinity) this.listen()
  }

  /** Starts listening, the first time it is needed: every statement pays for it. False where there is no driver to listen to. */
  listen(): boolean {
    const tap = DriverTap.of(this.host)
    if (!this.listening && tap !== null) {
      this.listening = true
      tap.listen(this)
    }
    return tap !== null
  }

  /** Whether the client has connected through what listens. */
  get isObserved(): boolean {
    return DriverTap.of(this.host)?.status === 'connected'
  }

  /** Whether calls may be refused at the driver, so that their errors have to be looked at. */
  get refuses(): boolean {
    return this.listening
  }

  rewrite(statement: Statement): Rewrite | null {
    const { call } = statement
    if (call === undefined || statement.kind !== 'query' || call.host !== this.host) return null
    const plan = planOf(call)
    if (plan === null) return null
    const { ownBound } = plan
    if (ownBound !== null && (ownBound.isFlat || !ownBound.isRead)) return this.bounded(statement, ownBound)
    if (!statement.sql.includes(' ORDER BY ')) return null
    return refusing(call, () => this.limited(statement, call, plan))
  }

  /**
   * Has the call's own list bounded in its statements; false where it cannot be. Whether the driver is observed shows when
   * it first connects.
   */
  bounds(call: Call, keep: number, isFlat: boolean): boolean {
    if (!canPushDown(this.host.provider) || !this.listen() || !this.isObserved) return false
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
    if (rows <= this.maxRows) return
    throw refused(
      call,
      new DriverRowsError(sqlFingerprint(statement.sql, dialectOf(this.host)), rows, this.maxRows),
    )
  }

  private limited(statement: Statement, call: Call, plan: LimitPlan): Rewrite | null {
    const found = markedStatement(statement, plan)
    if (found === null) {
      if (isMarked(statement.sql)) throw unknownForm(call)
      return null
    }
    const { read, limit, isLimited } = found
    if (isLimited) {
      const answer = (result: SqlAnswer) => refusing(call, () => checkCount(result, limit))
      return { query: { ...read.query, sql: unmarked(read) }, answer }
    }
    const rewritten = limitSql(read, limit, this.host.provider)
    if (rewritten === null) throw unknownForm(call)
    const { query, extra, rowNumber } = rewritten
    return { query, answer: (result) => refusing(call, () => trimmed(result, limit, extra, rowNumber)) }
  }
}

/** Takes off what Prisma does not know, and fails where one parent has too many rows. */
function trimmed(result: SqlAnswer, limit: RowLimit, extra: number, rowNumber: boolean): SqlAnswer {
  const { rows } = result
  if (!rowNumber) checkCount(result, limit)
  else if (limit.failAbove !== Infinity && rows.some((row) => Number(row[row.length - 1]) > limit.failAbove))
    throw limit.fail()
  if (extra === 0) return result
  for (const row of rows) row.length -= extra
  return {
    ...result,
    ...(result.columnNames === undefined ? {} : { columnNames: result.columnNames.slice(0, -extra) }),
    ...(result.columnTypes === undefined ? {} : { columnTypes: result.columnTypes.slice(0, -extra) }),
  }
}

function checkCount(result: SqlAnswer, limit: RowLimit): SqlAnswer {
  if (result.rows.length > limit.failAbove) throw limit.fail()
  return result
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
