import { AsyncResource } from 'node:async_hooks'
import type { SendByPrisma } from './replayed-shape.ts'

/**
 * Reads that Prisma collects until the end of a tick. It sends unique reads of one kind as one statement, and the requests of an
 * interactive transaction one after another, for a connection has one statement at a time. So a read that is alone is sent past
 * Prisma; where there are more, all of them go to Prisma together.
 */
export class TickReads {
  private groups: Map<string, WaitingRead[]> | null = null
  /** Requests of each transaction in this tick, of whatever kind. */
  private readonly requests = new Map<string, number>()

  /** A request of an interactive transaction is on its way. */
  note(transactionId: string): void {
    this.begin()
    this.requests.set(transactionId, (this.requests.get(transactionId) ?? 0) + 1)
  }

  /** Sends a read at the end of the tick. */
  send(
    group: string,
    transactionId: string | null,
    answer: WaitingRead['answer'],
    byPrisma: SendByPrisma,
  ): Promise<unknown> {
    return new Promise((resolve) => {
      const context = new AsyncResource('prisma-brisk.read')
      const groups = this.begin()
      const others = groups.get(group)
      const read = { transactionId, answer, byPrisma, resolve, context }
      if (others === undefined) groups.set(group, [read])
      else others.push(read)
    })
  }

  private begin(): Map<string, WaitingRead[]> {
    if (this.groups === null) {
      this.groups = new Map()
      process.nextTick(() => this.end())
    }
    return this.groups
  }

  private end(): void {
    const { groups, requests } = this
    this.groups = null
    for (const reads of groups?.values() ?? []) {
      const isAlone = reads.length === 1
      for (const { transactionId, answer, byPrisma, resolve, context } of reads) {
        const others = transactionId === null ? 0 : (requests.get(transactionId) ?? 1) - 1
        const send = isAlone && others === 0 ? () => answer(byPrisma) : byPrisma
        resolve(context.runInAsyncScope(send))
      }
    }
    requests.clear()
  }
}

interface WaitingRead {
  readonly transactionId: string | null
  readonly answer: (byPrisma: SendByPrisma) => Promise<unknown>
  readonly byPrisma: SendByPrisma
  readonly resolve: (answer: Promise<unknown>) => void
  /** Its caller's, to which its statement is to belong. */
  readonly context: AsyncResource
}
