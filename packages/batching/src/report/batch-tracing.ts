import type { Call } from '@prisma-brisk/core'
import type { BatchOutcome } from './batch-event.ts'
import type { CallGroup } from '../batch-key/call-group.ts'
import type { BatchedCall } from '../batch-key/batched-call.ts'

/** Links that one span carries: what OpenTelemetry's SDK keeps of them by default. */
const LINKS = 128

/**
 * Spans of batches, where the application has registered an OpenTelemetry tracer: the statements that callers share run
 * in a span of their own, which links to the spans of those who asked, and theirs link to it.
 *
 * OpenTelemetry's API registers itself under a global symbol. It is read from there and never imported: without a tracer the
 * cost is one property lookup per batch.
 */
export class BatchTracing {
  /** Whether a tracer was registered when the last batch was sent; callers' spans are remembered only then. */
  isOn = registered() !== null
  private readonly contexts = new WeakMap<Call, Context>()

  /** Remembers the span in which the call was made. */
  note(call: Call): void {
    const context = registered()?.context?.active()
    if (context !== undefined) this.contexts.set(call, context)
  }

  /** Runs a batch, in a span if several calls share it. */
  async run({ members, first }: CallGroup, batch: TracedBatch): Promise<void> {
    const api = registered()
    this.isOn = api !== null
    if (api === null || members.length < 2) return batch.run()
    const callers = this.callersOf(members)
    let span: Span
    try {
      span = startSpan(api, first.call, members.length, callers)
      for (const caller of callers.keys()) linkTo(caller, span)
    } catch {
      // A tracer that fails must not cost anyone an answer.
      return batch.run()
    }
    const [context = api.context?.active()] = callers.values()
    await (api.context === undefined || context === undefined
      ? batch.run()
      : api.context.with(context.setValue(SPAN, span), () => batch.run()))
    try {
      end(span, batch.outcome)
    } catch {
      // As above.
    }
  }

  private callersOf(members: readonly BatchedCall[]): ReadonlyMap<Span, Context> {
    const callers = new Map<Span, Context>()
    for (const { call } of members) {
      const context = this.contexts.get(call)
      const span = context?.getValue(SPAN) as Span | undefined
      if (context !== undefined && span !== undefined && !callers.has(span)) callers.set(span, context)
    }
    return callers
  }
}

interface TracedBatch {
  readonly outcome: BatchOutcome
  run(): Promise<void>
}

/** Its parent is the span of the first caller: a sampler that keeps that trace keeps this span. */
function startSpan(
  api: Api,
  { model, operation, host }: Call,
  calls: number,
  callers: ReadonlyMap<Span, Context>,
): Span {
  const attributes = {
    'db.system.name': host.provider === 'sqlserver' ? 'microsoft.sql_server' : host.provider,
    'db.collection.name': model,
    'db.operation.name': operation,
    'db.operation.batch.size': calls,
  }
  const links = [...callers.keys()].slice(0, LINKS).map((span) => ({ context: span.spanContext() }))
  const [parent] = callers.values()
  return api.trace
    .getTracer('@prisma-brisk/batching')
    .startSpan('prisma-brisk batch', { attributes, links }, ...(parent === undefined ? [] : [parent]))
}

/** The caller's span has begun: links can be added to it since version 1.9 of the API, events always. */
function linkTo(caller: Span, batch: Span): void {
  const context = batch.spanContext()
  if (typeof caller.addLink === 'function') caller.addLink({ context })
  else
    caller.addEvent('prisma-brisk batch', {
      'batch.trace_id': context.traceId,
      'batch.span_id': context.spanId,
    })
}

/** The message of an error may quote values. */
function end(span: Span, { statements, fallbacks, error }: BatchOutcome): void {
  span.setAttribute('prisma_brisk.batch.statements', statements)
  span.setAttribute('prisma_brisk.batch.fallbacks', fallbacks)
  if (error !== undefined) {
    const { code, name } = error as { code?: unknown; name?: unknown }
    const type = typeof code === 'string' ? code : String(name)
    span.setAttribute('error.type', type)
    span.setStatus({ code: ERROR, message: type })
  }
  span.end()
}

function registered(): Api | null {
  const api = (globalThis as Record<symbol, unknown>)[API] as Partial<Api> | undefined
  return api?.trace === undefined ? null : (api as Api)
}

const API = Symbol.for('opentelemetry.js.api.1')
/** The key under which a context holds its span. */
const SPAN = Symbol.for('OpenTelemetry Context Key SPAN')
/** `SpanStatusCode.ERROR` */
const ERROR = 2

/** The part of OpenTelemetry's API, version 1, that is used here. */
interface Api {
  readonly trace: { getTracer(name: string): Tracer }
  /** Absent where no context manager is registered; callers' spans are then unknown. */
  readonly context?: {
    active(): Context
    with<T>(context: Context, run: () => T): T
  }
}

interface Tracer {
  startSpan(name: string, options: { attributes: object; links: readonly object[] }, parent?: Context): Span
}

interface Context {
  getValue(key: symbol): unknown
  setValue(key: symbol, value: unknown): Context
}

interface Span {
  spanContext(): { readonly traceId: string; readonly spanId: string }
  setAttribute(name: string, value: string | number): unknown
  setStatus(status: { code: number; message: string }): unknown
  addEvent(name: string, attributes: object): unknown
  addLink?(link: object): unknown
  end(): void
}
