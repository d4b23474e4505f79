import type { Comparison } from './budget-finding.ts'

/** One object: `version`, then what {@link Comparison} has. Sorted, and without a clock in it. */
export function jsonReport(comparison: Comparison): string {
  return `${JSON.stringify({ version: 1, ...comparison }, null, 2)}\n`
}
