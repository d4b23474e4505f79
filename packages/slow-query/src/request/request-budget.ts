import {
  dialectOf,
  redactSql,
  type Host,
  type Statement,
  type RequestWatcher,
  type WatchedScope,
} from '@prisma-brisk/core'
import type { RequestBudgetEvent } from '../record/records.ts'

export interface RequestBudget {
  /** Statements a request may send. */
  readonly queries?: number | undefined
  /** Milliseconds its statements may take together. */
  readonly totalMs?: number | undefined
}

/** Different statements that are told apart in one request. */
const MAX_STATEMENTS = 1000
const SHOWN = 5

/** Adds up the statements of one request. */
export class BudgetWatcher implements RequestWatcher {
  private readonly bySql = new Map<string, { count: number; totalMs: number }>()

  constructor(
    private readonly budget: RequestBudget,
    private readonly host: Host,
    private readonly report: (make: () => RequestBudgetEvent) => void,
  ) {}

  started(): void {}

  settled(): void {}

  statement({ sql, ms }: Statement): void {
    const known = this.bySql.get(sql)
    if (known !== undefined) {
      known.count++
      known.totalMs += ms
    } else if (this.bySql.size < MAX_STATEMENTS) this.bySql.set(sql, { count: 1, totalMs: ms })
  }

  ended({ statements, databaseMs, info }: WatchedScope): void {
    const { queries = Infinity, totalMs = Infinity } = this.budget
    if (statements <= queries && databaseMs <= totalMs) return
    this.report(() => ({
      type: 'request-budget',
      time: new Date().toISOString(),
      request: info.name,
      statements,
      databaseMs: round(databaseMs),
      budget: this.budget,
      top: this.top(),
      ...(info.traceId === undefined ? {} : { traceId: info.traceId }),
    }))
  }

  /** By fingerprint: texts that differ in their list lengths are one. */
  private top(): RequestBudgetEvent['top'] {
    const dialect = dialectOf(this.host)
    const byFingerprint = new Map<
      string,
      { fingerprint: string; sql: string; count: number; totalMs: number }
    >()
    for (const [text, { count, totalMs }] of this.bySql) {
      const { sql, fingerprint } = redactSql(text, dialect)
      const sum = byFingerprint.get(fingerprint) ?? { fingerprint, sql, count: 0, totalMs: 0 }
      sum.count += count
      sum.totalMs += totalMs
      byFingerprint.set(fingerprint, sum)
    }
    return [...byFingerprint.values()]
      .sort((a, b) => b.totalMs - a.totalMs)
      .slice(0, SHOWN)
      .map((each) => ({ ...each, totalMs: round(each.totalMs) }))
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
