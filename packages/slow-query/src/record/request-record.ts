/** A request that took too long. */
export interface SlowRequestRecord {
  readonly type: 'slow-request'
  readonly time: string
  readonly request: string
  readonly status: number | null
  readonly ms: number
  readonly statements: number
  /** Milliseconds of them together. */
  readonly databaseMs: number
  readonly traceId?: string
}

/** A request that sent more statements, or longer ones, than `requestBudget` allows; one a request. */
export interface RequestBudgetEvent {
  readonly type: 'request-budget'
  readonly time: string
  readonly request: string
  readonly statements: number
  readonly databaseMs: number
  readonly budget: { readonly queries?: number; readonly totalMs?: number }
  /** The statements that cost most. */
  readonly top: readonly {
    readonly fingerprint: string
    readonly sql: string
    readonly count: number
    readonly totalMs: number
  }[]
  readonly traceId?: string
}
