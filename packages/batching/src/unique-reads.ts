import type { Call, Host } from '@prisma-brisk/core'
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

  /** What to wait for before the call is sent; null for nothing. */
  turnOf({ operation, model }: Call): Promise<void> | null {
    if (operation !== 'findUnique' && operation !== 'findUniqueOrThrow') return null
    const name = model as string
    if (this.sent.has(name)) return nextTurn()
    if (this.sent.size === 0) afterThisTurn(() => this.sent.clear())
    this.sent.add(name)
    return null
  }
}
