import type { Comparison } from './budget-finding.ts'
import { summaryOf, testsOf } from './text-report.ts'

/** Lines of a pull request's comment; one of GitHub's may have 65,536 characters. */
const MAX_FINDINGS = 50

/** For a pull request's comment: before → after, place, mend. */
export function markdownReport(comparison: Comparison): string {
  const { findings } = comparison
  const counting = findings.filter(({ allowed }) => allowed === undefined)
  const allowed = findings.filter((each) => each.allowed !== undefined)
  const out = ['# Query budgets', '', summaryOf(comparison), '']
  if (counting.length > 0) {
    out.push('| | what | before → after | place | mend |', '| --- | --- | --- | --- | --- |')
    for (const finding of counting.slice(0, MAX_FINDINGS)) {
      const { level, rule, message, before, after, place, mend } = finding
      const what = [`**${rule}**`, escaped(message), ...testsOf(finding).map(escaped)].join('<br>')
      const cells = [
        level === 'fail' ? '❌' : '⚠️',
        what,
        `${escaped(before ?? 'none')} → ${escaped(after)}`,
        place === null ? '' : code(place),
        escaped(mend),
      ]
      out.push(`| ${cells.join(' | ')} |`)
    }
    if (counting.length > MAX_FINDINGS) out.push('', `And ${counting.length - MAX_FINDINGS} more.`)
    out.push('')
  }
  if (allowed.length > 0) {
    out.push(
      `<details><summary>${allowed.length} allowed</summary>`,
      '',
      '| rule | call | why |',
      '| --- | --- | --- |',
    )
    for (const { rule, call, allowed: reason = '' } of allowed)
      out.push(`| ${rule} | ${code(call)} | ${escaped(reason)} |`)
    out.push('', '</details>', '')
  }
  return `${out.join('\n').trimEnd()}\n`
}

/** Names are no markup, and stay in their cell. */
function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replace(/[\\`*_{}[\]|#@!]/g, '\\$&')
    .replace(/\s+/g, ' ')
}

function code(text: string): string {
  return `\`${text.replaceAll('`', "'").replaceAll('|', '\\|').replace(/\s+/g, ' ')}\``
}
