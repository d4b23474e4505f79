import { AsyncLocalStorage } from 'node:async_hooks'
import { isDeepStrictEqual } from 'node:util'
import type { Args } from '../pipeline/call.ts'
import { withOwnArguments, type OwnArgument } from './own-arguments.ts'
import type { PipelineEntry } from './pipeline-entry.ts'
import { isAlike, likenessOf } from './likeness.ts'
import type { HookInput, InternalParams } from './redirect.ts'

/** A pipeline of the suite that a client carries, and the hook by which it is known. */
export interface Mounted {
  readonly entry: PipelineEntry
  readonly hook: QueryHook
  /** The keys of those whom it tells of writes (`ForeignWrites`). */
  readonly follows: readonly object[]
}

/** A hook of Prisma's, called as a member of the client's list of hooks. */
export type QueryHook = (this: unknown, input: HookInput) => Promise<unknown>

/**
 * A call of an extended client while it passes the extensions that stand before the suite.
 *
 * Most pass it on, and it arrives at the suite's hook. But some send it, or another in its place, through the client that
 * they extend or through a transaction of it (row-level security, soft delete): such a call reaches the database past the
 * hook. It is known by the async context of the waiting call, and enters the pipeline where it is found.
 */
export class WaitingCall {
  private arrivals = 0
  private failures = 0
  private hasEnded = false

  constructor(
    private readonly params: InternalParams,
    /** Those of its arguments that other extensions see. */
    private readonly args: Args,
    /** The pipelines that it is on its way to, outermost first. */
    readonly mounted: readonly Mounted[],
    /** What the caller gave of the suite's own arguments; no other extension sees them. */
    readonly own: readonly OwnArgument[],
  ) {}

  /** The call that waits in this async context. */
  static get current(): WaitingCall | undefined {
    return waiting.getStore()
  }

  /** What is begun in this context and outlives the call is no longer the call. */
  async run<T>(send: () => Promise<T>): Promise<T> {
    try {
      return await waiting.run(this, send)
    } finally {
      this.hasEnded = true
    }
  }

  /**
   * Whether a call of another client is this one by another door: of the same model, with an answer of the same kind, and
   * nothing of what was asked for gone. Where nothing was, one that asks for nothing either, or else the first, and one that
   * tries it again.
   */
  isMetBy(params: InternalParams): boolean {
    if (this.hasEnded || !isAlike(this.params, params)) return false
    const args = (params.args ?? {}) as Args
    const likeness = likenessOf(this.args, args)
    if (likeness !== 'perhaps') return likeness === 'yes'
    return this.arrivals <= this.failures || isDeepStrictEqual(this.args, args)
  }

  /** The request of another client that carries the suite too, with this call's own arguments. */
  taken(params: InternalParams): InternalParams {
    this.arrives()
    const args = (params.args ?? {}) as Args
    return { ...params, args: withOwnArguments(args, this.own, params.dataPath ?? []) }
  }

  /** The call is in the pipeline; an extension that tries again may bring it there again. */
  arrives(): void {
    this.arrivals++
  }

  fails(): void {
    this.failures++
  }

  get hasArrived(): boolean {
    return this.arrivals > 0
  }
}

const waiting = new AsyncLocalStorage<WaitingCall>()
