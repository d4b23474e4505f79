import { randomBytes } from 'node:crypto'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { RecordingFileError } from '../errors.ts'
import { countOf, rangeOf, widened, type Count } from './range.ts'
import { byText, lineKey, mostRows, RECORDING_VERSION, type QueryLine, type Recording } from './recording.ts'

/** The names of a line, in the order in which they are written. */
const NAMES = [
  'call',
  'in',
  'at',
  'calls',
  'statements',
  'rows',
  'loop',
  'duplicates',
  'unbounded',
  'unindexed',
  'cost',
  'plan',
  'scans',
] as const satisfies readonly (keyof QueryLine)[]

/** One line a call, sorted: what changes in a suite is what changes in the text. */
export function recordingText({ version, queries }: Recording): string {
  const tests = Object.keys(queries)
    .sort(byText)
    .map((title) => {
      const lines = sorted(queries[title] ?? []).map((line) => `      ${lineText(line)}`)
      return `    ${JSON.stringify(title)}: [\n${lines.join(',\n')}\n    ]`
    })
  const all = tests.length === 0 ? '{}' : `{\n${tests.join(',\n')}\n  }`
  return `{\n  "$schema": ${JSON.stringify(SCHEMA)},\n  "version": ${version},\n  "queries": ${all}\n}\n`
}

const SCHEMA = './node_modules/@prisma-brisk/live/brisk-queries.schema.json'

function lineText(line: QueryLine): string {
  return JSON.stringify(Object.fromEntries(NAMES.map((name) => [name, line[name]])))
}

function sorted(lines: readonly QueryLine[]): QueryLine[] {
  return lines.toSorted((a, b) => byText(lineKey(a), lineKey(b)))
}

/** Whole or not at all: who reads at the same time reads the one before. */
export function writeRecording(path: string, recording: Recording): void {
  const fresh = join(dirname(path), `.${randomBytes(6).toString('hex')}.brisk-queries`)
  try {
    writeFileSync(fresh, recordingText(recording))
    renameSync(fresh, path)
  } catch (cause) {
    rmSync(fresh, { force: true })
    const { code = 'error' } = cause as NodeJS.ErrnoException
    throw new RecordingFileError(path, 'a file that can be written', code, 'give another with --output')
  }
}

/**
 * The recording in a file; null where there is none.
 *
 * @throws RecordingFileError where it is none, or of another version
 */
export function readRecording(path: string): Recording | null {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const { code = 'error' } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return null
    throw new RecordingFileError(path, 'a file that can be read', code, 'give another with --recording')
  }
  return parseRecording(text, path)
}

export function parseRecording(text: string, path: string): Recording {
  const again = 'make it again with brisk record, or brisk check --update'
  const conflict = text.split('\n').findIndex((line) => /^(?:<{7}|>{7}|={7})(?: |$)/.test(line))
  if (conflict >= 0)
    throw new RecordingFileError(
      path,
      'a recording',
      `the marks of a merge conflict in line ${conflict + 1}`,
      `take either side, and ${again}`,
    )
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw new RecordingFileError(path, 'a recording', 'no JSON', again)
  }
  if (!isObject(value)) throw new RecordingFileError(path, 'a recording', 'no object', again)
  if (value['version'] !== RECORDING_VERSION)
    throw new RecordingFileError(
      path,
      `a recording of version ${RECORDING_VERSION}`,
      `version ${JSON.stringify(value['version']) ?? 'none'}`,
      again,
    )
  const wrong = wrongIn(value['queries'])
  if (wrong !== null) throw new RecordingFileError(path, 'a recording', wrong, again)
  return { version: RECORDING_VERSION, queries: value['queries'] as Recording['queries'] }
}

/** What is wrong first; null where all is as {@link Recording} says. */
function wrongIn(queries: unknown): string | null {
  if (!isObject(queries)) return 'no queries'
  for (const [title, lines] of Object.entries(queries)) {
    if (!Array.isArray(lines)) return `no list at ${JSON.stringify(title)}`
    for (const line of lines as unknown[]) {
      if (!isObject(line)) return `no line at ${JSON.stringify(title)}`
      for (const [name, isRight] of Object.entries(FIELDS))
        if (!isRight(line[name])) return `a wrong ${name} at ${JSON.stringify(title)}`
    }
  }
  return null
}

