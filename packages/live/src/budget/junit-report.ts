import type { BudgetFinding, Comparison } from './budget-finding.ts'
import { testsOf } from './text-report.ts'

/** JUnit's XML: a suite a rule; what fails the check is a failure, and what is allowed is skipped. */
export function junitReport({ findings, tests }: Comparison): string {
  const cases = findings.map(caseOf)
  const failed = findings.filter(({ level, allowed }) => level === 'fail' && allowed === undefined).length
  const skipped = findings.filter(({ allowed }) => allowed !== undefined).length
  // A suite without a case is taken for one that did not run.
  const all =
    cases.length > 0
      ? cases
      : [`    <testcase classname="brisk check" name="${tests} tests and routes compared"/>`]
  const counts = `tests="${all.length}" failures="${failed}" errors="0" skipped="${skipped}"`
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites ${counts}>\n  <testsuite name="brisk check" ${counts}>\n${all.join('\n')}\n  </testsuite>\n</testsuites>\n`
}

function caseOf(finding: BudgetFinding): string {
  const { rule, message, level, allowed, place, before, after, mend } = finding
  const file = place === null ? '' : ` file="${xml(place.replace(/:\d+(?::\d+)?$/, ''))}"`
  const detail = [
    ...(place === null ? [] : [`at ${place}`]),
    ...testsOf(finding).map((test) => `in ${test}`),
    `before: ${before ?? 'none'}`,
    `after: ${after}`,
    `mend: ${mend}`,
  ].join('\n')
  const body =
    allowed !== undefined
      ? `<skipped message="${xml(allowed)}"/>`
      : level === 'fail'
        ? `<failure type="${rule}" message="${xml(message)}">${xml(detail)}</failure>`
        : `<system-out>${xml(`warning\n${detail}`)}</system-out>`
  return `    <testcase classname="brisk check.${rule}" name="${xml(message)}"${file}>${body}</testcase>`
}

/** XML 1.0 has no form for control characters, nor for half a surrogate pair. */
function xml(text: string): string {
  return text
    .replace(/[^\P{Cc}\n]/gu, ' ')
    .replace(/[\p{Surrogate}\uFFFE\uFFFF]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\n', '&#10;')
}
