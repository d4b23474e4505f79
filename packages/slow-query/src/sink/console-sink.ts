import { styleText } from 'node:util'
import { boolean, callable, checkOptions, oneOf } from '@prisma-brisk/core'
import type { NPlusOneReport, RequestBudgetEvent, SinkRecord, SlowQueryRecord } from '../record/records.ts'
import { titleOf } from './record-title.ts'
import type { RecordSink } from './sink.ts'

export interface ConsoleSinkOptions {
  /**
   * `'line'` (default) prints one line an operation with a preview of its SQL; `'full'` prints every statement
   * under it.
   */
  readonly format?: 'line' | 'full'
  /** Default: whether standard error is a terminal and `NO_COLOR` is not set. */
  readonly colors?: boolean
  /** Where lines go; default standard error. */
  readonly print?: (line: string) => void
}

const PREVIEW = 200

/**
 * Prints records for people.
 *
 * @throws InvalidOptionsError
 * @example
 * slowQuery({ sinks: [consoleSink({ format: 'full' })] })
 * // slow  Message.findMany  312 ms (> 100)  1,000 rows  src/thread.ts:14:31
 * //       SELECT "public"."Message"."id", … FROM "public"."Message" WHERE "conversationId" = $1
 */
export function consoleSink(options: ConsoleSinkOptions = {}): RecordSink {
  checkOptions('consoleSink', options, { format: oneOf('line', 'full'), colors: boolean, print: callable })
  const colors = options.colors ?? (process.stderr.isTTY && !process.env['NO_COLOR'])
  const print = options.print ?? ((line: string) => void process.stderr.write(`${line}\n`))
  const paint: Paint = colors ? (style, text) => styleText(style, text) : (_, text) => text
  const full = options.format === 'full'
  return {
    write: (record: SinkRecord) => {
      for (const line of linesOf(record, full, paint)) print(line)
    },
  }
}

type Style = 'red' | 'yellow' | 'bold' | 'dim'
type Paint = (style: Style, text: string) => string

function linesOf(record: SinkRecord, full: boolean, paint: Paint): string[] {
  switch (record.type) {
    case 'slow-query':
      return slowLines(record, full, paint)
    case 'n-plus-one':
      return loopLines(record, paint)
    case 'request-budget':
      return budgetLines(record, paint)
    case 'alert':
      return [paint(record.to === 'critical' ? 'red' : 'yellow', titleOf(record))]
    case 'slow-request':
      return [paint('yellow', titleOf(record))]
    case 'deferred-failure':
      return [paint('red', titleOf(record))]
  }
}

function loopLines(report: NPlusOneReport, paint: Paint): string[] {
  const name = `${report.model ?? 'raw'}.${report.operation}${report.field === null ? '' : ` (${report.field})`}`
  const head = [
    paint('yellow', report.kind === 'write' ? 'write loop' : 'n+1'),
    paint('bold', name),
    `${report.count} calls, ${count(report.statements, 'statement')}, ${milliseconds(report.totalMs)}`,
    ...(report.callSite === null ? [] : [paint('dim', report.callSite)]),
  ].join('  ')
  return [
    head,
    ...(report.parent === undefined ? [] : [`      for each row of ${report.parent}`]),
    `      ${paint('yellow', report.advice)}`,
  ]
}

function budgetLines(event: RequestBudgetEvent, paint: Paint): string[] {
  return [
    paint('yellow', titleOf(event)),
    ...event.top.map(
      (each) => `      ${each.count} ×  ${milliseconds(each.totalMs)}  ${paint('dim', shortened(each.sql))}`,
    ),
  ]
}

function slowLines(record: SlowQueryRecord, full: boolean, paint: Paint): string[] {
  const head = [
    paint(record.ms >= 10 * record.threshold ? 'red' : 'yellow', 'slow'),
    paint('bold', record.model === null ? record.operation : `${record.model}.${record.operation}`),
    `${milliseconds(record.ms)} (> ${record.threshold})`,
    ...(record.waitMs >= 1 ? [`+ ${milliseconds(record.waitMs)} waiting`] : []),
    ...(record.error === undefined ? [] : [paint('red', record.error.code ?? record.error.name)]),
    count(record.rowsRead, 'row'),
    ...(record.shared === undefined ? [] : [`shared by ${record.shared}`]),
    ...(record.callSite === null ? [] : [paint('dim', record.callSite)]),
  ].join('  ')
  const hints = (record.hints ?? []).map((hint) => `      ${paint('yellow', hint)}`)
  if (!full) {
    const [first] = [...record.statements].sort((a, b) => b.ms - a.ms)
    const preview = first === undefined ? '' : `  ${paint('dim', shortened(first.sql))}`
    const more = record.statements.length > 1 ? `  (${record.statements.length} statements)` : ''
    return [`${head}${more}${preview}`, ...hints]
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

function shortened(sql: string): string {
  const line = oneLine(sql)
  return line.length > PREVIEW ? `${line.slice(0, PREVIEW)}…` : line
}
