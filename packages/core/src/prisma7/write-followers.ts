import type { Host } from '../pipeline/host.ts'
import { compose, type Middleware } from '../pipeline/middleware.ts'
import type { OpenTransaction } from './pipeline-entry.ts'
import { PipelineEntry, type Requests } from './pipeline-entry.ts'
import { queryHook } from './query-hook.ts'
import type { Mounted } from './waiting-call.ts'

/** Follows the writes that pass by the pipelines of a base client. */
export interface ForeignWrites {
  /** Mounts with the same key need to hear of a write only once: those of one store, for example. */
  readonly key: object
  readonly middleware: Middleware
}

/**
 * Those who must hear of every write of a base client, whichever client of it sends it: a pipeline that the write passes
 * tells its own, and the others are told by a pipeline of theirs, before it.
 */
export class WriteFollowers {
  private readonly all = new Map<object, Middleware>()
  private besides = new WeakMap<readonly Mounted[], readonly Mounted[]>()

  constructor(
    private readonly host: Host,
    private readonly open: OpenTransaction,
    private readonly requests: Requests,
  ) {}

  /** Until the process ends. */
  add({ key, middleware }: ForeignWrites): void {
    this.all.set(key, middleware)
    this.besides = new WeakMap()
  }

  /** The pipeline of the followers that none of these pipelines tells; empty where there are none. */
  beside(passed: readonly Mounted[]): readonly Mounted[] {
    if (this.all.size === 0) return NONE
    const known = this.besides.get(passed)
    if (known !== undefined) return known
    const told = new Set(passed.flatMap(({ follows }) => follows))
    const untold = [...this.all].filter(([key]) => !told.has(key)).map(([, middleware]) => middleware)
    const beside = untold.length === 0 ? NONE : [this.pipelineOf(untold)]
    this.besides.set(passed, beside)
    return beside
  }

  private pipelineOf(middlewares: readonly Middleware[]): Mounted {
    const { host, open, requests } = this
    const entry = new PipelineEntry(host, compose(middlewares), [], open, requests, true)
    return { entry, hook: queryHook(entry), follows: [] }
  }
}

/** No pipelines. */
export const NONE: readonly Mounted[] = Object.freeze([])
