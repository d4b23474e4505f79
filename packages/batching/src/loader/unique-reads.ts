import type { Host } from '@prisma-brisk/core'
import type { BatchedCall } from '../batch-key/batched-call.ts'
import { isUniqueRead } from '../batch-key/own-batch.ts'
import { afterThisTurn, nextTurn, timersTurn } from './schedule.ts'

const key = Symbol('prisma-brisk.batching.unique-reads')

/**
 * Keeps `findUnique` calls apart that are to be sent alone. Prisma batches all that it is given in one tick, and answers null
 * where the database's equality is not JavaScript's; so one a model is sent in a turn of the event loop. A call that is the
 * only one, as nearly all are, does not wait.
 */
export class UniqueReads {
  private readonly sent = new Set<string>()

  constructor(private readonly batchesByTimer: boolean) {}

  static of(host: Host): UniqueReads {
    return host.state(key, () => new UniqueReads(host.batchesByTimer))
  }

  /** Loaders of a model that may send such calls in one tick. */
  private readonly loaders = new Map<string, number>()

  register(model: string, operation: string): void {
    if (isUniqueRead(operation)) this.loaders.set(model, (this.loaders.get(model) ?? 0) + 1)
  }

  /** Sends the one call that a loader has in this tick. */
  sendLone(member: BatchedCall): Promise<unknown> {
    const hasRivals = this.sent.size > 0 || (this.loaders.get(member.call.model as string) ?? 0) > 1
    return hasRivals ? this.send(member) : member.send()
  }

  /**
   * Sends a call unchanged, in a turn of its own if need be.
   *
   * @param equals the calls that get its answer, itself included
   */
  send(member: BatchedCall, equals: readonly BatchedCall[] | null = null): Promise<unknown> {
    const { call } = member
    if (!isUniqueRead(call.operation)) return member.send(equals)
    const model = call.model as string
    if (this.batchesByTimer) return this.sendApart(member, model, equals)
    if (this.sent.has(model)) return nextTurn().then(() => member.send(equals))
    this.take(model)
    return member.send(equals)
  }

  /** Sends calls of one operation and model in one tick, one for all that are equal, and no other call of the model in it. */
  async sendTogether(calls: readonly (readonly BatchedCall[])[]): Promise<PromiseSettledResult<unknown>[]> {
    const model = calls[0]?.[0]?.call.model as string
    while (this.sent.has(model)) await this.turn()
    this.take(model)
    return Promise.allSettled(calls.map((equals) => (equals[0] as BatchedCall).send(equals)))
  }

  private take(model: string): void {
    if (this.batchesByTimer) void timersTurn().then(() => this.sent.delete(model))
    else if (this.sent.size === 0) afterThisTurn(() => this.sent.clear())
    this.sent.add(model)
  }

  /** Timers that are due at once run in one turn: each call waits until those before it are gone. */
  private async sendApart(
    member: BatchedCall,
    model: string,
    equals: readonly BatchedCall[] | null,
  ): Promise<unknown> {
    while (this.sent.has(model)) await timersTurn()
    this.take(model)
    return member.send(equals)
  }

  private turn(): Promise<void> {
    return this.batchesByTimer ? timersTurn() : nextTurn()
  }
}
