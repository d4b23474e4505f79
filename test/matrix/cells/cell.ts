import type { Provider } from '../../../scripts/client-variants.ts'
import { run } from '../../../scripts/program.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { Verdict } from '../conformance/checks.ts'
import type { Application, Workshop } from './workshop.ts'

/** A runtime, a bundle, a version or a pool on which the checks run. */
export interface Cell {
  /** Selects it on the command line; the table's row. */
  readonly name: string
  readonly group: string
  run(bench: Bench): Promise<CellResult>
}

export interface CellResult {
  /** The versions that matter, by name, as they said so themselves. */
  readonly versions: Readonly<Record<string, string>>
  readonly verdicts: readonly RunVerdict[]
}

/** A verdict, and the run of the cell (a driver, a module format) that it is about. */
export interface RunVerdict extends Verdict {
  readonly run: string
}

/** What a cell works with. */
export interface Bench {
  readonly workshop: Workshop
  /** A fresh database for this cell; dropped with the cell. */
  database(provider: Provider): Promise<string>
}

/** Runs a cell; its databases are dropped afterwards. */
export async function runCell(cell: Cell, workshop: Workshop): Promise<CellResult> {
  const databases: Pick<TestDatabase<{ $disconnect(): Promise<void> }>, 'drop'>[] = []
  try {
    return await cell.run({
      workshop,
      database: async (provider) => {
        const database = await createDatabase(provider)
        databases.push(database)
        return database.url
      },
    })
  } finally {
    for (const database of databases) await database.drop()
  }
}

/**
 * Runs a program of a cell that prints its verdicts, one line of JSON each. A program that ends before its last line has
 * failed, whatever it said so far.
 */
export async function verdictsOf(
  application: Application,
  command: string,
  args: readonly string[],
  name = 'the program',
): Promise<RunVerdict[]> {
  const env = ['-u', 'NODE_OPTIONS', 'NO_COLOR=1', 'BRISK_SLOW_QUERY_MS=60000', 'BRISK_LOG=off']
  const { code, output } = await run('env', [...env, command, ...args], application.directory)
  return readVerdicts(output, code, name)
}

export function readVerdicts(output: string, code: number, name: string): RunVerdict[] {
  const lines = output.split('\n').filter((line) => line.startsWith('{"'))
  const verdicts = lines.flatMap((line): (RunVerdict & { ended?: true })[] => {
    try {
      return [JSON.parse(line) as RunVerdict]
    } catch {
      return []
    }
  })
  const seen = verdicts.filter((verdict) => !verdict.ended && 'check' in verdict)
  if (code === 0 && verdicts.some(({ ended }) => ended)) return seen
  const rest = output
    .split('\n')
    .filter((line) => !/^\{"run"|PrismaBriskWarning|trace-warnings/.test(line))
    .join('\n')
  return [
    ...seen,
    { run: name, check: 'the program', verdict: 'fail', why: `exit code ${code}: ${rest.slice(-2000)}` },
  ]
}
