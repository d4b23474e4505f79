import type { AdviceRun } from '../advice-run.ts'
import type { Severity } from '../advice/advice.ts'
import { rules } from '../rules/index.ts'

const LEVEL: Record<Severity, 'error' | 'warning' | 'note'> = {
  high: 'error',
  medium: 'warning',
  low: 'note',
}

/** SARIF 2.1.0, for code scanning: each recommendation and remark at the place it comes from. */
export function sarifReport({ advice, decisions, reading }: AdviceRun): string {
  const modelAt = (model: string) => {
    const block = reading?.blocks.get(model)
    return block === undefined ? undefined : `${block.file}:${block.line}`
  }
  const recommended = advice.recommendations.map((each, at) => ({
    ruleId: decisions[at]?.chosen.candidate.rule ?? 'index',
    level: LEVEL[each.severity],
    message: { text: `${each.prisma} on ${each.model}: ${each.reason}` },
    locations: locations(each.evidence.map((one) => one.at).concat(modelAt(each.model))),
    partialFingerprints: { 'brisk/v1': each.id },
  }))
  const remarks = advice.findings.map((each) => ({
    ruleId: each.kind,
    level: 'note' as const,
    message: { text: each.reason },
    locations: locations([/:\d+/.test(each.index) ? each.index : undefined, modelAt(each.model)]),
    partialFingerprints: { 'brisk/v1': `${each.kind}:${each.model}:${each.index}` },
  }))
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'brisk advise',
            rules: [
              ...rules.map((rule) => ({
                id: rule.name,
                shortDescription: { text: rule.summary },
                help: { text: rule.why },
              })),
              ...[...new Set(remarks.map((each) => each.ruleId))]
                .sort()
                .map((id) => ({ id, shortDescription: { text: `Remark: ${id}` } })),
            ],
          },
        },
        results: [...recommended, ...remarks],
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

/** The first place that is known: SARIF's other locations would each be shown as a finding of their own. */
function locations(places: readonly (string | undefined)[]) {
  const [first] = places.flatMap((place) => {
    const [, uri, line, column] = /^(.*?):(\d+)(?::(\d+))?$/.exec(place ?? '') ?? []
    return uri === undefined
      ? []
      : [
          {
            physicalLocation: {
              artifactLocation: { uri: uri.replaceAll('\\', '/') },
              region: {
                startLine: Number(line),
                ...(column === undefined ? {} : { startColumn: Number(column) }),
              },
            },
          },
        ]
  })
  return first === undefined ? [] : [first]
}
