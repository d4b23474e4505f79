import type { RuleName } from './budget-config.ts'

/** What a rule found: something that was not so before. */
export interface BudgetFinding {
  readonly rule: RuleName
  readonly level: 'warn' | 'fail'
  /** The tests, routes or jobs concerned; the first in the alphabet first. */
  readonly tests: readonly string[]
  /** The route or job within the test. */
  readonly in?: string
  readonly call: string
  /** `src/post.ts:12:20`, or the file alone where no more is known; null where nothing is. */
  readonly place: string | null
  /** In words; null where there was nothing. */
  readonly before: string | null
  readonly after: string
  /** What it is, in one sentence. */
  readonly message: string
  /** The change to make. */
  readonly mend: string
  /** Why it may be so, where somebody said it may. */
  readonly allowed?: string
}

/** What a comparison came to. */
export interface Comparison {
  /** Those that count first, then what is allowed; by rule, then by test. */
  readonly findings: readonly BudgetFinding[]
  /** Tests, routes and jobs compared, and lines in them. */
  readonly tests: number
  readonly lines: number
  /** Those that the committed recording does not have, and those that only it has. */
  readonly added: readonly string[]
  readonly gone: readonly string[]
  /** Allowances of the configuration that nothing matches any more. */
  readonly unused: readonly string[]
}

/** Those that fail a check. */
export function failures({ findings }: Comparison): readonly BudgetFinding[] {
  return findings.filter(({ level, allowed }) => level === 'fail' && allowed === undefined)
}
