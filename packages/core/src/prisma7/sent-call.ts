import { AsyncLocalStorage } from 'node:async_hooks'
import { isDeepStrictEqual } from 'node:util'
import type { PipelineEntry } from './pipeline-entry.ts'
import { isAlike, type InternalParams } from './redirect.ts'

/**
 * A call on its way through the extensions behind the suite, which has done its part.
 *
 * Most of them pass it on. But some send it again through the client that they extend, or through a transaction of it: it
 * would enter the suite a second time, with the suite's own bounds and marks in its arguments. It is known by the async
 * context in which it was sent, and goes on to Prisma. The first of its kind is taken for it, and whatever tries that one
 * again; another is the hook's own.
 */
export class SentCall {
  private passed: { readonly args: unknown } | null = null

  constructor(
    private readonly params: InternalParams,
    private readonly entry: PipelineEntry,
  ) {}

  /** The call that was sent in this async context. */
  static get current(): SentCall | undefined {
    return sent.getStore()
  }

  run<T>(send: () => T): T {
    return sent.run(this, send)
  }

  /** Whether a request is this call again. One with arguments of the suite's own was written by somebody else. */
  isMetBy(params: InternalParams): boolean {
    if (!isAlike(this.params, params)) return false
    const args: object = params.args ?? {}
    if (this.entry.own.some((name) => name in args)) return false
    // Prisma gives each hook a copy.
    this.passed ??= { args }
    return isDeepStrictEqual(this.passed.args, args)
  }
}

const sent = new AsyncLocalStorage<SentCall>()
