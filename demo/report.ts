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
  console.log(caseTable(cases))
  for (const { name, note, improved: good } of cases)
    if (note !== null) console.log(`${good ? colors.green('✓') : colors.red('✗')} ${name}: ${note}`)
  console.log(`\n${colors.bold('brisk advise')} on the slow-query log of this run:\n`)
  printRecommendations(advice.recommendations)
  console.log(`\nThe migration it wrote, ${advice.migration.length} statements, applied:\n`)
  console.log(adviceTable(advice))
  const verdict = improved ? colors.green('Every case improved') : colors.red('Not every case improved')
  console.log(`\n${verdict}. ${seconds.toFixed(0)} s.`)
}

function printRecommendations(recommendations: readonly RecommendedIndex[]): void {
  const others = recommendations.filter(({ fromWorkload }) => !fromWorkload)
  for (const { sql, reason, fromWorkload } of recommendations)
    if (fromWorkload) console.log(`  ${sql}\n    ${colors.dim(reason)}`)
  if (others.length === 0) return
  console.log(`  and ${others.length} for foreign keys that no index covers:`)
  const names = others.map(({ model, fields }) => `${model}(${fields.join(', ')})`)
  console.log(
    wrapped(names, 100)
      .map((line) => `    ${colors.dim(line)}`)
      .join('\n'),
  )
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

function adviceTable({ queries }: AdviceReport): string {
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
