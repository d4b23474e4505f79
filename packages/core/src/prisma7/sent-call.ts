import { AsyncLocalStorage } from 'node:async_hooks'
import type { Args } from '../pipeline/call.ts'
import type { Host } from '../pipeline/host.ts'
import type { PipelineEntry } from './pipeline-entry.ts'
import { isAlike, likenessOf } from './likeness.ts'
import type { InternalParams } from './redirect.ts'

/**
 * A call on its way through the extensions behind the suite, which has done its part.
 *
 * Most of them pass it on. But some send it again through the client that they extend, or through a transaction of it: it
 * would enter the suite a second time, with the suite's own bounds and marks in its arguments. It is known by the async
 * context in which it was sent, while it is under way, and by its arguments, of which nothing is gone; it goes on to Prisma.
 * Whatever else the hook sends is its own.
 */
export class SentCall {
  private hasEnded = false

  constructor(
    private readonly params: InternalParams,
    /** As they were sent. */
    private readonly args: Args,
    private readonly entry: PipelineEntry,
  ) {}

  /** The call that was sent in this async context. */
  static get current(): SentCall | undefined {
    return sent.getStore()
  }

  /** What is begun in this context and outlives the call is no longer the call. */
  async run<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await sent.run(this, send)
    } finally {
      this.hasEnded = true
    }
  }

  /**
   * Whether a request of a client of this base is this call again: another base, such as a read replica's, has a suite of its
   * own. One with arguments of the suite's own was written by somebody else.
   */
  isMetBy(params: InternalParams, host: Host): boolean {
    if (host !== this.entry.host || this.hasEnded || !isAlike(this.params, params)) return false
    const args = (params.args ?? {}) as Args
    return !this.entry.own.some((name) => name in args) && likenessOf(this.args ?? {}, args) !== 'no'
  }
}

const sent = new AsyncLocalStorage<SentCall>()
