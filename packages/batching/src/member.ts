import type { Call, Model, Next } from '@prisma-brisk/core'
import { questionOf, wholeShape, type Question } from './question.ts'
import { UniqueReads } from './unique-reads.ts'

/** One call in a batch, and where its answer goes. */
export class Member {
  private asked: Question | null | undefined
  private whole: string | undefined
  private settlers: { resolve(answer: unknown): void; reject(error: unknown): void } | null = null

  constructor(
    readonly call: Call,
    /** Sends the call as it is. */
    readonly next: Next,
    readonly model: Model,
  ) {}

  /** Taken apart when it is first needed: a call that stays alone never is. */
  get question(): Question | null {
    if (this.asked === undefined) this.asked = questionOf(this.call, this.model)
    return this.asked
  }

  /** Calls of one shape may share a statement. */
  get shape(): string {
    return this.question?.shape ?? (this.whole ??= wholeShape(this.call))
  }

  /** The answer of a call that is not sent at once. */
  answer(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.settlers = { resolve, reject }
    })
  }

  resolve(answer: unknown): void {
    this.settlers?.resolve(answer)
  }

  reject(error: unknown): void {
    this.settlers?.reject(error)
  }

  /** Sends the call as it is. */
  async send(): Promise<unknown> {
    const turn = UniqueReads.of(this.call.host).turnOf(this.call)
    if (turn !== null) await turn
    return this.next(this.call)
  }

  /** The same, and settles with what comes of it; never rejects. */
  async sendAlone(): Promise<void> {
    try {
      this.resolve(await this.send())
    } catch (error) {
      this.reject(error)
    }
  }
}
