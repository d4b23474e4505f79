import {
  bag,
  boolean,
  callable,
  checkOptions,
  either,
  finite,
  integer,
  InvalidOptionsError,
  list,
  oneOf,
  record,
  text,
  type OptionCheck,
} from '@prisma-brisk/core'
import type { AlertRule } from './alert/alert.ts'
import { sinksFromEnvironment, thresholdFromEnvironment, type Environment } from './sink/environment.ts'
import type { AlertMetric, NPlusOneReport } from './record/records.ts'
import type { LiveTarget } from './live-target.ts'
import type { RequestBudget } from './request/request-budget.ts'
import type { RecordSink } from './sink/sink.ts'
import type { QueryTelemetry } from './telemetry.ts'

/** Options of {@link slowQuery}. */
export interface SlowQueryOptions {
  /**
   * Milliseconds from which an operation is slow. Default 100, or what the environment variable
   * `BRISK_SLOW_QUERY_MS` says.
   */
  readonly threshold?: number | undefined
  /**
   * Thresholds of models and of single operations, in milliseconds: `{ Report: 2000, 'User.findMany': 20 }`. Default: none.
   * In every package of the suite `models` says what holds for one model; here the threshold alone.
   */
  readonly models?: Readonly<Record<string, number>> | undefined
  /** Where records go. Default: what `BRISK_LOG` says, else the console (standard error). */
  readonly sinks?: readonly RecordSink[] | undefined
  /**
   * What records say of statement parameters: nothing (`'omit'`, default), their types, or their values.
   * `'values'` writes personal data into logs.
   */
  readonly params?: 'omit' | 'types' | 'values' | undefined
  /** Plans of some slow statements, asked for on a connection of their own. Off by default. */
  readonly explain?: ExplainOptions | undefined
  /** Loops of queries. On by default within `runRequest` and the request middlewares; `false` looks for none. */
  readonly nPlusOne?: NPlusOneOptions | false | undefined
  /**
   * Alert rules on percentiles, error rate, pool, hit rate or deferred work; an event is emitted when one fires and when it clears.
   * Default: none.
   */
  readonly alerts?: readonly AlertRule[] | undefined
  /** What one request may cost; more makes one event. Default: no limit. */
  readonly requestBudget?: RequestBudget | undefined
  /** A tracing and metrics system; see `@prisma-brisk/slow-query/opentelemetry`. Default: none. */
  readonly telemetry?: QueryTelemetry | undefined
  /**
   * Kinds of operations (model and operation) that are counted apart; later ones are counted as `other`. Each takes
   * 5–35 kB. Default 500; the first extension of a client decides.
   */
  readonly maxSeries?: number | undefined
  /**
   * What takes a report of every request and call, for development: `brisk({ live: true })` gives one. Default: the hub that
   * `brisk live` names in `BRISK_LIVE`, else nobody, which costs nothing. Without effect under `NODE_ENV=production`.
   */
  readonly live?: LiveTarget | undefined
  /**
   * Whether pages of HTML get a small link in their corner, to what `brisk live` shows of their request. Default false. Pages that are
   * sent in pieces or compressed, and all other responses, stay as they are.
   */
  readonly livePill?: boolean | undefined
}

export interface ExplainOptions {
  /** Share of slow operations whose plan is asked for, 0…1. Default 0.1. */
  readonly sampleRate?: number | undefined
  /** Plans of one statement shape in an hour. Default 4. */
  readonly maxPerFingerprintPerHour?: number | undefined
  /**
   * Whether statements are also run to measure their plan, where they only read and call nothing unknown. Default
   * false: it doubles the work of a slow read.
   */
  readonly analyze?: boolean | undefined
}

export interface NPlusOneOptions {
  /**
   * Calls of one shape from one place in one request that make a loop. Default 10: a few repeated calls cost little in
   * production, while `expectNoNPlusOne` looks at test data of a few rows and takes 3.
   */
  readonly threshold?: number | undefined
  /**
   * `'log'` (default) reports to the sinks when the request ends; `'throw'` also fails the call that closes the loop
   * with `E_N_PLUS_ONE`, for tests and development; a function is called with the report as well.
   */
  readonly action?: 'log' | 'throw' | ((report: NPlusOneReport) => void) | undefined
  /**
   * Loops that are fine: by model, by place (part of the call site or of the request's name, or a pattern), or both.
   */
  readonly allow?: readonly LoopAllowance[] | undefined
}

export interface LoopAllowance {
  readonly model?: string | undefined
  readonly path?: string | RegExp | undefined
}

export interface ResolvedExplainOptions {
  readonly sampleRate: number
  readonly maxPerFingerprintPerHour: number
  readonly analyze: boolean
  readonly random: () => number
  readonly now: () => number
}

export interface ResolvedNPlusOneOptions {
  readonly threshold: number
  readonly action: 'log' | 'throw' | ((report: NPlusOneReport) => void)
  readonly allow: readonly LoopAllowance[]
}

export interface ResolvedSlowQueryOptions {
  readonly threshold: number
  readonly models: ReadonlyMap<string, number>
  readonly sinks: readonly RecordSink[]
  readonly params: 'omit' | 'types' | 'values'
  readonly explain: ResolvedExplainOptions | null
  readonly nPlusOne: ResolvedNPlusOneOptions | null
  readonly alerts: readonly AlertRule[]
  readonly requestBudget: RequestBudget | null
  readonly telemetry: QueryTelemetry | null
  readonly maxSeries: number
  readonly live: LiveTarget | undefined
  readonly livePill: boolean
}

