import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { readBudgets } from '../budget/read-budgets.ts'
import { CommandFailedError, LiveArgumentError, NoRecordingError, NothingRecordedError } from '../errors.ts'
import { foldRecording, type Folded } from '../recording/fold-recording.ts'
import { withPlans } from '../recording/plans.ts'
import { mergedRecordings, readRecording, writeRecording } from '../recording/queries-file.ts'
import { readProcesses } from '../recording/recorded-processes.ts'
import { RECORDING_VERSION, type QueryLine, type Recording } from '../recording/recording.ts'
import type { CliHost } from './cli-host.ts'
import { runCommand } from './run-command.ts'

export interface RecordFlags {
  readonly output?: string
  readonly statistics?: string
  readonly places?: boolean
  readonly merge?: readonly string[]
}

/**
 * Runs a command and writes down what its tests ask of the database; or puts recordings together.
 *
 * @returns that of the command; 0 where there is none
 */
export async function recordCommand(
  command: readonly string[],
  flags: RecordFlags,
  host: CliHost,
): Promise<number> {
  const budgets = await readBudgets(host.cwd)
  const output = resolve(host.cwd, flags.output ?? budgets.recording)
  const shown = relative(host.cwd, output).split(sep).join('/')
  if (flags.merge !== undefined) {
    if (command.length > 0)
      throw new LiveArgumentError('--merge', 'recordings, and no command', command.join(' '))
    const merged = mergedRecordings(flags.merge.map((path) => neededRecording(path, host.cwd)))
    writeRecording(output, merged)
    host.stderr(`brisk record: ${shown}: ${said(merged)}\n`)
    return 0
  }
  if (command.length === 0)
    throw new LiveArgumentError('brisk record --', 'the command that runs your tests', 'none')
  const statistics = flags.statistics ?? budgets.statistics
  const folded = await recorded(command, {
    host,
    asked: 'brisk record --',
    statistics: statistics === null ? null : resolve(host.cwd, statistics),
  })
  const recording = recordingOf(folded, flags.places === true)
  writeRecording(output, recording)
  host.stderr(`brisk record: ${shown}: ${said(recording)}\n`)
  return 0
}

/** @throws NoRecordingError, RecordingFileError */
export function neededRecording(path: string, cwd: string): Recording {
  const recording = readRecording(resolve(cwd, path))
  if (recording === null) throw new NoRecordingError(path)
  return recording
}

export interface RecordedOptions {
  readonly host: CliHost
  readonly asked: string
  readonly statistics: string | null
  readonly isAside?: boolean
}

/**
 * What a command asks of the database, from all processes that it starts.
 *
 * @throws CommandFailedError where it fails
 * @throws NothingRecordedError where nothing was asked
 */
export async function recorded(
  command: readonly string[],
  { host, asked, statistics, isAside = false }: RecordedOptions,
): Promise<Folded> {
  const directory = mkdtempSync(join(tmpdir(), 'brisk-record-'))
  try {
    const exitCode = await runCommand(command, {
      cwd: host.cwd,
      asked,
      isAside,
      environment: environmentOf(directory),
    })
    if (exitCode !== 0) throw new CommandFailedError(command.join(' '), exitCode)
    const folded = foldRecording(readProcesses(directory), host.cwd)
    if (folded.size === 0) throw new NothingRecordedError(command.join(' '))
    return statistics === null ? folded : await withPlans(folded, statistics)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Every process writes into the directory, and loads first what knows the running test. */
function environmentOf(directory: string): Record<string, string> {
  const hook = join(
    dirname(createRequire(import.meta.url).resolve('@prisma-brisk/live/package.json')),
    'dist/recording/test-hook.cjs',
  )
  // Both split at spaces, and take what stands in quotes as one.
  const load = `--require "${hook.replace(/[\\"]/g, '\\$&')}"`
  const { NODE_OPTIONS = '', MOCHA_OPTIONS = '' } = process.env
  return {
    BRISK_RECORD: directory,
    NODE_OPTIONS: `${NODE_OPTIONS} ${load}`.trim(),
    MOCHA_OPTIONS: `${MOCHA_OPTIONS} ${load}`.trim(),
  }
}

/** @param hasPlaces with line and column, which move with every line above them */
export function recordingOf(folded: Folded, hasPlaces = false): Recording {
  const queries: Record<string, QueryLine[]> = {}
  for (const [title, lines] of folded)
    queries[title] = lines.map((each) => {
      const { site, texts: _, ...line } = each
      return hasPlaces && site !== null ? { ...line, at: site } : line
    })
  return { version: RECORDING_VERSION, queries }
}

function said({ queries }: Recording): string {
  const tests = Object.keys(queries).length
  const lines = Object.values(queries).reduce((sum, each) => sum + each.length, 0)
  return `${tests} test${tests === 1 ? '' : 's'} and routes, ${lines} call${lines === 1 ? '' : 's'}`
}
