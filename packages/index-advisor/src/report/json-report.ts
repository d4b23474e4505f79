import type { Advice } from '../recommendation.ts'

export function jsonReport(advice: Advice): string {
  return `${JSON.stringify(advice, null, 2)}\n`
}
