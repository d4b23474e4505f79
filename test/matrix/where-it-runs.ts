import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../scripts/workspace.ts'
import type { Cell, CellResult } from './cells/cell.ts'

/** What the last run of each cell has said, as it is committed beside the page. */
export type Results = Record<string, CellRecord>

interface CellRecord {
  readonly group: string
  /** Day of the run. */
  readonly date: string
  readonly versions: Readonly<Record<string, string>>
  readonly runs: readonly RunRecord[]
}

interface RunRecord {
  readonly run: string
  readonly passed: number
  readonly failed: readonly string[]
  /** Checks that are off there, by reason. */
  readonly off: Readonly<Record<string, readonly string[]>>
}

const JSON_FILE = join(ROOT, 'docs/reference/where-it-runs.json')
export const PAGE = join(ROOT, 'docs/reference/where-it-runs.md')

export function readResults(): Results {
  return existsSync(JSON_FILE) ? (JSON.parse(readFileSync(JSON_FILE, 'utf8')) as Results) : {}
}

/** Adds the results of some cells to those of the others, and writes the page. */
export function writeResults(results: Results): void {
  writeFileSync(JSON_FILE, `${JSON.stringify(results, null, 2)}\n`)
  writeFileSync(PAGE, pageOf(results))
}

export function recordOf({ group }: Cell, { versions, verdicts }: CellResult, date: string): CellRecord {
  const names = [...new Set(verdicts.map(({ run }) => run))]
  return { group, date, versions, runs: names.map((name) => runRecord(name, verdicts)) }
}

function runRecord(run: string, verdicts: CellResult['verdicts']): RunRecord {
  const own = verdicts.filter((verdict) => verdict.run === run)
  const off: Record<string, string[]> = {}
  for (const { check, verdict, why = '' } of own) if (verdict === 'off') (off[why] ??= []).push(check)
  return {
    run,
    passed: own.filter(({ verdict }) => verdict === 'pass').length,
    failed: own.filter(({ verdict }) => verdict === 'fail').map(({ check }) => check),
    off,
  }
}

/** The page of these results. */
export function pageOf(results: Results): string {
  const groups = [...new Set(Object.values(results).map(({ group }) => group))]
  const checks = Math.max(0, ...Object.values(results).flatMap(({ runs }) => runs.map(countOf)))
  return `# Where it runs

<!-- Written by \`npm run test:matrix -- --write\` from where-it-runs.json; run it again instead. -->

${checks} checks, the heart of each [behaviour list](../behaviour/index.md), run with the packed packages in every place below.
The numbers are those that passed, of those that apply there; what is off in a place, and why, stands under its table. The
nightly run repeats it all: \`npm run test:matrix\`, or with words a part of it: \`npm run test:matrix -- bun deno\`.

${groups.map((group) => groupText(group, results)).join('\n')}
## Where it does not

${NOT_THERE}
`
}

const NOT_THERE = `- **Vercel's Edge runtime** has no \`node:crypto\`, \`node:zlib\` or \`node:diagnostics_channel\`, so the packages do not load there. The
  clients that Prisma generates for it work elsewhere, as the table says. Use the Node.js runtime of the route or middleware.
- **The browser**, Prisma Accelerate without a [store of its own](../guide/from-accelerate.md), MongoDB and SQL Server: see
  [limits](../limits.md).`

function groupText(group: string, results: Results): string {
  const cells = Object.entries(results).filter(([, record]) => record.group === group)
  const rows = cells.flatMap(([name, { versions, runs, date }]) =>
    runs.map((run, index) => [
      index === 0 ? name : '',
      index === 0 ? versionText(versions) : '',
      run.run,
      run.passed + run.failed.length === 0 ? 'off' : `${run.passed} of ${run.passed + run.failed.length}`,
      index === 0 ? date : '',
    ]),
  )
  const off = new Map<string, Set<string>>()
  for (const [name, { runs }] of cells)
    for (const { run, off: reasons } of runs)
      for (const [why, checks] of Object.entries(reasons)) {
        const key = `${why} (${checks.length === 1 ? '1 check' : `${checks.length} checks`})`
        off.set(key, (off.get(key) ?? new Set()).add(cells.length === 1 || runs.length > 1 ? run : name))
      }
  const failed = cells.flatMap(([name, { runs }]) =>
    runs.flatMap(({ run, failed }) => failed.map((check) => `- ${name}, ${run}: ${check}`)),
  )
  return [
    `## ${group}`,
    '',
    table([['', 'Versions', 'With', 'Passed', 'On'], ...rows]),
    '',
    ...(failed.length === 0 ? [] : ['Failed:', '', ...failed, '']),
    ...(off.size === 0
      ? []
      : ['Off:', '', ...[...off].map(([why, where]) => `- ${[...where].join(', ')}: ${why}`), '']),
  ].join('\n')
}

/** Aligned as prettier does it. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] as readonly string[]).map((_, column) =>
    Math.max(3, ...rows.map((row) => (row[column] as string).length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] as number)).join(' | ')} |`
  const [head, ...body] = rows as [readonly string[], ...(readonly string[])[]]
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}

function versionText(versions: Readonly<Record<string, string>>): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version.replace(/^v|^deno | \(.*\)$/g, '')}`)
    .join(', ')
}

const countOf = ({ passed, failed, off }: RunRecord): number =>
  passed + failed.length + Object.values(off).flat().length
