// The pictures of the documentation as SVG, and what its pages quote, from docs/measured/demo.json, which is what the demo printed:
//   npm run demo -- --json > docs/measured/demo.json && npx tsx scripts/draw-figures.ts
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { DemoReport } from '../demo/report.ts'
import { caseOf, MEASURED_PAGES, measuredPage, readMeasured } from './measured-story.ts'
import { ROOT } from './workspace.ts'

const FIGURES = join(ROOT, 'docs/figures')

const report = readMeasured()
mkdirSync(FIGURES, { recursive: true })
writeFileSync(join(FIGURES, 'latency.svg'), latency(report))
writeFileSync(join(FIGURES, 'plans.svg'), plans(report))
writeFileSync(join(FIGURES, 'pipeline.svg'), pipeline())
writeFileSync(join(FIGURES, 'home.svg'), home(report))
for (const page of MEASURED_PAGES) writeFileSync(page, measuredPage(readFileSync(page, 'utf8'), report))

/** Milliseconds of each case on a logarithmic scale: plain Prisma, the suite, the suite with the advised indexes. */
function latency({ cases, database, rows }: DemoReport): string {
  const left = 330
  const width = 420
  const times = cases.flatMap(({ plain, brisk, indexed }) =>
    [plain, brisk, ...(indexed === null ? [] : [indexed])].map(({ milliseconds }) => milliseconds),
  )
  const first = Math.floor(Math.log10(Math.min(...times)))
  const last = Math.ceil(Math.log10(Math.max(...times)))
  const x = (value: number) => left + ((Math.log10(value) - first) / (last - first)) * width
  const height = 80 + cases.length * 84
  const grid = Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index)).map(
    (value) =>
      `<line x1="${x(value)}" y1="54" x2="${x(value)}" y2="${height - 26}" class="grid"/>` +
      text(x(value), height - 8, `${value.toLocaleString('en')} ms`, 'small', 'middle'),
  )
  const bars = cases.flatMap(({ name, plain, brisk, indexed }, row) => {
    const top = 64 + row * 84
    const bar = (index: number, colour: string, value: number, gain: string) =>
      `<rect x="${left}" y="${top + index * 22}" width="${(x(value) - left).toFixed(1)}" height="18" rx="3" class="${colour}"/>` +
      text(x(value) + 6, top + index * 22 + 13, `${digits(value)} ms${gain}`, 'small')
    const gain = (value: number) => `, ${digits(plain.milliseconds / value)}×`
    return [
      ...wrapped(name, 36).map((line, index) => text(16, top + 14 + index * 18, line)),
      bar(0, 'plain', plain.milliseconds, ''),
      bar(1, 'brisk', brisk.milliseconds, gain(brisk.milliseconds)),
      ...(indexed === null ? [] : [bar(2, 'indexed', indexed.milliseconds, gain(indexed.milliseconds))]),
    ]
  })
  const legend = [
    ['plain', 'plain Prisma'],
    ['brisk', 'with brisk'],
    ['indexed', '… and the advised indexes'],
  ].map(
    ([colour, label], index) =>
      `<rect x="${left + [0, 120, 222][index]!}" y="34" width="12" height="12" rx="2" class="${colour}"/>` +
      text(left + [0, 120, 222][index]! + 18, 44, label as string, 'small'),
  )
  const title = text(16, 22, `Time of a request, ${database}, ${rows.toLocaleString('en')} rows`, 'title')
  return svg(900, height, [title, ...legend, ...grid, ...bars])
}

/** Plans of the measured queries before and after the advised migration. */
function plans({ advice }: DemoReport): string {
  const rowHeight = 116
  const box = (at: number, top: number, colour: string, scans: readonly string[], milliseconds: number) =>
    `<rect x="${at}" y="${top}" width="430" height="70" rx="6" class="box ${colour}-line"/>` +
    scans.map((scan, index) => text(at + 14, top + 22 + index * 17, scan, 'small')).join('') +
    text(at + 14, top + 60, `${digits(milliseconds)} ms`, 'strong')
  const rows = advice.queries.flatMap(({ name, before, after }, row) => {
    const top = 56 + row * rowHeight
    return [
      text(16, top, name),
      box(16, top + 10, 'plain', before.scans, before.milliseconds),
      `<path d="M452 ${top + 45} h32 m-8 -6 l8 6 l-8 6" class="arrow"/>`,
      box(490, top + 10, 'indexed', after.scans, after.milliseconds),
    ]
  })
  const title = text(16, 24, 'Plans before and after the migration of brisk advise', 'title')
  return svg(936, 50 + advice.queries.length * rowHeight, [title, ...rows])
}

