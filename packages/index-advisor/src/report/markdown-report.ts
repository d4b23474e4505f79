import type { AdviceRun } from '../advice-run.ts'
import { byModel, costSaid, evidencePlaces, insertsOf, megabytes, rounded } from './text-report.ts'

/** For a pull request's comment. */
export function markdownReport({ advice }: AdviceRun): string {
  const { recommendations, findings, rejected } = advice
  const out: string[] = ['# Index advice', '']
  out.push(
    recommendations.length === 0
      ? 'No index is missing.'
      : `${recommendations.length} recommended: ${[...byModel(recommendations).keys()].join(', ')}.`,
    '',
  )
  for (const [model, group] of byModel(recommendations)) {
    out.push(`## ${model}`, '')
    for (const each of group) {
      out.push(`### \`${each.prisma}\``, '')
      out.push(`${each.severity}, ${each.confidence}. ${escape(each.reason)}`, '')
      if (each.before !== undefined && each.after !== undefined)
        out.push(
          `Cost ${rounded(each.before.cost)} → ${rounded(each.after.cost)}${each.sizeBytes === undefined ? '' : `, ${megabytes(each.sizeBytes)}`}.`,
          '',
        )
      out.push(`Writes: ${insertsOf([each])}.`, '')
      for (const { place, calls } of evidencePlaces(each.evidence))
        out.push(`- \`${place}\`${calls === undefined ? '' : ` (${calls.toLocaleString('en')} calls)`}`)
      out.push('', '```sql', each.sql, '```', '')
    }
  }
  if (findings.length > 0)
    out.push(
      '## Remarks',
      '',
      ...findings.map(
        (each) =>
          `- ${escape(each.reason)}${costSaid(each)}${each.change === undefined ? '' : ` Instead: \`${each.change}\``}`,
      ),
      '',
    )
  if (rejected.length > 0) {
    out.push(`<details><summary>${rejected.length} considered and turned down</summary>`, '')
    out.push('| index | why not |', '| --- | --- |')
    for (const each of rejected)
      out.push(`| ${each.model}(${each.fields.join(', ')}) | ${escape(each.reason).replaceAll('|', '\\|')} |`)
    out.push('', '</details>', '')
  }
  return `${out.join('\n').trimEnd()}\n`
}

/** Names with underscores or stars are not emphasis. */
function escape(text: string): string {
  return text.replaceAll(/[_*<]/g, '\\$&')
}
