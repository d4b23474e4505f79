import { argumentView } from './argument-view.ts'
import type { Series } from '../metrics/series.ts'
import { MAX_DEFINITIONS, type LiveBrief } from '../record/live-brief.ts'
import type { LiveCall, LiveStatement } from '../record/live-records.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'

/** Writes calls so that the hub is told once what many of them share. */
export class LiveEncoder {
  /** Lines that define, in the order of their numbers. */
  private readonly definitions: string[] = []
  private readonly shapes = new Map<Series, Map<string, Map<string | null, number>>>()
  /** Definitions that the hub has. */
  known = 0

  constructor(private readonly showsValues: boolean) {}

  /** Those that it does not have. */
  news(): string[] {
    return this.definitions.slice(this.known)
  }

  /** A delivery arrived with all definitions up to this number. */
  told(count: number): void {
    this.known = count
  }

  get count(): number {
    return this.definitions.length
  }

  /** The number of a text; -1 where there are too many. */
  text(sql: string, fingerprint: string): number {
    return this.define((number) => ({ type: 'text', number, sql, fingerprint }))
  }

  /** The number of the calls of one shape and place; -1 where there are too many. */
  shape(trace: OperationTrace, callSite: string | null, isSiteAssumed: boolean): number {
    const { series, call, shape } = trace
    const key = isSiteAssumed ? `~${callSite}` : callSite
    let number = this.shapes.get(series)?.get(shape)?.get(key)
    if (number === undefined) {
      number = this.define((number) => ({
        type: 'shape',
        number,
        model: call.model,
        operation: call.operation,
        callSite,
        ...(isSiteAssumed ? { isSiteAssumed } : {}),
        // The arguments of raw SQL are its text and values; the statement says what may be said of it.
        ...(call.model === null || this.showsValues ? {} : { args: argumentView(call.args, false) }),
      }))
      if (number >= 0) this.remember(series, shape, key, number)
    }
    return number
  }

  private remember(series: Series, shape: string, key: string | null, number: number): void {
    let ofSeries = this.shapes.get(series)
    if (ofSeries === undefined) this.shapes.set(series, (ofSeries = new Map()))
    let ofShape = ofSeries.get(shape)
    if (ofShape === undefined) ofSeries.set(shape, (ofShape = new Map()))
    ofShape.set(key, number)
  }

  private define(make: (number: number) => LiveBrief): number {
    const { length } = this.definitions
    if (length >= MAX_DEFINITIONS) return -1
    this.definitions.push(JSON.stringify(make(length)))
    return length
  }
}

/** The line of a call; see `LiveBriefCall`. */
export function callLine(
  request: string,
  call: number,
  shape: number,
  at: number,
  trace: OperationTrace,
  statements: string,
  more: Partial<LiveCall> | null,
): string {
  const times = `${micros(at)},${micros(trace.ms)},${micros(trace.waitMs)},${micros(trace.transactionMs)}`
  const x = more === null ? '' : `,"x":${JSON.stringify(more)}`
  return `{"type":"brief","request":"${request}","call":${call},"s":${shape},"t":[${times}],"r":[${trace.rowsRead},${trace.rowsReturned}],"q":[${statements}]${x}}`
}

/** One of its statements. */
export function statementEntry(
  text: number,
  { ms, waitMs, rows }: { readonly ms: number; readonly waitMs: number; readonly rows: number },
  at: number,
  more: Partial<LiveStatement> | null,
): string {
  const x = more === null ? '' : `,${JSON.stringify(more)}`
  return `[${text},${micros(ms)},${micros(at)},${micros(waitMs)},${rows}${x}]`
}

function micros(ms: number): number {
  return Math.round(ms * 1000)
}
