import { InvalidMetricError } from '../errors.ts'

/** Values of the labels of a metric: each that was declared, and no other. */
export type MetricLabels = Readonly<Record<string, string>>

/** What a metric is: its help text, and the names of its labels. */
export interface MetricDeclaration {
  /** What it counts, for whoever reads `/metrics`. Default: its name. */
  readonly help?: string | undefined
  /**
   * Names of its labels. Their values must be few: beyond 1,000 combinations of a metric, further ones are counted together as
   * `other`. Default: none.
   */
  readonly labels?: readonly string[] | undefined
}

export interface TimingDeclaration extends MetricDeclaration {
  /** Upper bounds of its buckets in seconds, rising. Default: 5 ms to 10 s, as for requests. */
  readonly bounds?: readonly number[] | undefined
}

/** Counts what happens; it never falls. */
export interface Counter {
  /** @param by at least 0; default 1 */
  add(by?: number, labels?: MetricLabels): void
}

/** How long something takes. */
export interface Timing {
  record(ms: number, labels?: MetricLabels): void
  /** Runs `work` and records how long it took, also where it fails. */
  time<T>(work: () => T | PromiseLike<T>, labels?: MetricLabels): Promise<Awaited<T>>
}

/** A value that rises and falls. */
export interface Gauge {
  set(value: number, labels?: MetricLabels): void
  /** Asks for the value each time metrics are read. */
  observe(read: () => number, labels?: MetricLabels): void
}

/**
 * Metrics of the application's own, on the same page as those of the suite. A name that is declared again, in the same way, is the
 * same metric.
 *
 * @throws InvalidMetricError
 * @example
 * const classes = prisma.$queries.own.counter('classes_generated_total', { labels: ['level'] })
 * classes.add(1, { level: 'beginner' })
 * const generation = prisma.$queries.own.timing('class_generation_seconds')
 * await generation.time(() => generate(request))
 */
export interface MetricsRegistry {
  /** @param name ends in `_total` */
  counter(name: string, declaration?: MetricDeclaration): Counter
  /** @param name ends in `_seconds` */
  timing(name: string, declaration?: TimingDeclaration): Timing
  gauge(name: string, declaration?: MetricDeclaration): Gauge
}

/** One line of a histogram. */
export interface HistogramSample {
  readonly labels: string
  readonly bounds: readonly number[]
  /** Not cumulative, the last one without a bound. */
  readonly buckets: Float64Array
  readonly sum: number
}

interface Page {
  readonly name: string
  readonly help: string
}

/** A metric as it is printed. */
export type PrintedMetric = Page &
  (
    | {
        readonly type: 'counter' | 'gauge'
        readonly samples: readonly (readonly [labels: string, value: number])[]
      }
    | { readonly type: 'histogram'; readonly samples: readonly HistogramSample[] }
  )

const DEFAULT_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]
const MAX_COMBINATIONS = 1000

/** The registry of one base client. */
export class OwnMetrics implements MetricsRegistry {
  private readonly metrics = new Map<string, { readonly declared: string; readonly metric: Printable }>()
  /** The names on the page, of which a timing has several. */
  private readonly samples = new Set<string>()

  counter(name: string, declaration: MetricDeclaration = {}): Counter {
    if (!name.endsWith('_total')) throw new InvalidMetricError(name, 'a name that ends in _total')
    return this.metric(name, 'counter', declaration, () => new OwnCounter(name, declaration))
  }

  timing(name: string, declaration: TimingDeclaration = {}): Timing {
    if (!name.endsWith('_seconds')) throw new InvalidMetricError(name, 'a name that ends in _seconds')
    const bounds = [...(declaration.bounds ?? DEFAULT_BOUNDS)]
    if (bounds.length === 0 || bounds.some((bound, index) => !(bound > (bounds[index - 1] ?? 0))))
      throw new InvalidMetricError(name, 'bounds in seconds that rise from above 0')
    // The bucket without a bound is always there.
    if (bounds.includes(Infinity)) throw new InvalidMetricError(name, 'finite bounds')
    return this.metric(name, 'histogram', declaration, () => new OwnTiming(name, declaration, bounds))
  }

  gauge(name: string, declaration: MetricDeclaration = {}): Gauge {
    return this.metric(name, 'gauge', declaration, () => new OwnGauge(name, declaration))
  }

  all(): PrintedMetric[] {
    return [...this.metrics.values()].map(({ metric }) => metric.printed())
  }

  private metric<M extends Printable>(
    name: string,
    type: string,
    declaration: TimingDeclaration,
    make: () => M,
  ): M {
    const labels = [...(declaration.labels ?? [])].sort()
    const declared = JSON.stringify([type, labels, declaration.bounds ?? null])
    const known = this.metrics.get(name)
    if (known !== undefined) {
      if (known.declared !== declared)
        throw new InvalidMetricError(name, 'the type, labels and bounds that it was declared with before')
      return known.metric as M
    }
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)) throw new InvalidMetricError(name, 'letters, digits and _')
    if (/^(db_client|http_server)_/.test(name))
      throw new InvalidMetricError(name, "another prefix: db_client_ and http_server_ are the suite's")
    for (const label of labels)
      if (!/^[a-zA-Z][a-zA-Z0-9_]*$/.test(label) || label === 'le')
        throw new InvalidMetricError(name, 'labels of letters, digits and _, other than le')
    if (new Set(labels).size < labels.length) throw new InvalidMetricError(name, 'each label once')
    for (const sample of samplesOf(name, type))
      if (this.samples.has(sample))
        throw new InvalidMetricError(name, `another name: ${sample} is part of another metric`)
    for (const sample of samplesOf(name, type)) this.samples.add(sample)
    const metric = make()
    this.metrics.set(name, { declared, metric })
    return metric
  }
}

