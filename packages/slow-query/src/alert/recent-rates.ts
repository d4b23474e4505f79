import { DeferredWatch, type Host } from '@prisma-brisk/core'
import type { SeriesTable } from '../metrics/series.ts'
import type { Measurement } from './alert.ts'

/** How far back rates look, in looks of five seconds: two minutes. */
const LOOKS = 24

/** Counts of good and all, by model; null for all models together. */
type Counts = ReadonlyMap<string | null, readonly [part: number, all: number]>

/** Rates of the last two minutes, of counts that only ever grow: what has come since the look of two minutes ago. */
export class RecentRates {
  /** Nothing had happened when the client was made. */
  private readonly looks: { readonly hits: Counts; readonly deferred: Counts }[] = [
    { hits: new Map(), deferred: new Map() },
  ]

  constructor(
    private readonly host: Host,
    private readonly series: SeriesTable,
  ) {}

  look(): void {
    this.looks.push({ hits: this.hits(), deferred: this.deferred() })
    if (this.looks.length > LOOKS + 1) this.looks.shift()
  }

  of(metric: 'hitRate' | 'deferredFailureRate', model: string | null = null): Measurement {
    const kind = metric === 'hitRate' ? 'hits' : 'deferred'
    const [then, now] = [this.looks[0], this.looks.at(-1)].map((look) => look?.[kind].get(model) ?? [0, 0])
    const [part, all] = [0, 1].map((index) => (now?.[index] ?? 0) - (then?.[index] ?? 0)) as [number, number]
    return { value: all === 0 ? 0 : part / all, samples: all }
  }

  /** What is answered while it is refreshed is answered from the cache too. */
  private hits(): Counts {
    const counts = new Map<string | null, readonly [number, number]>()
    for (const { model, cacheHits, cacheStale, cacheMisses } of this.series) {
      const hits = cacheHits + cacheStale
      for (const name of model === null ? [null] : [model, null]) {
        const [part, all] = counts.get(name) ?? [0, 0]
        counts.set(name, [part + hits, all + hits + cacheMisses])
      }
    }
    return counts
  }

  private deferred(): Counts {
    const { completed, failed, dropped } = DeferredWatch.of(this.host).counts()
    return new Map([[null, [failed + dropped, completed + failed + dropped] as const]])
  }
}
