import {
  metrics,
  SpanKind,
  SpanStatusCode,
  trace,
  context,
  type Attributes,
  type BatchObservableCallback,
  type Histogram,
  type Meter,
  type MeterProvider,
  type Span,
  type Tracer,
  type TracerProvider,
} from '@opentelemetry/api'
import { type Call, DriverTap, type Host, ListWatch, type Next } from '@prisma-brisk/core'
import { errorRecordOf } from './record/error-record.ts'
import { HISTOGRAM_BOUNDS } from './metrics/series.ts'
import type { FinishedOperation, QueryTelemetry } from './telemetry.ts'

export interface OpenTelemetryOptions {
  /** A span for each operation, named `findMany User`. Default true. */
  readonly spans?: boolean | undefined
  /** Histograms and gauges. Default true. */
  readonly metrics?: boolean | undefined
  /** Default: the global one. */
  readonly meterProvider?: MeterProvider | undefined
  /** Default: the global one. */
  readonly tracerProvider?: TracerProvider | undefined
}

/**
 * Operations as OpenTelemetry's semantic conventions for database clients want them: durations in seconds, a span
 * whose status is ERROR where the operation failed, connections of the pool. Nothing carries SQL, values or messages.
 * Costs 1–3 µs an operation for metrics, what the SDK takes for spans.
 *
 * @example
 * slowQuery({ telemetry: openTelemetry() })
 */
export function openTelemetry(options: OpenTelemetryOptions = {}): QueryTelemetry {
  const name = '@prisma-brisk/slow-query'
  const tracer =
    options.spans === false ? null : (options.tracerProvider ?? trace.getTracerProvider()).getTracer(name)
  const meter =
    options.metrics === false ? null : (options.meterProvider ?? metrics.getMeterProvider()).getMeter(name)
  return new OpenTelemetry(tracer, meter)
}

const ROW_BOUNDS = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000]

class OpenTelemetry implements QueryTelemetry {
  private readonly durations: Histogram | undefined
  private readonly rows: Histogram | undefined
  private readonly waits: Histogram | undefined
  /** Clients whose pools are observed: from their first use to their $disconnect. */
  private readonly observed = new WeakSet<Host>()

  constructor(
    private readonly tracer: Tracer | null,
    private readonly meter: Meter | null,
  ) {
    this.durations = meter?.createHistogram('db.client.operation.duration', {
      description: 'Duration of database client operations.',
      unit: 's',
      advice: { explicitBucketBoundaries: [...HISTOGRAM_BOUNDS] },
    })
    this.rows = meter?.createHistogram('db.client.response.returned_rows', {
      description: 'The actual number of records returned by the database operation.',
      unit: '{row}',
      advice: { explicitBucketBoundaries: ROW_BOUNDS },
    })
    this.waits = meter?.createHistogram('db.client.connection.wait_time', {
      description: 'The time it took to obtain an open connection from the pool.',
      unit: 's',
      advice: { explicitBucketBoundaries: [...HISTOGRAM_BOUNDS] },
    })
  }

  attach(host: Host): void {
    const { meter, observed } = this
    if (meter === null || observed.has(host)) return
    observed.add(host)
    const pool = poolOf(host)
    const gauges = [
      meter.createObservableUpDownCounter('db.client.connection.count', { unit: '{connection}' }),
      meter.createObservableUpDownCounter('db.client.connection.pending_requests', { unit: '{request}' }),
      meter.createObservableUpDownCounter('db.client.connection.max', { unit: '{connection}' }),
    ] as const
    const [count, pending, max] = gauges
    const lists = [
      meter.createObservableCounter('db.client.long_lists', {
        description: 'Lists that passed their limit and were answered whole.',
        unit: '{list}',
      }),
      meter.createObservableCounter('db.client.cut_lists', {
        description: 'Lists that were cut to their default limit.',
        unit: '{list}',
      }),
    ] as const
    const watch = ListWatch.of(host)
    const observe: BatchObservableCallback = (observer) => {
      for (const [{ model, operation }, { over, cut }] of watch.all()) {
        const attributes = attributesOf({ host, model, operation })
        observer.observe(lists[0], over, attributes)
        observer.observe(lists[1], cut, attributes)
      }
      const gauge = DriverTap.of(host)?.pool?.gauge()
      if (gauge === undefined) return
      const state = 'db.client.connection.state'
      observer.observe(count, gauge.idle, { ...pool, [state]: 'idle' })
      observer.observe(count, gauge.total - gauge.idle, { ...pool, [state]: 'used' })
      observer.observe(pending, gauge.waiting, pool)
      if (gauge.max !== null) observer.observe(max, gauge.max, pool)
    }
    meter.addBatchObservableCallback(observe, [...gauges, ...lists])
    // The meter outlives the client, and would keep it.
    const forget = host.onDisconnect(() => {
      forget()
      observed.delete(host)
      meter.removeBatchObservableCallback(observe, [...gauges, ...lists])
    })
  }

  async trace(call: Call, next: Next): Promise<unknown> {
    const { tracer } = this
    this.attach(call.host)
    if (tracer === null) {
      noteTrace(call, trace.getActiveSpan())
      return next(call)
    }
    const name = call.model === null ? call.operation : `${call.operation} ${call.model}`
    const span = tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes: attributesOf(call) })
    noteTrace(call, span)
    try {
      return await context.with(trace.setSpan(context.active(), span), () => next(call))
    } catch (error) {
      const type = errorTypeOf(error)
      span.setAttribute('error.type', type)
      // The message may quote values.
      span.setStatus({ code: SpanStatusCode.ERROR, message: type })
      throw error
    } finally {
      span.end()
    }
  }

  record({ call, ms, waitMs, rowsReturned }: FinishedOperation, error: unknown): void {
    if (this.durations === undefined) return
    const attributes = attributesOf(call)
    if (error === undefined) this.rows?.record(rowsReturned, attributes)
    else attributes['error.type'] = errorTypeOf(error)
    this.durations.record(ms / 1000, attributes)
    if (waitMs > 0) this.waits?.record(waitMs / 1000, poolOf(call.host))
  }
}

function attributesOf({ host, model, operation }: Pick<Call, 'host' | 'model' | 'operation'>): Attributes {
  const attributes: Attributes = {
    'db.system.name': systems[host.provider],
    'db.operation.name': operation,
  }
  const table = host.schema()?.models.get(model ?? '')?.table
  if (table !== undefined) attributes['db.collection.name'] = table
  return attributes
}

/** Required on every metric of a pool. */
function poolOf(host: Host): Attributes {
  return { 'db.client.connection.pool.name': `${systems[host.provider]}-${host.id}` }
}

const systems: Readonly<Record<Host['provider'], string>> = {
  postgresql: 'postgresql',
  cockroachdb: 'cockroachdb',
  mysql: 'mysql',
  sqlite: 'sqlite',
  sqlserver: 'microsoft.sql_server',
  mongodb: 'mongodb',
}

function errorTypeOf(error: unknown): string {
  const { driverCode, code, name } = errorRecordOf(error, null)
  return driverCode ?? code ?? name
}

function noteTrace(call: Call, span: Span | undefined): void {
  const id = span?.spanContext().traceId
  if (id !== undefined && !/^0+$/.test(id)) call.notes.traceId = id
}
