import type { Call } from '../pipeline/call.ts'
import type { Next } from '../pipeline/middleware.ts'
import { DriverTap } from '../driver/driver-tap.ts'
import { channels, type QueryEvent } from '../channels.ts'
import type { Host } from '../pipeline/host.ts'
import type { HookInput, InternalParams } from './redirect.ts'

/** What a pipeline needs of the requests of its base client. */
export interface Requests {
  /** Sends a request of a client as Prisma does. */
  send(client: object, params: InternalParams): Promise<unknown>
  /**
   * Sends a request by Prisma, or, where it is a read and nobody has a part in it any more (`isPlain`, by default), past its
   * planner.
   */
  pass(params: InternalParams, byPrisma: () => Promise<unknown>, isPlain?: boolean): Promise<unknown>
  /** Whether a write of this client must be heard of by others than its own pipelines. */
  isFollowedBeside(client: object): boolean
}

/** Where the calls of a mounted extension enter its pipeline. */
export class PipelineEntry {
  readonly tap: DriverTap | null

  constructor(
    readonly host: Host,
    private readonly pipeline: Next,
    /** Argument names of our own, which Prisma must never see. */
    readonly own: readonly string[],
    readonly open: OpenTransaction,
    readonly requests: Requests,
    /** It only hears of writes, on their way to the pipelines they belong to. */
    readonly isFollower = false,
  ) {
    this.tap = DriverTap.of(host)
  }

  /** Runs the pipeline, or has it run by `through`, and publishes it. */
  enter(call: Call, through: ((pipeline: Next) => Promise<unknown>) | null = null): Promise<unknown> {
    const answer = through === null ? this.pipeline(call) : through(this.pipeline)
    return channels.query.hasSubscribers && !this.isFollower ? published(call, answer) : answer
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

/** Runs `run` in a new interactive transaction, described as hooks get it; rolled back if `run` fails. */
export type OpenTransaction = <T>(
  run: (transaction: InternalParams['transaction']) => Promise<T>,
) => Promise<T>

/**
 * Transactions of our own on a base client, so that nobody's hooks see them. What Prisma calls such a transaction is
 * learnt from a hook on a statement that is never sent.
 */
export function transactionsOf(base: object): OpenTransaction {
  let learner: Learner | null = null
  const query = {
    $queryRaw: ({ __internalParams }: HookInput) => Promise.resolve(__internalParams?.transaction),
  }
  return (run) => {
    learner ??= (base as Learner).$extends({ query })
    return learner.$transaction(async (tx) => run(await tx.$queryRaw`SELECT 1`))
  }
}

interface Learner {
  $extends(extension: object): Learner
  $transaction<T>(
    run: (tx: {
      $queryRaw(text: TemplateStringsArray): Promise<InternalParams['transaction']>
    }) => Promise<T>,
  ): Promise<T>
}
