import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  RECORDING_PROTOCOL,
  type RecordedCall,
  type RecordedLine,
  type RecordedProcess,
  type RecordedText,
} from '@prisma-brisk/slow-query'
import { RecordingVersionError } from '../errors.ts'

/** What one process has told, in the order in which its calls ended. */
export interface ProcessRecording {
  readonly process: RecordedProcess
  readonly texts: ReadonlyMap<number, RecordedText>
  readonly calls: readonly RecordedCall[]
}

/**
 * All that the processes under `brisk record` have written into its directory. The last line of one that was killed may be torn, and
 * is left out.
 *
 * @throws RecordingVersionError where a process writes in another version
 */
export function readProcesses(directory: string): ProcessRecording[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.ndjson'))
    .sort()
    .flatMap((name) => processOf(readFileSync(join(directory, name), 'utf8')) ?? [])
}

function processOf(text: string): ProcessRecording | null {
  let process: RecordedProcess | null = null
  const texts = new Map<number, RecordedText>()
  const calls: RecordedCall[] = []
  for (const each of text.split('\n')) {
    const line = lineOf(each)
    if (line === null) continue
    if (line.type === 'process') process = line
    else if (line.type === 'text') texts.set(line.number, line)
    else if (line.type === 'call') calls.push(line)
  }
  if (process === null) return null
  if (process.protocol !== RECORDING_PROTOCOL) throw new RecordingVersionError(process.protocol)
  return { process, texts, calls }
}

function lineOf(text: string): RecordedLine | null {
  if (text === '') return null
  try {
    return JSON.parse(text) as RecordedLine
  } catch {
    return null
  }
}
