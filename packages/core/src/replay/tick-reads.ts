import { AsyncResource } from 'node:async_hooks'
import type { SendByPrisma } from './replayed-shape.ts'

/**
 * Keeps the order of the requests of one tick, and Prisma's batches.
 *
 * Prisma takes a few turns of the microtask queue until it sends a request; a read past it takes none, and would overtake a
 * write that was called before. So reads wait for the end of the tick; a write that comes after them has them sent first, and
 * those that come after a write go to Prisma.
 *
 * Prisma sends the requests of an interactive transaction that come in one tick one after another, and unique reads of one kind
 * as one statement. Such reads go past Prisma only where they are alone in their tick; else all of them go to Prisma, at once.
 */
export class TickReads {
  private waiting: WaitingRead[] = []
  private isOpen = false
  /** Transactions of which a request of this tick has gone to Prisma; null where a write outside of any has. */
  private readonly busy = new Set<string | null>()

  /** A request goes to Prisma that is no read of ours. */
  passes(transactionId: string | null, mayWrite: boolean): void {
    if (transactionId !== null) this.leave(transactionId)
    else if (mayWrite) {
      this.release()
      this.begin()
      this.busy.add(null)
    }
  }

  /** @param unique the model of a unique read, else null */
  send(
    unique: string | null,
    transactionId: string | null,
    answer: () => Promise<unknown>,
    byPrisma: SendByPrisma,
  ): Promise<unknown> {
    if (transactionId !== null) {
      const isAlone =
        !this.busy.has(transactionId) && !this.waiting.some((read) => read.transactionId === transactionId)
      if (!isAlone) {
        this.leave(transactionId)
        return byPrisma()
      }
    } else if (this.busy.has(null)) return byPrisma()
    return new Promise((resolve) => {
      const context = new AsyncResource('prisma-brisk.read')
      this.begin()
      this.waiting.push({ unique, transactionId, answer, byPrisma, resolve, context })
    })
  }

  /** Sends what waits; but unique reads, which Prisma has wait too, and those of transactions. */
  release(): void {
    if (this.waiting.length === 0) return
    const isOwed = ({ unique, transactionId }: WaitingRead) => unique === null && transactionId === null
    const owed = this.waiting.filter(isOwed)
    this.waiting = this.waiting.filter((read) => !isOwed(read))
    answered(owed)
  }

  /** Leaves the reads of a transaction to Prisma, in this tick. */
  private leave(transactionId: string): void {
    this.begin()
    this.busy.add(transactionId)
    if (this.waiting.length === 0) return
    const its = this.waiting.filter((read) => read.transactionId === transactionId)
    this.waiting = this.waiting.filter((read) => read.transactionId !== transactionId)
    for (const read of its) read.resolve(read.context.runInAsyncScope(read.byPrisma))
  }

  private begin(): void {
    if (this.isOpen) return
    this.isOpen = true
    nextTick(() => {
      this.isOpen = false
      this.busy.clear()
      const { waiting } = this
      this.waiting = []
      answered(waiting)
    })
  }
}

/** Tests fake it. */
const nextTick = process.nextTick.bind(process)

/** Sends reads in their order; unique reads of one model that are several go to Prisma together. */
function answered(reads: readonly WaitingRead[]): void {
  const uniques = new Map<string, number>()
  for (const { unique } of reads) if (unique !== null) uniques.set(unique, (uniques.get(unique) ?? 0) + 1)
  for (const { unique, answer, byPrisma, resolve, context } of reads) {
    const isAlone = unique === null || uniques.get(unique) === 1
    resolve(context.runInAsyncScope(isAlone ? answer : byPrisma))
  }
}

interface WaitingRead {
  readonly unique: string | null
  readonly transactionId: string | null
  readonly answer: () => Promise<unknown>
  readonly byPrisma: SendByPrisma
  readonly resolve: (answer: Promise<unknown>) => void
  /** Its caller's, to which its statement is to belong. */
  readonly context: AsyncResource
}
