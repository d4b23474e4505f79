import type { Gate } from './loader.ts'

/**
 * The order of calls in one interactive transaction. Batched reads may pass each other, but neither a write nor
 * anything else that is not batched: what was called before it is answered before it is sent, and what is called after
 * it waits until it has settled.
 */
export class TransactionLane implements Gate {
  private readonly reading = new Set<Promise<unknown>>()
  private barrier: Promise<unknown> | null = null

  /** @param flush sends the reads that are still being collected */
  constructor(private readonly flush: () => void) {}

  /** Sends batched reads once the last call that is not one has settled. */
  async enter<T>(send: () => Promise<T>): Promise<T> {
    const { barrier } = this
    const reads = barrier === null ? send() : barrier.then(send)
    this.reading.add(reads)
    try {
      return await reads
    } finally {
      this.reading.delete(reads)
    }
  }

  /** Sends a call that is not batched, after everything that was called before it. */
  async order<T>(send: () => Promise<T>): Promise<T> {
    this.flush()
    const before = [...this.reading, ...(this.barrier === null ? [] : [this.barrier])]
    const sent = before.length === 0 ? send() : Promise.allSettled(before).then(send)
    const barrier: Promise<unknown> = sent.then(
      () => this.lift(barrier),
      () => this.lift(barrier),
    )
    this.barrier = barrier
    return sent
  }

  private lift(barrier: Promise<unknown>): void {
    if (this.barrier === barrier) this.barrier = null
  }
}
