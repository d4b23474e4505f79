import type { DispatchOrder } from './loader.ts'
import { nextTurn } from './schedule.ts'

/**
 * The calls of one interactive transaction, one statement after another: Prisma runs calls of a tick in one go, and when
 * one fails, answers those behind it with nothing at all. Reads that are being collected are sent before anything that
 * is not collected, so that a read sees what was written before it was called and nothing that was written after.
 */
export class SerialDispatch implements DispatchOrder {
  private last: Promise<unknown> | null = null

  /** @param flush sends the reads that are being collected */
  constructor(private readonly flush: () => void) {}

  /** Sends once everything before it has settled. */
  run<T>(send: () => Promise<T>): Promise<T> {
    const sent = this.last === null ? send() : this.last.then(send)
    const settled: Promise<void> = sent.then(
      () => this.leave(settled),
      () => this.leave(settled),
    )
    this.last = settled
    return sent
  }

  /** The same for a call that is not collected. */
  afterCollected<T>(send: () => Promise<T>): Promise<T> {
    this.flush()
    return this.run(send)
  }

  /**
   * Sends a call that stands before hooks of other extensions, in its place but without keeping the others waiting until it
   * has settled: such a hook may call the client within the transaction, and would wait for itself. What comes after it waits
   * for a turn of the event loop, in which a hook that passes its call on has done so.
   */
  pass<T>(send: () => Promise<T>): Promise<T> {
    this.flush()
    if (this.last === null) return send()
    const sent = this.last.then(send)
    const settled: Promise<void> = this.last.then(nextTurn).then(() => this.leave(settled))
    this.last = settled
    return sent
  }

  private leave(settled: Promise<void>): void {
    if (this.last === settled) this.last = null
  }
}
