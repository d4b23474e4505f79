import type { Host } from '@prisma-brisk/core'
import { Batch } from './batch.ts'
import type { Member } from './member.ts'
import type { ResolvedBatchingOptions } from './options.ts'
import type { Statistics } from './statistics.ts'

/** Sends calls, one or a batch at a time, and knows how many are under way. */
export class Answerer {
  private underWay = 0
  private idlers: (() => void)[] = []

  constructor(
    private readonly host: Host,
    private readonly options: ResolvedBatchingOptions,
    private readonly statistics: Statistics,
  ) {}

  get isBusy(): boolean {
    return this.underWay > 0
  }

  /** Resolves once nothing is under way. */
  idle(): Promise<void> {
    return this.isBusy ? new Promise((resolve) => this.idlers.push(resolve)) : Promise.resolve()
  }

  async sendLone(member: Member): Promise<unknown> {
    this.statistics.passedThrough++
    this.underWay++
    try {
      return await member.send()
    } finally {
      this.done()
    }
  }

  /** Settles every member; never rejects. All members have one shape. */
  async answer(members: readonly Member[]): Promise<void> {
    this.underWay++
    try {
      await new Batch(this.host, this.options, this.statistics, members).run()
    } finally {
      this.done()
    }
  }

  private done(): void {
    if (--this.underWay > 0) return
    const { idlers } = this
    this.idlers = []
    for (const resolve of idlers) resolve()
  }
}
