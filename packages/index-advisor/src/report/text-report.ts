import type { Advice, Recommendation } from '../recommendation.ts'

/** For people: grouped by model, each with its reason and where it comes from. */
export function textReport(advice: Advice): string {
  const lines: string[] = []
  for (const [model, recommendations] of byModel(advice.recommendations)) {
    lines.push(model)
    for (const each of recommendations) {
      lines.push(`  + ${each.prisma}   ${each.severity}`)
      lines.push(`      ${each.reason}`)
      for (const evidence of each.evidence) if (evidence.at !== undefined) lines.push(`      ${evidence.at}`)
    }
    lines.push('')
  }
  for (const finding of advice.findings) lines.push(`! ${finding.reason}`)
  const count = advice.recommendations.length
  lines.push(count === 0 ? 'Nothing to do.' : `${count} ${count === 1 ? 'index' : 'indexes'} recommended.`)
  return `${lines.join('\n')}\n`
}

function byModel(recommendations: readonly Recommendation[]): Map<string, Recommendation[]> {
  const groups = new Map<string, Recommendation[]>()
  for (const each of recommendations) groups.set(each.model, [...(groups.get(each.model) ?? []), each])
  return new Map([...groups].sort(([a], [b]) => (a < b ? -1 : 1)))
}