const isText = (value: unknown): boolean => typeof value === 'string'
const isCount = (value: unknown): boolean =>
  typeof value === 'number'
    ? Number.isInteger(value) && value >= 0
    : typeof value === 'string' && /^\d+-\d+$/.test(value)
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText)
const optional =
  (check: (value: unknown) => boolean) =>
  (value: unknown): boolean =>
    value === undefined || check(value)

const FIELDS: Readonly<Record<keyof QueryLine, (value: unknown) => boolean>> = {
  call: isText,
  in: optional(isText),
  at: optional(isText),
  calls: isCount,
  statements: isCount,
  rows: (value) => typeof value === 'string' && /^(?:0|1|<10+)$/.test(value),
  loop: optional(isCount),
  duplicates: optional(isCount),
  unbounded: optional((value) => value === true),
  unindexed: optional(isTexts),
  cost: optional((value) => typeof value === 'number'),
  plan: optional(isTexts),
  scans: optional(
    (value) => isObject(value) && Object.values(value).every((rows) => typeof rows === 'number'),
  ),
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Recordings of the parts of one suite, or of several runs of it, as one: what differs becomes a range, and what only some of the runs
 * of a test have made may be missing.
 */
export function mergedRecordings(recordings: readonly Recording[]): Recording {
  const queries: Record<string, readonly QueryLine[]> = {}
  const titles = new Set(recordings.flatMap((each) => Object.keys(each.queries)))
  for (const title of titles) {
    const runs = recordings.flatMap((each) =>
      each.queries[title] === undefined ? [] : [each.queries[title]],
    )
    const keys = new Set(runs.flatMap((lines) => lines.map(lineKey)))
    queries[title] = [...keys].map((key) =>
      mergedLine(runs.map((lines) => lines.find((each) => lineKey(each) === key))),
    )
  }
  return { version: RECORDING_VERSION, queries }
}

/** @param lines undefined where a run has none */
function mergedLine(lines: readonly (QueryLine | undefined)[]): QueryLine {
  const known = lines.filter((line) => line !== undefined)
  const [first] = known as [QueryLine, ...QueryLine[]]
  const count = (of: (line: QueryLine) => Count | undefined): Count =>
    countOf(lines.map((line) => rangeOf((line === undefined ? undefined : of(line)) ?? 0)).reduce(widened))
  const isAnywhere = (of: (line: QueryLine) => unknown): boolean =>
    known.some((line) => of(line) !== undefined)
  const texts = (of: (line: QueryLine) => readonly string[] | undefined): string[] =>
    [...new Set(known.flatMap((line) => of(line) ?? []))].sort(byText)
  const places = known.flatMap(({ at }) => at ?? []).sort(byText)
  const costs = known.flatMap(({ cost }) => cost ?? [])
  return {
    call: first.call,
    ...(first.in === undefined ? {} : { in: first.in }),
    ...(places[0] === undefined ? {} : { at: places[0] }),
    calls: count((line) => line.calls),
    statements: count((line) => line.statements),
    rows: known.map(({ rows }) => rows).reduce((a, b) => (mostRows(b) > mostRows(a) ? b : a)),
    ...(isAnywhere((line) => line.loop) ? { loop: count((line) => line.loop) } : {}),
    ...(isAnywhere((line) => line.duplicates) ? { duplicates: count((line) => line.duplicates) } : {}),
    ...(isAnywhere((line) => line.unbounded) ? { unbounded: true } : {}),
    ...(isAnywhere((line) => line.unindexed) ? { unindexed: texts((line) => line.unindexed) } : {}),
    ...(costs.length === 0 ? {} : { cost: Math.max(...costs) }),
    ...(isAnywhere((line) => line.plan) ? { plan: texts((line) => line.plan) } : {}),
    ...(isAnywhere((line) => line.scans)
      ? { scans: Object.assign({}, ...known.map(({ scans }) => scans ?? {})) as Record<string, number> }
      : {}),
  }
}
