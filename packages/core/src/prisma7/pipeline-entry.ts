import type { Call } from '../pipeline/call.ts'
import type { Next } from '../pipeline/middleware.ts'
import { DriverTap } from '../driver/driver-tap.ts'
import { channels, type QueryEvent } from '../channels.ts'
import type { Host } from '../pipeline/host.ts'
import type { OpenTransaction } from './own-transaction.ts'
import type { InternalParams } from './redirect.ts'

/** Where the calls of a mounted extension enter its pipeline. */
export class PipelineEntry {
  readonly tap: DriverTap | null

  constructor(
    readonly host: Host,
    private readonly pipeline: Next,
    /** Argument names of our own, which Prisma must never see. */
    readonly own: readonly string[],
    readonly open: OpenTransaction,
    /** Sends a request of a client as Prisma does. */
    readonly send: (client: object, params: InternalParams) => Promise<unknown>,
  ) {
    this.tap = DriverTap.of(host)
  }

  /** Runs the pipeline, or has it run by `through`, and publishes it. */
  enter(call: Call, through: ((pipeline: Next) => Promise<unknown>) | null = null): Promise<unknown> {
    const answer = through === null ? this.pipeline(call) : through(this.pipeline)
    return channels.query.hasSubscribers ? published(call, answer) : answer
  }
}

async function published(call: Call, answer: Promise<unknown>): Promise<unknown> {
  const startedAt = performance.now()
  let failure: unknown
  try {
    return await answer
  } catch (error) {
    failure = error
    throw error
  } finally {
    const event: QueryEvent = {
      model: call.model,
      operation: call.operation,
      ms: performance.now() - startedAt,
      error: failure,
      notes: call.notes,
    }
    channels.query.publish(event)
  }
}
