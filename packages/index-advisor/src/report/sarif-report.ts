import type { AdviceRun } from '../advice-run.ts'
import type { Recommendation, Severity } from '../advice/advice.ts'
import { findingId } from '../advice/finding-id.ts'
import { rules } from '../rules/index.ts'
import { costSaid } from './text-report.ts'
import { ROOT_ID, SarifPlaces } from '@prisma-brisk/core/project'

const LEVEL: Record<Severity, 'error' | 'warning' | 'note'> = {
  high: 'error',
  medium: 'warning',
  low: 'note',
}

/** SARIF 2.1.0, for code scanning: each recommendation and remark at the place it comes from. */
export function sarifReport({ advice, reading, project }: AdviceRun): string {
  const modelAt = (model: string) => {
    const block = reading?.blocks.get(model)
    return block === undefined ? 'schema.prisma:1' : `${block.file}:${block.line}`
  }
  const placeOf = ({ evidence, model }: Recommendation) =>
    evidence.find((each) => each.at !== undefined)?.at ?? modelAt(model)
  const places = new SarifPlaces(project.cwd, [
    ...advice.recommendations.map(placeOf),
    ...advice.findings.map((each) => each.at),
  ])
  const recommended = advice.recommendations.map((each) => ({
    ruleId: each.rule,
    level: LEVEL[each.severity],
    message: { text: `${each.prisma} on ${each.model}: ${each.reason}` },
    locations: [places.location(placeOf(each))],
    partialFingerprints: { 'brisk/v1': each.id },
  }))
  const remarks = advice.findings.map((each) => ({
    ruleId: each.kind,
    level: 'note' as const,
    message: {
      text: `${each.reason}${costSaid(each)}${each.change === undefined ? '' : ` Instead: ${each.change}`}`,
    },
    locations: [places.location(each.at)],
    partialFingerprints: { 'brisk/v1': findingId(each) },
  }))
  const results = [...recommended, ...remarks]
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'brisk advise', rules: rulesOf(results.map((each) => each.ruleId)) } },
        originalUriBaseIds: { [ROOT_ID]: { description: { text: 'The root of the repository.' } } },
        results,
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

/** Every rule, and every kind of remark that has no rule of its name; each once. */
function rulesOf(used: readonly string[]) {
  const known = rules.map((rule) => ({
    id: rule.name,
    shortDescription: { text: rule.summary },
    help: { text: rule.why },
  }))
  const others = [...new Set(used)].filter((id) => !known.some((rule) => rule.id === id)).sort()
  return [...known, ...others.map((id) => ({ id, shortDescription: { text: `Remark: ${id}` } }))]
}
