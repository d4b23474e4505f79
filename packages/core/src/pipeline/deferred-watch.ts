import type { Host } from './host.ts'

/** A task of `$deferred` that failed, or was dropped. */
export interface DeferredFailure {
  readonly error: unknown
  /** The operation that failed, else the one that the task is; null where neither is known. */
  readonly model: string | null
  readonly operation: string | null
  /** `file:line:column` where the task was deferred; null where that is not known. */
  callSite(): string | null
}

export interface DeferredCounts {
  readonly completed: number
  readonly failed: number
  /** Never run, because too many waited. */
  readonly dropped: number
}

const NOTHING: DeferredCounts = Object.freeze({ completed: 0, failed: 0, dropped: 0 })

/** What became of the deferred tasks of one base client: what resilience writes and slow-query tells. */
export class DeferredWatch {
  /** Counts since the client was made. */
  counts: () => DeferredCounts = () => NOTHING
  private readonly listeners = new Set<(failure: DeferredFailure) => void>()

  static of(host: Host): DeferredWatch {
    return host.state(watchKey, () => new DeferredWatch())
  }

  listen(listener: (failure: DeferredFailure) => void): void {
    this.listeners.add(listener)
  }

  /** Whether anybody was told. */
  tell(failure: DeferredFailure): boolean {
    for (const listener of this.listeners) listener(failure)
    return this.listeners.size > 0
  }
}

/** Both halves of the suite know it by this name, in whatever copy of this package they are. */
const watchKey = Symbol.for('prisma-brisk.deferred-watch')
