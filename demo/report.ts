import Table from 'cli-table3'
import colors from 'picocolors'

import type { CaseReport, Figures } from './case-run.ts'
import type { AdviceReport, Plan, RecommendedIndex } from './index-advice.ts'

export interface DemoReport {
  database: string
  rows: number
  seconds: number
  cases: CaseReport[]
  advice: AdviceReport
  improved: boolean
}

export function printReport({ database, rows, seconds, cases, advice, improved }: DemoReport): void {
  console.log(`\n${database}, ${rows.toLocaleString('en')} rows\n`)
  console.log(caseText(cases))
  console.log(`\n${colors.bold('brisk advise')} on the slow-query log of this run:\n`)
  console.log(recommendationText(advice.recommendations))
  console.log(`\nThe migration it wrote, ${advice.migration.length} statements, applied:\n`)
  console.log(adviceTable(advice))
  const verdict = improved ? colors.green('Every case improved') : colors.red('Not every case improved')
  console.log(`\n${verdict}. ${seconds.toFixed(0)} s.`)
}

/** What the cases cost, and a line for each that has more to say. */
export function caseText(cases: readonly CaseReport[]): string {
  const notes = cases.flatMap(({ name, note, improved }) =>
    note === null ? [] : [`${improved ? colors.green('✓') : colors.red('✗')} ${name}: ${note}`],
  )
  return [caseTable(cases), ...notes].join('\n')
}

export function recommendationText(recommendations: readonly RecommendedIndex[]): string {
  const lines = recommendations
    .filter(({ fromWorkload }) => fromWorkload)
    .map(({ sql, reason }) => `  ${sql}\n    ${colors.dim(reason)}`)
  const others = recommendations.filter(({ fromWorkload }) => !fromWorkload)
  if (others.length > 0) {
    lines.push(`  and ${others.length} for foreign keys that no index covers:`)
    const names = others.map(({ model, fields }) => `${model}(${fields.join(', ')})`)
    lines.push(...wrapped(names, 100).map((line) => `    ${colors.dim(line)}`))
  }
  return lines.join('\n')
}

function wrapped(words: readonly string[], width: number): string[] {
  const lines = ['']
  for (const word of words) {
    if (lines.at(-1)!.length + word.length > width) lines.push('')
    lines.push(`${lines.pop()}${word}  `)
  }
  return lines.map((line) => line.trimEnd())
}

function caseTable(cases: readonly CaseReport[]): string {
  const table = new Table({
    head: ['', '', 'statements', 'rows', 'ms', 'MB', ''].map((text) => colors.bold(text)),
    colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
    colWidths: [42],
    wordWrap: true,
    style: { head: [], border: [] },
  })
  for (const { name, origin, plain, brisk, indexed, improved } of cases) {
    const gain = (figures: Figures, mark = ''): string =>
      `${mark}${(plain.milliseconds / figures.milliseconds).toFixed(1)}×`
    const mark = improved ? colors.green('✓ ') : colors.red('✗ ')
    const title = `${name}\n${colors.dim(origin)}`
    table.push(
      [{ content: title, rowSpan: indexed === null ? 2 : 3 }, 'plain', ...cells(plain), ''],
      ['brisk', ...cells(brisk), gain(brisk, indexed === null ? mark : '')],
    )
    if (indexed !== null) table.push(['… and indexes', ...cells(indexed), gain(indexed, mark)])
  }
  return table.toString()
}

function cells({ statements, rows, milliseconds, megabytes }: Figures): string[] {
  return [
    statements.toLocaleString('en'),
    rows.toLocaleString('en'),
    digits(milliseconds),
    megabytes < 0.01 ? '< 0.01' : digits(megabytes),
  ]
}

export function adviceTable({ queries }: AdviceReport): string {
  const table = new Table({
    head: ['', 'before', 'ms', 'after', 'ms', ''].map((text) => colors.bold(text)),
    colAligns: ['left', 'left', 'right', 'left', 'right', 'right'],
    colWidths: [35, 29, null, 44],
    wordWrap: true,
    wrapOnWordBoundary: false,
    style: { head: [], border: [] },
  })
  const plan = ({ scans, milliseconds }: Plan): string[] => [scans.join('\n'), digits(milliseconds)]
  for (const { name, before, after, improved } of queries) {
    const gain = `${(before.milliseconds / after.milliseconds).toFixed(1)}×`
    table.push([
      name,
      ...plan(before),
      ...plan(after),
      improved ? colors.green(`✓ ${gain}`) : colors.red(`✗ ${gain}`),
    ])
  }
  return table.toString()
}

function digits(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 })
}
