import { canonicalize, isPlain, operationTraits } from '@prisma-brisk/core'
import type { Series } from '../metrics/series.ts'
import { siteOf } from '../trace/call-site.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { RepeatedCalls } from './repeated-calls.ts'

/** Call sites are read of so many calls of one shape; later ones are taken to come from the same place. */
const SITES_READ = 3
/** Calls of one shape that are remembered before they are known to vary. */
const MAX_WAITING = 10

/**
 * Finds loops of calls: one shape of arguments, from one place, at least `threshold` times with different values.
 *
 * Up to the threshold a call costs one counter. Only then the calls so far are told apart by shape, and by place, which
 * costs most, once enough of one shape differ.
 */
export class LoopDetector {
  private readonly counters = new Map<Series, Counter>()
  /** The loops of calls that have not settled. */
  private readonly underWay = new Map<OperationTrace, RepeatedCalls>()

  constructor(private readonly threshold: number) {}

  /** Notes that a call begins; gives the loop it belongs to once there is one. */
  started(trace: OperationTrace): RepeatedCalls | null {
    const { series, call } = trace
    // Members of an array transaction are already sent together.
    if (call.transaction.kind === 'array') return null
    let counter = this.counters.get(series)
    if (counter === undefined) this.counters.set(series, (counter = new Counter(this.underWay)))
    return counter.started(trace, this.threshold)
  }

  /** Notes that a call has ended; gives the loop it belongs to. */
  settled(trace: OperationTrace): RepeatedCalls | null {
    const loop = this.underWay.get(trace)
    if (loop === undefined) return null
    this.underWay.delete(trace)
    loop.settle(trace)
    loop.seekSite()
    return loop
  }

  /** Whether every call of a loop has ended. */
  get idle(): boolean {
    return this.underWay.size === 0
  }

  /** The loops of this request: enough calls, and for reads enough different values. */
  *loops(): Generator<RepeatedCalls> {
    for (const counter of this.counters.values()) {
      for (const group of counter.groups()) if (isLoop(group, this.threshold)) yield group
    }
  }
}

/** Repeating the very same read is polling or a retry, not a loop over rows. */
export function isLoop(group: RepeatedCalls, threshold: number): boolean {
  const { first, count, variety } = group
  return count >= threshold && (isWriteLoop(group) || variety >= threshold) && first.call.model !== null
}

export function isWriteLoop({ first }: RepeatedCalls): boolean {
  return operationTraits(first.call.operation).isWrite
}

/** The calls of one shape. */
class Shape {
  readonly sites = new Map<string | null, RepeatedCalls>()
  /** Calls whose site was read. */
  read = 0
  last: RepeatedCalls | null = null
  /** The calls so far, until they are known to vary. */
  waiting: OperationTrace[] | null = []
  private readonly values = new Set<string>()

  /** Whether the calls may be a loop, now that there is this one. */
  varies(trace: OperationTrace, threshold: number): boolean {
    if (operationTraits(trace.call.operation).isWrite) return (this.waiting?.length ?? 0) >= threshold
    this.values.add(canonicalize(trace.call.args))
    return this.values.size >= threshold
  }
}

/** The calls of one model and operation in one request. */
class Counter {
  private early: OperationTrace[] | null = []
  private readonly byShape = new Map<string, Shape>()

  constructor(private readonly underWay: Map<OperationTrace, RepeatedCalls>) {}

  started(trace: OperationTrace, threshold: number): RepeatedCalls | null {
    const { early } = this
    if (early === null) return this.assign(trace, threshold)
    early.push(trace)
    if (early.length < threshold) return null
    this.early = null
    for (const each of early) this.assign(each, threshold)
    return this.underWay.get(trace) ?? null
  }

  *groups(): Generator<RepeatedCalls> {
    for (const { sites } of this.byShape.values()) yield* sites.values()
  }

  private assign(trace: OperationTrace, threshold: number): RepeatedCalls | null {
    const { model, operation, args } = trace.call
    // Beyond the limit of series many models are counted as one.
    const key = `${model}.${operation} ${shapeOf(args)}`
    let shape = this.byShape.get(key)
    if (shape === undefined) this.byShape.set(key, (shape = new Shape()))
    const { waiting } = shape
    if (waiting === null) return this.place(shape, trace, threshold)
    if (waiting.length < MAX_WAITING * threshold) waiting.push(trace)
    if (!shape.varies(trace, threshold)) return null
    shape.waiting = null
    for (const each of waiting) this.place(shape, each, threshold)
    return this.underWay.get(trace) ?? null
  }

  private place(shape: Shape, trace: OperationTrace, threshold: number): RepeatedCalls {
    // Once all of the first many came from one place, the rest is taken to do so too.
    if (shape.last === null || shape.sites.size > 1 || shape.read < SITES_READ * threshold) {
      shape.read++
      const site = siteOf(trace)
      let group = shape.sites.get(site)
      if (group === undefined) shape.sites.set(site, (group = new RepeatedCalls(site, trace, threshold)))
      shape.last = group
    }
    shape.last.add(trace)
    if (trace.endedAt === 0) this.underWay.set(trace, shape.last)
    return shape.last
  }
}

/**
 * The shape of a call's arguments: names and kinds, without values. Calls of one shape send statements of one
 * fingerprint; lists of any length are one shape.
 */
function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${shapeOf(value[0])}]`
  if (typeof value !== 'object' || value === null) return kindOf(value)
  if (!isPlain(value)) return 'o'
  let shape = '{'
  for (const [name, each] of Object.entries(value))
    if (each !== undefined) shape += `${name}:${shapeOf(each)},`
  return `${shape}}`
}

function kindOf(value: unknown): string {
  if (value === null) return '0'
  // `orderBy: { id: 'asc' }`, `mode: 'insensitive'`: strings differ as values do, their statements do not matter here.
  return typeof value === 'boolean' ? String(value) : (typeof value).charAt(0)
}
