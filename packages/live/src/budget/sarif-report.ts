import { createHash } from 'node:crypto'
import { ROOT_ID, SarifPlaces } from '@prisma-brisk/core/project'
import type { RuleName } from './budget-config.ts'
import type { BudgetFinding, Comparison } from './budget-finding.ts'
import { RULE_NAMES } from './resolve-budgets.ts'

/**
 * SARIF 2.1.0, for code scanning: each finding at the place of its call, else at the recording.
 *
 * @param cwd places are relative to it
 * @param recording path of the committed recording, relative to `cwd`
 */
export function sarifReport({ findings }: Comparison, cwd: string, recording: string): string {
  const placeOf = ({ place }: BudgetFinding): string => place ?? recording
  const places = new SarifPlaces(cwd, findings.map(placeOf))
  const results = findings.map((finding) => ({
    ruleId: finding.rule,
    level: finding.level === 'fail' ? ('error' as const) : ('warning' as const),
    message: { text: `${finding.message} ${sentence(finding.mend)}` },
    locations: [places.location(placeOf(finding))],
    partialFingerprints: { 'brisk/v1': fingerprintOf(finding) },
    ...(finding.allowed === undefined
      ? {}
      : { suppressions: [{ kind: 'inSource' as const, justification: finding.allowed }] }),
  }))
  const log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'brisk check',
            rules: RULE_NAMES.map((id) => ({ id, shortDescription: { text: SAID[id] } })),
          },
        },
        originalUriBaseIds: { [ROOT_ID]: { description: { text: 'The root of the repository.' } } },
        results,
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

/** The same for the same finding in every run, wherever the lines of its file have gone. */
function fingerprintOf({ rule, call, in: within, tests, place }: BudgetFinding): string {
  const [first = ''] = tests
  const file = (place ?? '').replace(/:\d+(?::\d+)?$/, '')
  return createHash('sha256')
    .update(JSON.stringify([rule, call, within ?? first, file]))
    .digest('hex')
    .slice(0, 16)
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

const SAID: Readonly<Record<RuleName, string>> = {
  'n-plus-one': 'A call is made once a row that was not before.',
  'more-statements': 'A test or route sends more statements than before.',
  'sequential-scan': 'A large table is read whole that was not before.',
  cost: 'A call became dearer by the statistics of production.',
  'unbounded-list': 'A new list has no limit.',
  unindexed: 'A new form of call finds rows by fields with which no index begins.',
  'duplicate-reads': 'A test or route reads again what it has read.',
}
