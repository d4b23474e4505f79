import type { Host } from '@prisma-brisk/core'
import type { Member } from './member.ts'
import { afterThisTurn, nextTurn } from './schedule.ts'

const key = Symbol('prisma-brisk.batching.unique-reads')

/**
 * Keeps apart what is to be sent alone. Prisma batches `findUnique` calls that it gets in one tick, whoever made them,
 * and answers null where the database's equality is not JavaScript's; so of one model, one is sent in a turn of the
 * event loop. Those that are alone, as nearly all are, do not wait.
 */
export class UniqueReads {
  private readonly sent = new Set<string>()

  static of(host: Host): UniqueReads {
    return host.state(key, () => new UniqueReads())
  }

  /** Sends a call as it is, in a turn of its own if need be. */
  send(member: Member): Promise<unknown> {
    const { call } = member
    if (call.operation !== 'findUnique' && call.operation !== 'findUniqueOrThrow') return member.send()
    const model = call.model as string
    if (this.sent.has(model)) return nextTurn().then(() => member.send())
    if (this.sent.size === 0) afterThisTurn(() => this.sent.clear())
    this.sent.add(model)
    return member.send()
  }
}
