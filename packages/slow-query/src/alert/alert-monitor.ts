import { ChangeWatch, DriverTap, type Host } from '@prisma-brisk/core'
import type { AlertEvent } from '../record/records.ts'
import { Alert, type AlertRule, type Measurement } from './alert.ts'
import { RecentRates } from './recent-rates.ts'
import { SLOT_MS, type SeriesTable } from '../metrics/series.ts'
import { Tally } from '../metrics/tally.ts'

const PERIOD_MS = 5000

/** Looks at the alerts of a client every five seconds while it is in use. */
export class AlertMonitor {
  private readonly alerts = new Map<
    string,
    { readonly alert: Alert; readonly tell: (event: AlertEvent) => void }
  >()
  private timer: NodeJS.Timeout | null = null
  private readonly rates: RecentRates

  constructor(
    private readonly host: Host,
    private readonly series: SeriesTable,
  ) {
    this.rates = new RecentRates(host, series)
  }

  /** Adds rules; one that is already watched is not added again, however often the client is extended. */
  add(rules: readonly AlertRule[], tell: (event: AlertEvent) => void): void {
    for (const rule of rules) {
      const key = JSON.stringify(rule)
      if (!this.alerts.has(key)) this.alerts.set(key, { alert: new Alert(rule), tell })
    }
  }

  /** Starts the timer, which neither keeps the process alive nor outlives `$disconnect`. */
  start(): void {
    if (this.timer !== null || this.alerts.size === 0) return
    this.timer = setInterval(() => this.evaluate(), PERIOD_MS)
    // jsdom's timers are numbers.
    ;(this.timer as Partial<NodeJS.Timeout>).unref?.()
  }

  stop(): void {
    if (this.timer !== null) clearInterval(this.timer)
    this.timer = null
  }

  evaluate(): void {
    this.rates.look()
    for (const { alert, tell } of this.alerts.values()) {
      const measured = this.measure(alert.rule)
      const event = measured === null ? null : alert.evaluate(measured)
      if (event !== null) tell(event)
    }
  }

  private measure({ metric, model }: AlertRule): Measurement | null {
    if (metric === 'poolWaiting' || metric === 'poolShare') return this.pool(metric)
    if (metric === 'hitRate' || metric === 'deferredFailureRate') return this.rates.of(metric, model)
    if (metric === 'changesLost' || metric === 'changesLag') return this.changes(metric)
    const tally = new Tally()
    for (const each of this.series) {
      if (model === undefined || each.model === model)
        tally.merge(each.rolling.merged(performance.now(), 2 * SLOT_MS))
    }
    const { latency, errors } = tally
    if (latency.count === 0) return { value: 0, samples: 0 }
    const value =
      metric === 'errorRate' ? errors / latency.count : latency.quantile(metric === 'p95' ? 0.95 : 0.99)
    return { value, samples: latency.count }
  }

  private changes(metric: 'changesLost' | 'changesLag'): Measurement | null {
    const all = ChangeWatch.of(this.host)
      .counts()
      .filter(({ state }) => state !== 'idle')
    if (all.length === 0) return null
    const value =
      metric === 'changesLost'
        ? all.filter(({ state }) => state !== 'live').length
        : Math.max(...all.map(({ lag }) => lag ?? 0))
    return { value, samples: all.length }
  }

  private pool(metric: 'poolWaiting' | 'poolShare'): Measurement | null {
    const gauge = DriverTap.of(this.host)?.pool?.gauge()
    if (gauge === undefined) return null
    if (metric === 'poolWaiting') return { value: gauge.waiting, samples: gauge.total }
    return gauge.max === null ? null : { value: (gauge.total - gauge.idle) / gauge.max, samples: gauge.total }
  }
}
