import { sep } from 'node:path'
import { styleText } from 'node:util'
import { boolean, callable, checkOptions, lengthOf, oneOf } from '@prisma-brisk/core'
import type {
  LongListRecord,
  NPlusOneReport,
  RequestBudgetEvent,
  SinkRecord,
  SlowQueryRecord,
} from '../record/records.ts'
import { FoldedSink, type Folded } from './folded-sink.ts'
import { previewOf } from './preview.ts'
import { titleOf } from './record-title.ts'
import type { RecordSink } from './sink.ts'

export interface ConsoleSinkOptions {
  /**
   * `'line'` (default) prints a line with a preview of the SQL; `'full'` prints every statement under it.
   */
  readonly format?: 'line' | 'full' | undefined
  /**
   * Whether what is alike (operation, statement, place) is printed once a minute, with its count, p95 and worst, and a
   * loop once until it changes. Default true with `format: 'line'`, false with `'full'`.
   */
  readonly fold?: boolean | undefined
  /** Default: whether standard error is a terminal and `NO_COLOR` is not set. */
  readonly colors?: boolean | undefined
  /** Where lines go; default standard error. */
  readonly print?: ((line: string) => void) | undefined
}

/**
 * Prints records for people. Paths within the working directory are shown from there.
 *
 * @throws InvalidOptionsError
 * @example
 * slowQuery({ sinks: [consoleSink({ format: 'full' })] })
 * // src/thread.ts:14:31  slow  Message.findMany  312 ms (> 100)  1,000 rows
 * //       SELECT "public"."Message"."id", … FROM "public"."Message" WHERE "conversationId" = $1
 */
export function consoleSink(options: ConsoleSinkOptions = {}): RecordSink {
  checkOptions('consoleSink', options, {
    format: oneOf('line', 'full'),
    fold: boolean,
    colors: boolean,
    print: callable,
  })
  const colors = options.colors ?? (process.stderr.isTTY && !process.env['NO_COLOR'])
  const print = options.print ?? ((line: string) => void process.stderr.write(`${line}\n`))
  const paint: Paint = colors ? (style, text) => styleText(style, text) : (_, text) => text
  const here = pathsWithin(process.cwd())
  const full = options.format === 'full'
  const printAll = (record: SinkRecord, folded: Folded | null): void => {
    for (const line of linesOf(record, folded, full, paint)) print(line.replace(here, ''))
  }
  return (options.fold ?? !full) ? new FoldedSink(printAll) : { write: (record) => printAll(record, null) }
}

/** What is left out of paths, so that a terminal has room for the rest. */
function pathsWithin(directory: string): RegExp {
  const root = directory.endsWith(sep) ? directory : directory + sep
  return new RegExp(`(?<=^|[\\s(])${root.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}`, 'g')
}

type Style = 'red' | 'yellow' | 'bold' | 'dim'
type Paint = (style: Style, text: string) => string

function linesOf(record: SinkRecord, folded: Folded | null, full: boolean, paint: Paint): string[] {
  switch (record.type) {
    case 'slow-query':
      return slowLines(record, folded, full, paint)
    case 'n-plus-one':
      return loopLines(record, paint)
    case 'request-budget':
      return budgetLines(record, folded, paint)
    case 'alert':
      return [paint(record.to === 'critical' ? 'red' : 'yellow', titleOf(record))]
    case 'long-list':
      return longListLines(record, paint)
    case 'small-pool':
      return [`${paint('yellow', 'pool')}  ${record.advice}`]
    case 'quiet-lists':
      return [`${paint('bold', 'limits')}  ${record.advice}`]
    case 'slow-request':
      return [`${paint('yellow', titleOf(record))}${more(folded)}`]
    case 'deferred-failure':
      return [`${paint('red', titleOf(record))}${folded === null ? '' : `  ${often(folded)}`}`]
  }
}

