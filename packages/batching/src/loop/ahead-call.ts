import type { Call } from '@prisma-brisk/core'
import { BatchedCall, type Presence } from '../batch-key/batched-call.ts'

/**
 * A call that nobody has made yet: the next rows of a loop will. It shares a statement or has no answer; it is never sent by
 * itself, and its failure is nobody's.
 */
export class AheadCall extends BatchedCall {
  override readonly isAhead = true

  constructor(
    call: Call,
    presence: Presence,
    private readonly keep: (answer: unknown) => void,
  ) {
    super(call, () => Promise.reject(NOT_SENT), presence)
  }

  override resolve(answer: unknown): void {
    if (this.isSettled) return
    super.resolve(answer)
    this.keep(answer)
  }
}

const NOT_SENT = new Error('prisma-brisk: nobody asked for it yet')
