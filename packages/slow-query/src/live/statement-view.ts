import { statementEntry, type LiveEncoder } from './live-encoder.ts'
import { dialectOf, redactSql, type Host, type RedactedSql, type Statement } from '@prisma-brisk/core'
import { errorRecordOf } from '../record/error-record.ts'
import { isKnownName } from '../record/known-name.ts'
import type { LiveStatement } from '../record/live-records.ts'
import type { KeptStatements, StatementPlanner } from './kept-statements.ts'

/** Texts whose redaction is remembered. */
const MAX_TEXTS = 500
/** Plans that are remembered, one a fingerprint. */
const MAX_PLANS = 500
/**
 * Milliseconds that a plan is believed: an index that is made, or taken away, changes it. Where something is wrong with it that is soon
 * looked at again.
 */
const PLAN_MS = 60_000
const BAD_PLAN_MS = 1000

interface KnownText extends RedactedSql {
  /** Of its definition. */
  number?: number
}

/** How statements of one client are shown: without values, with the plan of their shape where one was taken. */
export class StatementView {
  private readonly texts = new Map<string, KnownText>()
  private readonly plans = new Map<string, { plan: unknown; since: number }>()

  constructor(
    private readonly host: Host,
    private readonly encoder: LiveEncoder,
    private readonly kept: KeptStatements,
    private readonly planner: StatementPlanner,
  ) {}

  /** @param shown fingerprints whose plan was shown already */
  view(statement: Statement, at: number, shown: Set<string>): LiveStatement {
    const { sql, fingerprint } = this.redacted(statement.sql)
    this.kept.keep(fingerprint, statement, this.planner)
    const plan = this.unshown(fingerprint, shown)
    return {
      sql,
      ms: round(statement.ms),
      rows: statement.rows,
      fingerprint,
      at,
      waitMs: round(statement.waitMs),
      ...(plan == null ? {} : { plan }),
      ...(statement.error === undefined ? {} : { error: errorRecordOf(statement.error, null) }),
    }
  }

  /** The same as it travels; null where its text is one too many to be told once. */
  entry(statement: Statement, at: number, shown: Set<string>): string | null {
    const text = this.redacted(statement.sql)
    const { sql, fingerprint } = text
    text.number ??= this.encoder.text(sql, fingerprint)
    if (text.number < 0) return null
    this.kept.keep(fingerprint, statement, this.planner)
    const plan = this.unshown(fingerprint, shown)
    const more =
      plan == null && statement.error === undefined
        ? null
        : {
            ...(plan == null ? {} : { plan }),
            ...(statement.error === undefined ? {} : { error: errorRecordOf(statement.error, null) }),
          }
    return statementEntry(text.number, statement, at, more)
  }

  redacted(sql: string): KnownText {
    let known = this.texts.get(sql)
    if (known === undefined) {
      if (this.texts.size >= MAX_TEXTS) this.texts.clear()
      const { host } = this
      known = { ...redactSql(sql, dialectOf(host), { knows: (name) => isKnownName(host, name) }) }
      this.texts.set(sql, known)
    }
    return known
  }

  /** The plan that was last taken of a shape, null where none could be had; undefined where one was never asked for. */
  planOf(fingerprint: string): unknown {
    return this.plans.get(fingerprint)?.plan
  }

  /** Whether a plan is to be taken (again). @param isBad whether something is wrong with the one that is known */
  isPlanDue(fingerprint: string, isBad: boolean): boolean {
    const known = this.plans.get(fingerprint)
    return known === undefined || performance.now() - known.since >= (isBad ? BAD_PLAN_MS : PLAN_MS)
  }

  /** Remembers a plan; null where none could be had, and then that of before is. */
  planned(fingerprint: string, plan: unknown): void {
    if (this.plans.size >= MAX_PLANS) this.plans.clear()
    this.plans.set(fingerprint, { plan: plan ?? this.planOf(fingerprint) ?? null, since: performance.now() })
  }

  /** The plan of a shape where this request has not shown it. */
  private unshown(fingerprint: string, shown: Set<string>): unknown {
    if (shown.has(fingerprint)) return undefined
    const plan = this.planOf(fingerprint)
    if (plan != null) shown.add(fingerprint)
    return plan
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
