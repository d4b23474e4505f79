/** What becomes of what a rule finds: nothing, a warning, or a failed check. */
export type Level = 'off' | 'warn' | 'fail'

/** What `brisk check` looks for. Where a rule has a number of its own, `{ level, … }` in place of the level sets it. */
export interface BudgetRules {
  /** A loop over rows that was none before. Default `fail`. */
  readonly 'n-plus-one'?: Level
  /** A test or route sends more statements than before. Default `fail`; `more`: so many more are no finding, default 0. */
  readonly 'more-statements'?: Level | { readonly level: Level; readonly more?: number }
  /**
   * A table is read whole that was not before. Needs statistics. Default `fail`; `rows`: from so many rows of the table on, default
   * 10,000.
   */
  readonly 'sequential-scan'?: Level | { readonly level: Level; readonly rows?: number }
  /** A call became dearer. Needs statistics. Default `warn`; `factor`: so many times as dear as before, default 2. */
  readonly cost?: Level | { readonly level: Level; readonly factor?: number }
  /** A new list that neither `take` nor a key bounds. Default `warn`. */
  readonly 'unbounded-list'?: Level
  /** A new form of call that finds rows by fields with which no index begins. Default `warn`. */
  readonly unindexed?: Level
  /** A test or route reads again what it has read. Default `warn`. */
  readonly 'duplicate-reads'?: Level
}

export type RuleName = keyof BudgetRules

/** Findings that may be so. All that is given has to hold; texts match where they occur. */
export interface Allowance {
  /** The rule whose findings may be so. Required. */
  readonly rule: RuleName
  /** Why. Required: whoever reads it next does not know. */
  readonly reason: string
  /** A part of the name of the test, route or job. Default: any. */
  readonly test?: string
  /** A part of the form of the call, as the report prints it. Default: any. */
  readonly call?: string
  /** A part of the path of the file that calls. Default: any. */
  readonly at?: string
}

/** `budgets` of `brisk.config.{js,mjs,ts,json}`, or of `brisk` in `package.json`. */
export interface BudgetConfig {
  /** The committed recording. Default `brisk-queries.json`. */
  readonly recording?: string
  /** A file that `brisk statistics export` wrote; with it plans are recorded and compared. Default: none. */
  readonly statistics?: string
  /** What is looked for, and what becomes of it. Default: each as it says itself. */
  readonly rules?: BudgetRules
  /** Findings that may be so, each with a reason. Default: none, beside `brisk-allow` comments. */
  readonly allow?: readonly Allowance[]
  /** Beginnings of paths: calls made there are recorded and not judged, as those that a test file makes itself. Default: none. */
  readonly ignore?: readonly string[]
}

/**
 * The default export of `brisk.config.ts`.
 *
 * @example
 * export default {
 *   budgets: {
 *     statistics: 'prod-statistics.json',
 *     rules: { cost: 'fail', 'sequential-scan': { level: 'fail', rows: 50_000 } },
 *     allow: [{ rule: 'n-plus-one', test: 'nightly export', reason: 'runs once a night' }],
 *   },
 * } satisfies BriskConfig
 */
export interface BriskConfig {
  readonly budgets?: BudgetConfig
}

/** With every default in its place. */
export interface ResolvedBudgets {
  readonly recording: string
  readonly statistics: string | null
  readonly levels: Readonly<Record<RuleName, Level>>
  readonly more: number
  readonly rows: number
  readonly factor: number
  readonly allow: readonly Allowance[]
  readonly ignore: readonly string[]
}
