import type { BudgetFinding, Comparison } from './budget-finding.ts'
import { failures } from './budget-finding.ts'

/** Tests that are named of a finding. */
const SHOWN = 3

/** For a terminal. */
export function textReport(comparison: Comparison): string {
  const { findings, unused } = comparison
  const counting = findings.filter(({ allowed }) => allowed === undefined)
  const lines: string[] = []
  for (const finding of counting) {
    const { level, rule, message, place, before, after, mend } = finding
    lines.push(
      `${level} ${rule}: ${message}`,
      ...(place === null ? [] : [`  at     ${place}`]),
      ...testsOf(finding).map((test) => `  in     ${test}`),
      `  before ${before ?? 'none'}`,
      `  after  ${after}`,
      `  mend   ${mend}`,
      '',
    )
  }
  for (const { rule, call, allowed } of findings)
    if (allowed !== undefined) lines.push(`allowed ${rule}: ${call} (${allowed})`)
  for (const each of unused) lines.push(`This allowance matches nothing any more, take it out: ${each}`)
  lines.push(summaryOf(comparison))
  return `${lines.map(printable).join('\n')}\n`
}

/** What it came to, in one line. */
export function summaryOf(comparison: Comparison): string {
  const { findings, tests, lines, added, gone } = comparison
  const failed = failures(comparison).length
  const allowed = findings.filter((each) => each.allowed !== undefined).length
  const warned = findings.length - failed - allowed
  const news = [
    ...(added.length === 0 ? [] : [`${added.length} new`]),
    ...(gone.length === 0 ? [] : [`${gone.length} gone`]),
  ]
  return `${tests} tests and routes${news.length === 0 ? '' : ` (${news.join(', ')})`}, ${lines} calls compared: ${failed} failed, ${warned} warned${allowed === 0 ? '' : `, ${allowed} allowed`}.`
}

/** The first of the tests, and how many there are beside them. */
export function testsOf({ tests, in: within }: BudgetFinding): string[] {
  const shown = tests.slice(0, SHOWN).map((test) => (within === undefined ? test : `${test}, in ${within}`))
  return tests.length > SHOWN ? [...shown, `and ${tests.length - SHOWN} more`] : shown
}

/** Names come from outside: nothing in them may speak to the terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?')
}
