import type { AlertEvent, AlertMetric, AlertState } from '../record/records.ts'

export interface AlertRule {
  /** What is watched: milliseconds (`p95`, `p99`), a share of operations from 0 to 1 (`errorRate`), callers (`poolWaiting`), or sources (`changesLost`). */
  readonly metric: AlertMetric
  /** One model; default all operations together. */
  readonly model?: string | undefined
  /** From this value on, or for `hitRate` from it down, the state is `warn`. */
  readonly warn: number
  /** From this value on, or for `hitRate` from it down, it is `critical`. */
  readonly critical?: number | undefined
  /** Operations, cached reads or deferred tasks of the last two minutes below which nothing is said. Default 20. */
  readonly minSamples?: number | undefined
  /** Milliseconds that a value must last before the state changes, either way. Default 0. */
  readonly for?: number | undefined
}

/** A value at some moment; null where nothing can be said. */
export interface Measurement {
  readonly value: number
  readonly samples: number
}

/** A state is left only once the value is this share better than the limit that led to it. */
const HYSTERESIS = 0.1

/** The state of one rule. It changes when a value lasts, and falls back only when it is clearly below the limit. */
export class Alert {
  state: AlertState = 'ok'
  private candidate: AlertState = 'ok'
  private since = 0

  constructor(
    readonly rule: AlertRule,
    private readonly now: () => number = Date.now,
  ) {}

  /** Looks at a value; gives an event if the state has changed. */
  evaluate({ value, samples }: Measurement): AlertEvent | null {
    const { metric, model, minSamples = 20, for: lasting = 0 } = this.rule
    if (!isGauge(metric) && samples < minSamples) {
      // What was seen before a silence has not lasted through it.
      this.candidate = this.state
      return null
    }
    const now = this.now()
    const next = this.stateFor(value)
    if (next === this.state) {
      this.candidate = next
      return null
    }
    if (next !== this.candidate) {
      this.candidate = next
      this.since = now
    }
    if (now - this.since < lasting) return null
    const from = this.state
    this.state = next
    return {
      type: 'alert',
      time: new Date(now).toISOString(),
      metric,
      model: model ?? null,
      from,
      to: next,
      // As `stats()` shows it.
      value: Number(value.toPrecision(4)),
      limit: this.limitOf(severity[next] > severity[from] ? next : from),
      samples,
    }
  }

  private stateFor(value: number): AlertState {
    const { metric, warn, critical } = this.rule
    const falls = metric === 'hitRate'
    const worse = (limit: number, slack: number): boolean => {
      if (!falls) return slack === 0 ? value >= limit : value > limit * (1 - slack)
      return slack === 0 ? value <= limit : value < limit * (1 + slack)
    }
    if (critical !== undefined && worse(critical, this.state === 'critical' ? HYSTERESIS : 0))
      return 'critical'
    return worse(warn, this.state === 'ok' ? 0 : HYSTERESIS) ? 'warn' : 'ok'
  }

  private limitOf(state: AlertState): number {
    return state === 'critical' ? (this.rule.critical ?? Infinity) : this.rule.warn
  }
}

const GAUGES: ReadonlySet<AlertMetric> = new Set(['poolWaiting', 'poolShare', 'changesLost', 'changesLag'])

/** Metrics of the moment, which need no number of samples. */
function isGauge(metric: AlertMetric): boolean {
  return GAUGES.has(metric)
}

const severity: Readonly<Record<AlertState, number>> = { ok: 0, warn: 1, critical: 2 }
