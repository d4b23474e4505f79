import { operationTraits } from '@prisma-brisk/core'
import type { Series } from '../metrics/series.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { isBulk } from '../trace/call-shape.ts'
import { RepeatedCalls } from './repeated-calls.ts'
import { Variety } from './variety.ts'

/** Call sites are read of so many calls of one shape; later ones are taken to come from the same place. */
const SITES_READ = 3
/** Calls of one shape that are remembered before they are known to vary, in thresholds. */
const MAX_WAITING = 10
/** Such calls of all shapes of a request together. */
const MAX_WAITING_IN_ALL = 2000
/**
 * Different values that make a loop over rows, where one request makes the calls: thirty tickets may have five authors. Polling
 * and retries have one or two.
 */
const FEW_VALUES = 3
/** Shapes of one operation that are told apart in a request. */
const MAX_SHAPES = 100

/**
 * Finds loops of calls: one shape of arguments, from one place, at least `threshold` times, and with several values.
 *
 * Up to the threshold a call costs one counter. Only then the calls so far are told apart by shape, and by place, which
 * costs most, once enough of one shape differ.
 */
export class LoopDetector {
  private readonly counters = new Map<Series, Counter>()
  private readonly memory = new Memory()

  /** @param values different ones that reads must have to be a loop */
  constructor(
    private readonly threshold: number,
    private readonly values = Math.min(threshold, FEW_VALUES),
  ) {}

  /** Notes that a call begins; gives the loop it belongs to once there is one. */
  started(trace: OperationTrace): RepeatedCalls | null {
    const { series, call } = trace
    // Members of an array transaction are already sent together; raw SQL has no shape.
    if (call.transaction.kind === 'array' || call.model === null) return null
    let counter = this.counters.get(series)
    if (counter === undefined) this.counters.set(series, (counter = new Counter(this.memory, this.values)))
    return counter.started(trace, this.threshold)
  }

  /** Notes that a call has ended; gives the loop it belongs to. */
  settled(trace: OperationTrace): RepeatedCalls | null {
    const loop = this.memory.underWay.get(trace)
    if (loop === undefined) return null
    this.memory.underWay.delete(trace)
    loop.settle(trace)
    loop.seekSite()
    return loop
  }

  /** Whether every call of a loop has ended. */
  get idle(): boolean {
    return this.memory.underWay.size === 0
  }

  /** The loops of this request: enough calls, and for reads enough different values. */
  *loops(): Generator<RepeatedCalls> {
    for (const counter of this.counters.values()) {
      for (const group of counter.groups()) if (isLoop(group, this.threshold)) yield group
    }
  }
}

/**
 * Repeating the very same read is polling or a retry, not a loop over rows; what was merged is no loop any more, but one that
 * batching has mended still is one in the code.
 */
export function isLoop(group: RepeatedCalls, threshold: number): boolean {
  const { count, varies, merged, sending, kept } = group
  if (merged > sending && kept === 0) return false
  return count >= threshold && (isWriteLoop(group) || varies)
}

export function isWriteLoop({ first }: RepeatedCalls): boolean {
  return operationTraits(first.call.operation).isWrite
}

/** What the counters of one request remember together. */
class Memory {
  /** The loops of calls that have not settled. */
  readonly underWay = new Map<OperationTrace, RepeatedCalls>()
  /** Calls that are remembered before they are known to vary. */
  waiting = 0
}

/** The calls of one shape. */
class Shape {
  readonly sites = new Map<string | null, RepeatedCalls>()
  /** Calls whose site was read. */
  read = 0
  last: RepeatedCalls | null = null
  /** The calls so far, until they are known to vary. */
  waiting: OperationTrace[] | null = []
  private calls = 0
  private readonly variety: Variety

  constructor(
    private readonly threshold: number,
    values: number,
  ) {
    this.variety = new Variety(values)
  }

  /** Whether the calls may be a loop, now that there is this one. */
  varies(trace: OperationTrace): boolean {
    this.calls++
    if (operationTraits(trace.call.operation).isWrite) return this.calls >= this.threshold
    this.variety.add(trace)
    return this.calls >= this.threshold && this.variety.isEnough
  }
}

/** The calls of one model and operation in one request. */
class Counter {
  private early: OperationTrace[] | null = []
  private readonly byShape = new Map<string, Shape>()

  constructor(
    private readonly memory: Memory,
    private readonly values: number,
  ) {}

  started(trace: OperationTrace, threshold: number): RepeatedCalls | null {
    const { early } = this
    if (early === null) return this.assign(trace, threshold)
    early.push(trace)
    if (early.length < threshold) return null
    this.early = null
    for (const each of early) this.assign(each, threshold)
    return this.memory.underWay.get(trace) ?? null
  }

  *groups(): Generator<RepeatedCalls> {
    for (const { sites } of this.byShape.values()) yield* sites.values()
  }

  private assign(trace: OperationTrace, threshold: number): RepeatedCalls | null {
    const { memory } = this
    const { call } = trace
    if (isBulk(call)) return null
    const { series } = trace
    // Beyond the limit of series many models are counted as one.
    const key = series.model === call.model ? trace.shape : `${call.model}.${call.operation} ${trace.shape}`
    let shape = this.byShape.get(key)
    if (shape === undefined) {
      if (this.byShape.size >= MAX_SHAPES) return null
      this.byShape.set(key, (shape = new Shape(threshold, this.values)))
    }
    const { waiting } = shape
    if (waiting === null) return this.place(shape, trace, threshold)
    if (waiting.length < MAX_WAITING * threshold && memory.waiting < MAX_WAITING_IN_ALL) {
      memory.waiting++
      waiting.push(trace)
    }
    if (!shape.varies(trace)) return null
    shape.waiting = null
    memory.waiting -= waiting.length
    let loop: RepeatedCalls | null = null
    for (const each of waiting.at(-1) === trace ? waiting : [...waiting, trace])
      loop = this.place(shape, each, threshold)
    return loop
  }

  private place(shape: Shape, trace: OperationTrace, threshold: number): RepeatedCalls {
    // Once all of the first many came from one place, the rest is taken to do so too.
    if (shape.last === null || shape.sites.size > 1 || shape.read < SITES_READ * threshold) {
      shape.read++
      // 15–25 µs, so only of calls that repeat.
      const site = trace.call.callSite()
      let group = shape.sites.get(site)
      if (group === undefined) shape.sites.set(site, (group = new RepeatedCalls(site, trace, this.values)))
      shape.last = group
    }
    shape.last.add(trace)
    if (trace.endedAt === 0) this.memory.underWay.set(trace, shape.last)
    return shape.last
  }
}
