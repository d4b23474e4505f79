import {
  callable,
  checkOptions,
  finite,
  InvalidOptionsError,
  list,
  oneOf,
  record,
  type OptionCheck,
} from '@prisma-brisk/core'
import { consoleSink } from './console-sink.ts'
import type { Sink } from './sink.ts'

/** Options of {@link slowQuery}. */
export interface SlowQueryOptions {
  /**
   * Milliseconds from which an operation is slow. Default 100, or what the environment variable
   * `BRISK_SLOW_QUERY_MS` says.
   */
  readonly threshold?: number
  /** Thresholds of models and of single operations: `{ Report: 2000, 'User.findMany': 20 }`. Default: none. */
  readonly models?: Readonly<Record<string, number>>
  /** Where records go. Default: `[consoleSink()]`. */
  readonly sinks?: readonly Sink[]
  /**
   * What records say of statement parameters: nothing (`'omit'`, default), their types, or their values.
   * `'values'` writes personal data into logs.
   */
  readonly params?: 'omit' | 'types' | 'values'
}

export interface ResolvedSlowQueryOptions {
  readonly threshold: number
  readonly models: ReadonlyMap<string, number>
  readonly sinks: readonly Sink[]
  readonly params: 'omit' | 'types' | 'values'
}

/** @throws InvalidOptionsError naming the option, what was expected and what was given */
export function resolveOptions(
  options: SlowQueryOptions = {},
  environment: Readonly<Record<string, string | undefined>> = process.env,
): ResolvedSlowQueryOptions {
  checkOptions('slowQuery', options, {
    threshold: milliseconds,
    models: record(milliseconds),
    sinks: list(sink),
    params: oneOf('omit', 'types', 'values'),
  })
  return Object.freeze({
    threshold: options.threshold ?? thresholdFrom(environment) ?? 100,
    models: new Map(Object.entries(options.models ?? {})),
    sinks: options.sinks ?? [consoleSink()],
    params: options.params ?? 'omit',
  })
}

const milliseconds = finite({ above: 0 })

const sink: OptionCheck = (value, path) => {
  if (typeof (value as Partial<Sink> | null)?.write !== 'function')
    throw new InvalidOptionsError(path, 'a sink: { write(record), flush?() }', value)
  const { flush } = value as Partial<Sink>
  if (flush !== undefined) callable(flush, `${path}.flush`)
}

function thresholdFrom({ BRISK_SLOW_QUERY_MS: given }: Readonly<Record<string, string | undefined>>) {
  if (given === undefined || given === '') return undefined
  milliseconds(Number(given), 'BRISK_SLOW_QUERY_MS')
  return Number(given)
}
