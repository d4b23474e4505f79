import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { AllowanceComments } from '../budget/allowance-comments.ts'
import { failures, type Comparison } from '../budget/budget-finding.ts'
import { compareRecordings, type ComparedQueries } from '../budget/compare-recordings.ts'
import { jsonReport } from '../budget/json-report.ts'
import { junitReport } from '../budget/junit-report.ts'
import { markdownReport } from '../budget/markdown-report.ts'
import { readBudgets } from '../budget/read-budgets.ts'
import { sarifReport } from '../budget/sarif-report.ts'
import { textReport } from '../budget/text-report.ts'
import { LiveArgumentError } from '../errors.ts'
import { mergedRecordings, writeRecording } from '../recording/queries-file.ts'
import type { Recording } from '../recording/recording.ts'
import type { CliHost } from './cli-host.ts'
import { neededRecording, recorded, recordingOf } from './record-command.ts'

export interface CheckFlags {
  readonly recording?: string
  readonly compare?: readonly string[]
  readonly statistics?: string
  readonly update?: boolean
  readonly format?: string
  readonly markdown?: string
  readonly sarif?: string
  readonly junit?: string
  readonly json?: string
}

/**
 * Compares what a command asks of the database with what is committed.
 *
 * @returns 0 nothing failed, 1 a rule of level `fail` found something
 */
export async function checkCommand(
  command: readonly string[],
  flags: CheckFlags,
  host: CliHost,
): Promise<number> {
  const { format = 'text', compare } = flags
  if (!Object.hasOwn(REPORTS, format))
    throw new LiveArgumentError('--format', Object.keys(REPORTS).join(', '), format)
  if (command.length > 0 === (compare !== undefined))
    throw new LiveArgumentError(
      'brisk check',
      'the command that runs your tests behind --, or recordings with --compare',
      command.length > 0 ? 'both' : 'neither',
    )
  const budgets = await readBudgets(host.cwd)
  const recording = flags.recording ?? budgets.recording
  // Before the tests, which take their time.
  const before = flags.update === true ? null : neededRecording(recording, host.cwd)
  const statistics = flags.statistics ?? budgets.statistics
  const { queries, file } = await newRecording(command, compare, {
    host,
    isAside: format !== 'text',
    statistics: statistics === null ? null : resolve(host.cwd, statistics),
  })
  if (before === null) {
    writeRecording(resolve(host.cwd, recording), file)
    host.stderr(`brisk check: ${recording} is as the tests are now; look at what changed, and commit it.\n`)
    return 0
  }
  const comparison = compareRecordings(queriesOf(before), queries, budgets, new AllowanceComments(host.cwd))
  const report = (name: ReportName): string => REPORTS[name](comparison, host.cwd, recording)
  for (const name of ['markdown', 'sarif', 'junit', 'json'] as const) {
    const path = flags[name]
    if (path !== undefined) writeFileSync(resolve(host.cwd, path), report(name))
  }
  host.stdout(report(format as ReportName))
  return failures(comparison).length > 0 ? 1 : 0
}

type ReportName = 'text' | 'markdown' | 'sarif' | 'junit' | 'json'

const REPORTS: Readonly<
  Record<ReportName, (comparison: Comparison, cwd: string, recording: string) => string>
> = {
  text: textReport,
  markdown: markdownReport,
  sarif: sarifReport,
  junit: junitReport,
  json: jsonReport,
}

async function newRecording(
  command: readonly string[],
  compare: readonly string[] | undefined,
  options: { readonly host: CliHost; readonly isAside: boolean; readonly statistics: string | null },
): Promise<{ readonly queries: ComparedQueries; readonly file: Recording }> {
  if (compare !== undefined) {
    const file = mergedRecordings(compare.map((path) => neededRecording(path, options.host.cwd)))
    return { queries: queriesOf(file), file }
  }
  const folded = await recorded(command, { ...options, asked: 'brisk check --' })
  return { queries: folded, file: recordingOf(folded) }
}

function queriesOf({ queries }: Recording): ComparedQueries {
  return new Map(Object.entries(queries))
}