/** @throws InvalidOptionsError naming the option, what was expected and what was given */
export function resolveOptions(
  options: SlowQueryOptions = {},
  environment: Environment = process.env,
): ResolvedSlowQueryOptions {
  checkOptions('slowQuery', options, {
    threshold: milliseconds,
    models: record(milliseconds),
    sinks: list(sink),
    params: oneOf('omit', 'types', 'values'),
    explain: bag({
      sampleRate: finite({ min: 0, max: 1 }),
      maxPerFingerprintPerHour: integer({ min: 1 }),
      analyze: boolean,
    }),
    nPlusOne: either('false or { threshold, action, allow }', oneOf(false), nPlusOne),
    alerts: list(alertRule),
    requestBudget: budget,
    telemetry,
    maxSeries: integer({ min: 1 }),
    live: liveTarget,
    livePill: boolean,
  })
  return Object.freeze({
    threshold: options.threshold ?? thresholdFromEnvironment(environment) ?? 100,
    models: new Map(Object.entries(options.models ?? {})),
    sinks: options.sinks ?? sinksFromEnvironment(environment),
    params: options.params ?? 'omit',
    explain: resolveExplain(options.explain),
    nPlusOne: resolveNPlusOne(options.nPlusOne),
    alerts: options.alerts ?? [],
    requestBudget: options.requestBudget ?? null,
    telemetry: options.telemetry ?? null,
    maxSeries: options.maxSeries ?? 500,
    live: options.live,
    livePill: options.livePill ?? false,
  })
}

const milliseconds = finite({ above: 0 })

const sink: OptionCheck = (value, path) => {
  if (typeof (value as Partial<RecordSink> | null)?.write !== 'function')
    throw new InvalidOptionsError(path, 'a sink: { write(record), flush?() }', value)
  const { flush } = value as Partial<RecordSink>
  if (flush !== undefined) callable(flush, `${path}.flush`)
}

const liveTarget: OptionCheck = (value, path) => {
  if (typeof (value as Partial<LiveTarget> | null)?.send !== 'function')
    throw new InvalidOptionsError(path, 'what takes reports: { send(lines) }', value)
}

const telemetry: OptionCheck = (value, path) => {
  if (typeof (value as Partial<QueryTelemetry> | null)?.record !== 'function')
    throw new InvalidOptionsError(path, 'telemetry, such as openTelemetry()', value)
}

const pattern: OptionCheck = (value, path) => {
  if (!(value instanceof RegExp)) text(value, path)
}

const nPlusOne: OptionCheck = (value, path) => {
  checkOptions(path, value, {
    threshold: integer({ min: 2 }),
    action: either("'log', 'throw' or a function", oneOf('log', 'throw'), callable),
    allow: list((each, at) => {
      checkOptions(at, each, { model: text, path: pattern })
      const { model, path: place } = each as LoopAllowance
      if (model === undefined && place === undefined)
        throw new InvalidOptionsError(at, '{ model }, { path } or both', each)
    }),
  })
}

const ALERT_METRICS = [
  'p95',
  'p99',
  'errorRate',
  'poolWaiting',
  'poolShare',
  'hitRate',
  'deferredFailureRate',
  'changesLost',
  'changesLag',
] as const satisfies readonly AlertMetric[]
const SHARES: ReadonlySet<AlertMetric> = new Set(['poolShare', 'hitRate', 'deferredFailureRate'])

const alertRule: OptionCheck = (value, path) => {
  checkOptions(path, value, {
    metric: oneOf(...ALERT_METRICS),
    model: text,
    warn: finite({ above: 0 }),
    critical: finite({ above: 0 }),
    minSamples: integer({ min: 1 }),
    for: finite({ min: 0 }),
  })
  const { metric, warn, critical } = value as Partial<AlertRule>
  if (metric === undefined) throw new InvalidOptionsError(`${path}.metric`, ALERT_METRICS.join(' | '), metric)
  if (warn === undefined)
    throw new InvalidOptionsError(`${path}.warn`, 'a number: the value from which to warn', warn)
  if (SHARES.has(metric) && warn > 1)
    throw new InvalidOptionsError(`${path}.warn`, 'a share from 0 to 1', warn)
  if (metric === 'hitRate') {
    if (critical !== undefined && critical > warn)
      throw new InvalidOptionsError(`${path}.critical`, `at most warn (${warn})`, critical)
  } else if (critical !== undefined && critical < warn)
    throw new InvalidOptionsError(`${path}.critical`, `at least warn (${warn})`, critical)
}

const budget: OptionCheck = (value, path) => {
  checkOptions(path, value, { queries: integer({ min: 0 }), totalMs: milliseconds })
  const { queries, totalMs } = value as RequestBudget
  if (queries === undefined && totalMs === undefined)
    throw new InvalidOptionsError(path, '{ queries }, { totalMs } or both', value)
}

function resolveExplain(options: ExplainOptions | undefined): ResolvedExplainOptions | null {
  if (options === undefined) return null
  const { sampleRate = 0.1, maxPerFingerprintPerHour = 4, analyze = false } = options
  return { sampleRate, maxPerFingerprintPerHour, analyze, random: Math.random, now: Date.now }
}

function resolveNPlusOne(options: NPlusOneOptions | false | undefined): ResolvedNPlusOneOptions | null {
  if (options === false) return null
  const { threshold = 10, action = 'log', allow = [] } = options ?? {}
  return { threshold, action, allow }
}
