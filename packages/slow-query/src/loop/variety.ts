import { canonicalize, identity, type Args } from '@prisma-brisk/core'
import type { OperationTrace } from '../trace/operation-trace.ts'
import { withoutPage, withoutPosition } from '../trace/call-shape.ts'

/**
 * How many different things calls of one shape ask for, counted up to what is enough. Calls that follow each other through
 * one list ask for one thing; of calls that run together none can know where the one before it ended.
 */
export class Variety {
  /** Whether a call ever began before the one before it had ended. */
  concurrent = false
  private last: OperationTrace | null = null
  private readonly lists = new Set<string>()
  private readonly positions = new Set<string>()

  constructor(private readonly enough: number) {}

  add(trace: OperationTrace): void {
    const { last } = this
    if (last !== null && (last.endedAt === 0 || last.endedAt > trace.startedAt)) this.concurrent = true
    this.last = trace
    if (this.lists.size >= this.enough) return
    const args = withoutPage(trace.call.args)
    const whole = keyOf(args)
    this.positions.add(whole)
    this.lists.add(args['take'] === undefined ? whole : keyOf(withoutPosition(args)))
  }

  get isEnough(): boolean {
    return (this.concurrent ? this.positions.size : this.lists.size) >= this.enough
  }
}

/** Arguments that are told apart by themselves; of longer ones a fingerprint is kept, which takes a microsecond. */
const SHORT = 500

function keyOf(args: Args): string {
  const text = canonicalize(args)
  return text.length <= SHORT ? text : identity(text)
}
