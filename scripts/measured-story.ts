// What docs/from-slow-endpoint-to-fix.md and the home page quote: what the demo printed, from docs/measured/demo.json.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

import type { CaseReport, Figures } from '../demo/case-run.ts'
import type { Plan } from '../demo/index-advice.ts'
import { recommendationText, type DemoReport } from '../demo/report.ts'
import { ROOT } from './workspace.ts'

/** The pages that quote measurements. */
export const MEASURED_PAGES = ['from-slow-endpoint-to-fix.md', 'index.md'].map((page) =>
  join(ROOT, 'docs', page),
)

export function readMeasured(): DemoReport {
  return JSON.parse(readFileSync(join(ROOT, 'docs/measured/demo.json'), 'utf8')) as DemoReport
}

/** A page with what stands between each `<!-- demo: … -->` and its `<!-- end -->` as the report has it. */
export function measuredPage(page: string, report: DemoReport): string {
  const blocks: Record<string, () => string> = {
    cases: () => caseTable(report),
    notes: () => noteList(report),
    recommendations: () =>
      ['```', stripVTControlCharacters(recommendationText(report.advice.recommendations)), '```'].join('\n'),
    plans: () => planTable(report),
    numbers: () => numbers(report),
    code: () => beforeAndAfter(report),
  }
  return page.replaceAll(
    /(<!-- demo: (\w+) -->\n\n)[^]*?(\n\n<!-- end -->)/g,
    (_, begin: string, name, end) => {
      const block = blocks[name as string]
      if (block === undefined) throw new Error(`The demo prints no ${name}`)
      return `${begin}${block()}${end}`
    },
  )
}

function caseTable({ cases }: DemoReport): string {
  const rows = cases.map(({ name, plain, brisk, indexed }) => [
    name,
    costs(plain),
    costs(brisk, plain),
    indexed === null ? 'no index needed' : costs(indexed, plain),
  ])
  return table(['request', 'plain Prisma', 'with brisk', 'and the advised indexes'], rows)
}

function costs({ statements, rows, milliseconds, megabytes }: Figures, plain?: Figures): string {
  const gain = plain === undefined ? '' : `, ${timesFaster(plain, milliseconds)}`
  const read = [count(statements, 'statement'), count(rows, 'row'), megabytesText(megabytes)]
  return `**${digits(milliseconds)} ms**${gain}<br>${read.join(', ')}`
}

function noteList({ cases }: DemoReport): string {
  return cases.flatMap(({ name, note }) => (note === null ? [] : [`- ${name}: ${note}`])).join('\n')
}

function planTable({ advice }: DemoReport): string {
  const plan = ({ scans, milliseconds }: Plan) =>
    `**${digits(milliseconds)} ms**<br>${scans.map((scan) => `\`${scan}\``).join('<br>')}`
  const rows = advice.queries.map(({ name, before, after }) => [
    name,
    plan(before),
    plan(after),
    timesFaster(before, after.milliseconds),
  ])
  return table(['statement', 'before', 'after', 'faster'], rows)
}

/** The three numbers of the home page. */
function numbers({ cases, database, rows }: DemoReport): string {
  const list = caseOf(cases, 'List 50 conversations')
  const open = caseOf(cases, 'Open a conversation')
  const profiles = caseOf(cases, 'Read 100 profiles')
  const fixed = list.indexed ?? list.brisk
  const number = (value: string, meaning: string) =>
    `<div><strong>${value}</strong><span>${meaning}</span></div>`
  return [
    '<div class="numbers">',
    number(
      `${list.plain.statements} → ${list.brisk.statements}`,
      `statements for a list of 50 conversations with their last message, by one line. With the advised indexes it takes ${digits(fixed.milliseconds)} ms instead of ${digits(list.plain.milliseconds)}.`,
    ),
    number(
      `${digits(open.plain.megabytes, 2)} → ${digits(open.brisk.megabytes, 2)} MB`,
      'read to open a conversation of 1,000 messages, once the list has a limit.',
    ),
    number(
      `${digits(profiles.brisk.milliseconds / profiles.plain.statements, 2)} ms`,
      `for a cached profile; ${digits(profiles.plain.milliseconds / profiles.plain.statements, 2)} ms from the database. A write invalidates it by itself.`,
    ),
    '</div>',
    '',
    `Measured by \`npm run demo\`: ${database}, ${rows.toLocaleString('en')} rows. It needs only Node, so you can measure your own.`,
  ].join('\n')
}

/** Ten lines of an application before and after. */
function beforeAndAfter({ cases }: DemoReport): string {
  const { plain, brisk } = caseOf(cases, 'List 50 conversations')
  const block = (imported: readonly string[], made: string, cost: string) => [
    '```ts',
    ...imported,
    `const client = ${made}`,
    '',
    'const list = await client.conversation.findMany({ take: 50 })',
    'const last = await Promise.all(',
    '  list.map(({ id }) =>',
    '    client.message.findFirst({',
    '      where: { conversationId: id },',
    "      orderBy: { createdAt: 'desc' },",
    '    }),',
    '  ),',
    `) // ${cost}`,
    '```',
  ]
  const cost = ({ statements, milliseconds }: Figures) =>
    `${statements} statements, ${digits(milliseconds)} ms`
  const prisma = "import { PrismaClient } from './generated/prisma/client'"
  return [
    '<div class="before-after">',
    '<div>',
    '',
    'Before',
    '',
    ...block([prisma, ''], 'new PrismaClient({ adapter })', cost(plain)),
    '',
    '</div>',
    '<div>',
    '',
    'After',
    '',
    ...block(
      ["import { brisk } from 'prisma-brisk'", prisma, ''],
      'new PrismaClient({ adapter }).$extends(brisk())',
      cost(brisk),
    ),
    '',
    '</div>',
    '</div>',
  ].join('\n')
}

/** The case whose name begins so. */
export function caseOf(cases: readonly CaseReport[], name: string): CaseReport {
  const found = cases.find((each) => each.name.startsWith(name))
  if (found === undefined) throw new Error(`The demo has no case “${name}…”`)
  return found
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)))
  const line = (cells: readonly string[], pad = ' ') =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!, pad)).join(' | ')} |`
  return [
    line(head),
    line(
      head.map(() => ''),
      '-',
    ),
    ...rows.map((row) => line(row)),
  ].join('\n')
}

function timesFaster({ milliseconds }: { milliseconds: number }, now: number): string {
  return `${(milliseconds / now).toFixed(1)}×`
}

function count(value: number, what: string): string {
  return `${value.toLocaleString('en')} ${what}${value === 1 ? '' : 's'}`
}

function megabytesText(megabytes: number): string {
  return megabytes < 0.01 ? '< 0.01 MB' : `${digits(megabytes)} MB`
}

function digits(value: number, significant = 3): string {
  return value.toLocaleString('en', { maximumSignificantDigits: significant })
}