function samplesOf(name: string, type: string): string[] {
  return type === 'histogram' ? ['', '_bucket', '_sum', '_count'].map((end) => name + end) : [name]
}

interface Printable {
  printed(): PrintedMetric
}

/** One value for each combination of labels. */
class Combinations<T> {
  private readonly values = new Map<string, T>()
  private readonly names: readonly string[]

  constructor(
    private readonly name: string,
    { labels = [] }: MetricDeclaration,
    private readonly create: () => T,
  ) {
    this.names = [...labels].sort()
    if (labels.length === 0) this.values.set('', create())
  }

  of(labels: MetricLabels = {}): T {
    const given = Object.keys(labels)
    if (given.length !== this.names.length || !this.names.every((name) => typeof labels[name] === 'string'))
      throw new InvalidMetricError(this.name, `the labels ${this.names.join(', ') || '(none)'}, as text`)
    let key = this.names.map((name) => `${name}="${escaped(labels[name] as string)}"`).join(',')
    if (!this.values.has(key) && this.values.size >= MAX_COMBINATIONS)
      key = this.names.map((name) => `${name}="other"`).join(',')
    let value = this.values.get(key)
    if (value === undefined) this.values.set(key, (value = this.create()))
    return value
  }

  entries(): [string, T][] {
    return [...this.values]
  }
}

class OwnCounter implements Counter, Printable {
  private readonly values: Combinations<{ value: number }>

  constructor(
    private readonly name: string,
    private readonly declaration: MetricDeclaration,
  ) {
    this.values = new Combinations(name, declaration, () => ({ value: 0 }))
  }

  add(by = 1, labels?: MetricLabels): void {
    if (!(by >= 0 && by < Infinity))
      throw new InvalidMetricError(this.name, 'a finite number, at least 0, to add')
    this.values.of(labels).value += by
  }

  printed(): PrintedMetric {
    const samples = this.values.entries().map(([labels, { value }]) => [labels, value] as const)
    return { ...pageOf(this.name, this.declaration), type: 'counter', samples }
  }
}

class OwnGauge implements Gauge, Printable {
  private readonly values: Combinations<{ read: () => number }>

  constructor(
    private readonly name: string,
    private readonly declaration: MetricDeclaration,
  ) {
    this.values = new Combinations(name, declaration, () => ({ read: () => NaN }))
  }

  set(value: number, labels?: MetricLabels): void {
    if (typeof value !== 'number') throw new InvalidMetricError(this.name, 'a number')
    this.values.of(labels).read = () => value
  }

  observe(read: () => number, labels?: MetricLabels): void {
    if (typeof read !== 'function') throw new InvalidMetricError(this.name, 'a function that gives a number')
    this.values.of(labels).read = read
  }

  printed(): PrintedMetric {
    const samples = this.values.entries().map(([labels, { read }]) => [labels, numberOf(read)] as const)
    return {
      ...pageOf(this.name, this.declaration),
      type: 'gauge',
      samples: samples.filter(([, value]) => !Number.isNaN(value)),
    }
  }
}

/** One that cannot be read does not take the page with it. */
function numberOf(read: () => number): number {
  try {
    const value: unknown = read()
    return typeof value === 'number' ? value : NaN
  } catch {
    return NaN
  }
}

class OwnTiming implements Timing, Printable {
  private readonly values: Combinations<{ sum: number; readonly buckets: Float64Array }>

  constructor(
    private readonly name: string,
    private readonly declaration: MetricDeclaration,
    private readonly bounds: readonly number[],
  ) {
    this.values = new Combinations(name, declaration, () => ({
      sum: 0,
      buckets: new Float64Array(bounds.length + 1),
    }))
  }

  record(ms: number, labels?: MetricLabels): void {
    if (!(ms >= 0 && ms < Infinity))
      throw new InvalidMetricError(this.name, 'finite milliseconds, at least 0')
    const value = this.values.of(labels)
    const seconds = ms / 1000
    const at = this.bounds.findIndex((bound) => seconds <= bound)
    const index = at === -1 ? this.bounds.length : at
    value.sum += seconds
    value.buckets[index] = (value.buckets[index] as number) + 1
  }

  async time<T>(work: () => T | PromiseLike<T>, labels?: MetricLabels): Promise<Awaited<T>> {
    this.values.of(labels)
    const startedAt = performance.now()
    try {
      return await work()
    } finally {
      this.record(performance.now() - startedAt, labels)
    }
  }

  printed(): PrintedMetric {
    const { bounds } = this
    const samples = this.values
      .entries()
      .map(([labels, { sum, buckets }]) => ({ labels, bounds, buckets, sum }))
    return { ...pageOf(this.name, this.declaration), type: 'histogram', samples }
  }
}

function pageOf(name: string, { help = name }: MetricDeclaration): Page {
  return { name, help: help.replace(/\\/g, '\\\\').replace(/\s+/g, ' ') }
}

/** As the text format wants the value of a label. */
export function escaped(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')
}
