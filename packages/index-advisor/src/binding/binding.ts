/** A statement with `$1 … $n` in place of its values. It is planned, never run. */
export interface PlannableQuery {
  /** The same for the same query in every run. */
  readonly fingerprint: string
  readonly sql: string
  readonly parameters: number
}

/**
 * Which values a query is planned with. `common`, `median` and `rare` say how many rows each value is likely to
 * find; `generic` is the plan a server makes for a prepared statement before it sees any value.
 */
export interface Binding {
  readonly kind: BindingKind
  /** Text of each parameter's value in order, null for SQL's NULL; empty where `kind` is `generic`. Never printed. */
  readonly values: readonly (string | null)[]
}

export type BindingKind = 'common' | 'median' | 'rare' | 'generic'

export const genericBinding: Binding = { kind: 'generic', values: [] }