function longListLines(record: LongListRecord, paint: Paint): string[] {
  const often = record.count === 1 && record.seconds === 0 ? [] : [`× ${record.count} in ${record.seconds} s`]
  const head = [
    ...(record.callSite === null ? [] : [record.callSite]),
    paint('yellow', 'long list'),
    paint('bold', record.list),
    lengthOf(record),
    ...often,
    `a guard would answer ${record.code}`,
  ].join('  ')
  return [head]
}

function loopLines(report: NPlusOneReport, paint: Paint): string[] {
  const name = `${report.model ?? 'raw'}.${report.operation}${report.field === null ? '' : ` (${report.field})`}`
  const head = [
    ...(report.callSite === null ? [] : [report.callSite]),
    paint('yellow', report.kind === 'write' ? 'write loop' : 'n+1'),
    paint('bold', name),
    `${report.count} calls, ${count(report.statements, 'statement')}${report.mended === undefined ? '' : ` (${report.mended} answered ahead)`}, ${milliseconds(report.totalMs)}`,
  ].join('  ')
  return [
    head,
    ...(report.parent === undefined ? [] : [`      for each row of ${report.parent}`]),
    `      ${paint('yellow', report.advice)}`,
  ]
}

function budgetLines(event: RequestBudgetEvent, folded: Folded | null, paint: Paint): string[] {
  if (folded !== null) return [`${paint('yellow', titleOf(event))}${more(folded)}`]
  return [
    paint('yellow', titleOf(event)),
    ...event.top.map(
      (each) => `      ${each.count} ×  ${milliseconds(each.totalMs)}  ${paint('dim', previewOf(each.sql))}`,
    ),
  ]
}

function slowLines(record: SlowQueryRecord, folded: Folded | null, full: boolean, paint: Paint): string[] {
  const head = [
    ...(record.callSite === null ? [] : [record.callSite]),
    paint(record.ms >= 10 * record.threshold ? 'red' : 'yellow', 'slow'),
    paint('bold', record.model === null ? record.operation : `${record.model}.${record.operation}`),
    folded === null ? `${milliseconds(record.ms)} (> ${record.threshold})` : timesOf(folded),
    ...(record.waitMs >= 1 ? [`+ ${milliseconds(record.waitMs)} waiting`] : []),
    ...(record.error === undefined ? [] : [paint('red', record.error.code ?? record.error.name)]),
    count(record.rowsRead, 'row'),
    ...(record.shared === undefined ? [] : [`shared by ${record.shared}`]),
  ].join('  ')
  const hints = (record.hints ?? []).map((hint) => `      ${paint('yellow', hint)}`)
  if (!full) {
    const [first] = [...record.statements].sort((a, b) => b.ms - a.ms)
    const preview = first === undefined ? '' : `  ${paint('dim', previewOf(first.sql))}`
    const others = record.statements.length > 1 ? `  (${record.statements.length} statements)` : ''
    return [`${head}${others}${preview}`, ...hints]
  }
  return [
    head,
    ...record.statements.map(
      (statement) =>
        `      ${milliseconds(statement.ms)}  ${count(statement.rows, 'row')}  ${paint('dim', oneLine(statement.sql))}`,
    ),
    ...hints,
  ]
}

function milliseconds(ms: number): string {
  return `${ms >= 100 ? Math.round(ms).toLocaleString('en-US') : ms.toPrecision(2)} ms`
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`
}

function oneLine(sql: string): string {
  return sql.replace(/\s+/g, ' ')
}

/** What the line before did not say. */
function more(folded: Folded | null): string {
  return folded === null ? '' : `  ${timesOf(folded)}`
}

function often({ count, seconds }: Folded): string {
  return `× ${count} in ${seconds} s`
}

function timesOf(folded: Folded): string {
  const { p95, worst } = folded
  const ms = 'ms' in worst ? worst.ms : 'databaseMs' in worst ? worst.databaseMs : 0
  return `${often(folded)}, p95 ${milliseconds(p95)}, worst ${milliseconds(ms)}`
}
