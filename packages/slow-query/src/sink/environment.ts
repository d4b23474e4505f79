import { finite, InvalidOptionsError } from '@prisma-brisk/core'
import { consoleSink } from './console-sink.ts'
import { jsonLinesSink } from './json-lines-sink.ts'
import type { RecordSink } from './sink.ts'

/** Settings that operators give from outside. */
export type Environment = Readonly<Record<string, string | undefined>>

/** `BRISK_SLOW_QUERY_MS`: the default threshold in milliseconds. */
export function thresholdFromEnvironment({ BRISK_SLOW_QUERY_MS: given }: Environment): number | undefined {
  if (given === undefined || given.trim() === '') return undefined
  finite({ above: 0 })(Number(given), 'BRISK_SLOW_QUERY_MS')
  return Number(given)
}

/**
 * `BRISK_LOG`: `console` (default), `full` (console, every statement), `off`, or the path of a JSON-lines file, which
 * is what `brisk advise --workload` reads. Sinks are made once in a process, however often a client is extended.
 */
export function sinksFromEnvironment({ BRISK_LOG: given }: Environment): readonly RecordSink[] {
  const value = given?.trim() || 'console'
  let sinks = made.get(value)
  if (sinks === undefined) made.set(value, (sinks = sinksFor(value)))
  return sinks
}

const made = new Map<string, readonly RecordSink[]>()

function sinksFor(value: string): readonly RecordSink[] {
  if (value === 'off') return []
  if (value === 'console') return [consoleSink()]
  if (value === 'full') return [consoleSink({ format: 'full' })]
  if (/[/\\.]/.test(value)) return [jsonLinesSink(value)]
  throw new InvalidOptionsError(
    'BRISK_LOG',
    'console | full | off | the path of a file (logs/slow.ndjson)',
    value,
  )
}
