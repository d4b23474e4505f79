import type { Advice } from '../advice/advice.ts'

export function jsonReport(advice: Advice): string {
  return `${JSON.stringify(advice, null, 2)}\n`
}