/** The picture of the home page: one request three times, a square for each statement and a bar for the time. */
function home({ cases }: DemoReport): string {
  const { name, plain, brisk, indexed } = caseOf(cases, 'List 50 conversations')
  const width = 560
  const runs = [
    ['plain', 'plain Prisma', plain],
    ['brisk', 'with brisk()', brisk],
    ['indexed', 'with brisk() and the indexes it advises', indexed ?? brisk],
  ] as const
  const rows = runs.flatMap(([colour, label, { statements, milliseconds }], row) => {
    const top = 58 + row * 92
    const bar = Math.max(3, (milliseconds / plain.milliseconds) * (width - 32))
    const cost = `${statements} statements, ${digits(milliseconds)} ms`
    return [
      text(16, top, label, 'label'),
      text(width - 16, top, cost, 'label strong', 'end'),
      `<rect x="16" y="${top + 12}" width="${bar.toFixed(1)}" height="20" rx="4" class="${colour}"/>`,
      ...Array.from(
        { length: statements },
        (_, index) =>
          `<rect x="${16 + index * 10}" y="${top + 42}" width="7" height="10" class="${colour}"/>`,
      ),
    ]
  })
  return svg(width, 318, [text(16, 26, name, 'title'), ...rows])
}

/** What a call passes through; a cache hit turns round at the cache, a merged call waits at batching. */
function pipeline(): string {
  const stations: readonly (readonly [string, string])[] = [
    ['slow-query', 'times, counts'],
    ['pagination', 'limits'],
    ['resilience', 'deadline, retry'],
    ['cache', 'hit: answers here'],
    ['batching', 'many calls, one'],
    ['Prisma', 'makes the SQL'],
    ['driver', 'tapped: SQL, rows'],
  ]
  const perRow = 4
  const boxes = stations.flatMap(([name, does], index) => {
    const [row, column] = [Math.floor(index / perRow), index % perRow]
    const at = 16 + column * 160
    const top = 46 + row * 92
    const isLast = index + 1 === stations.length
    return [
      `<rect x="${at}" y="${top}" width="134" height="58" rx="6" class="box ${index < 5 ? 'brisk' : 'plain'}-line"/>`,
      text(at + 67, top + 24, name, 'strong', 'middle'),
      text(at + 67, top + 45, does, 'small', 'middle'),
      isLast ? '' : column + 1 < perRow ? arrow(at + 137, top + 29) : turn(at + 67, top + 61),
    ]
  })
  // To the right, and down to the beginning of the next row.
  function arrow(x: number, y: number): string {
    return `<path d="M${x} ${y} h18 m-6 -5 l6 5 l-6 5" class="arrow"/>`
  }
  function turn(x: number, y: number): string {
    return `<path d="M${x} ${y} v12 H83 v14 m-5 -6 l5 6 l5 -6" class="arrow"/>`
  }
  return svg(646, 206, [text(16, 26, 'The way of a call: prisma.user.findMany(…)', 'title'), ...boxes])
}

function svg(width: number, height: number, content: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<style>
text { font: 14px system-ui, sans-serif; fill: #1f2937 }
.small { font-size: 12px; fill: #4b5563 }
.strong { font-weight: 600 }
.title { font-size: 16px; font-weight: 600 }
.label { font-size: 16px }
.plain { fill: #9ca3af } .brisk { fill: #60a5fa } .indexed { fill: #2563eb }
.box { fill: #f9fafb; stroke-width: 1.5 }
.plain-line { stroke: #9ca3af } .brisk-line { stroke: #60a5fa } .indexed-line { stroke: #2563eb }
.grid { stroke: #e5e7eb } .arrow { fill: none; stroke: #4b5563; stroke-width: 1.5 }
</style>
<rect width="${width}" height="${height}" fill="#ffffff"/>
${content.filter((each) => each !== '').join('\n')}
</svg>
`
}

function text(x: number, y: number, content: string, style = '', anchor = 'start'): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return `<text x="${x.toFixed(0)}" y="${y}"${style === '' ? '' : ` class="${style}"`} text-anchor="${anchor}">${escaped}</text>`
}

function wrapped(line: string, width: number): string[] {
  const lines = ['']
  for (const word of line.split(' ')) {
    const last = lines.at(-1) as string
    if (last !== '' && last.length + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`.trim()
  }
  return lines
}

function digits(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 3 })
}
