import { awaitingSiteOf, stackHere } from '@prisma-brisk/core'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { Variety } from './variety.ts'

/** Calls of one shape from one place in one request: what may be a loop. */
export class RepeatedCalls {
  count = 0
  totalMs = 0
  /** Calls that sent statements of their own. */
  sending = 0
  /** Calls that Prisma or batching answered together with others. */
  merged = 0
  /** Those of them that batching answered by what an earlier call of the loop had read. */
  kept = 0
  reported = false
  private site: string | null
  /** Whether it was looked for where a call is awaited. */
  private isSought = false
  readonly first: OperationTrace
  private readonly asked: Variety

  constructor(
    callSite: string | null,
    first: OperationTrace,
    /** Different values that make a loop; more need not be told apart. */
    enough: number,
  ) {
    this.asked = new Variety(enough)
    this.site = callSite
    this.first = first
  }

  /** Where the calls are made, or, where Prisma records no call sites, where one of them is awaited. */
  get callSite(): string | null {
    return this.site
  }

  /** One of the calls settles at this moment, so that whoever awaits it can be found. */
  seekSite(): void {
    if (this.site !== null || this.isSought) return
    this.isSought = true
    this.site = awaitingSiteOf(stackHere().stack)
  }

  add(trace: OperationTrace): void {
    this.count++
    this.asked.add(trace)
    if (trace.endedAt !== 0) this.settle(trace)
  }

  settle(trace: OperationTrace): void {
    this.totalMs += trace.ms
    if (trace.failed) {
      // A call that failed and is made again by its caller is a retry, not a loop.
      this.count--
      return
    }
    if (trace.call.notes.loop === 'kept') this.kept++
    if (trace.statements !== null) this.sending++
    else if (trace.call.notes.cache !== 'hit') this.merged++
  }

  /** Whether the calls ask for enough different things; those of a walk through one list ask for one. */
  get varies(): boolean {
    return this.asked.isEnough
  }

  /** Whether a call ever began before the one before it had ended. */
  get concurrent(): boolean {
    return this.asked.concurrent
  }
}
