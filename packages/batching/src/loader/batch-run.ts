import { madeOnes, type BatchedCall } from '../batch-key/batched-call.ts'
import type { CallGroup } from '../batch-key/call-group.ts'
import { nextBatchId, publishBatch, type BatchOutcome } from '../report/batch-event.ts'
import { inParallel } from '../statement/in-parallel.ts'
import type { MountState } from './mount-state.ts'

/**
 * Calls of one shape that came together: first the statements that several of them share, then, each by itself, the calls
 * that no shared statement has answered. Whatever goes wrong in between costs speed, never an answer.
 */
export abstract class BatchRun {
  /** Resolves once the shared statements have been answered; calls that are then sent alone may still be waiting. */
  readonly landed: Promise<void>
  private land: () => void = () => undefined
  private readonly id = nextBatchId()
  /** Calls that are sent each by itself, once the shared statements have been answered. */
  protected readonly unanswered: BatchedCall[] = []
  protected statements = 0
  private fallbacks = 0
  protected error: unknown

  constructor(
    protected readonly state: MountState,
    protected readonly group: CallGroup,
  ) {
    this.landed = new Promise((resolve) => (this.land = resolve))
  }

  get outcome(): BatchOutcome {
    return { statements: this.statements, fallbacks: this.fallbacks, error: this.error }
  }

  /** Settles every call; never rejects. */
  async run(): Promise<void> {
    const { members } = this.group
    const startedAt = performance.now()
    const batch = Object.freeze({ id: this.id, calls: members.length })
    for (const { call } of members) call.notes.batch = batch
    await this.orPutBack(() => this.sendShared())
    this.land()
    await this.orPutBack(() => this.sendUnmerged())
    await inParallel(this.unanswered, this.aloneAtOnce, (member) => this.replay(member))
    publishBatch(this.group, this.id, performance.now() - startedAt, this.outcome)
  }

  /** Where something unforeseen is thrown, the calls that have no answer yet are sent each by itself. */
  private async orPutBack(send: () => Promise<void>): Promise<void> {
    try {
      await send()
    } catch (error) {
      const put = new Set(this.unanswered)
      const { members } = this.group
      this.putBack(
        members.filter((member) => !member.isSettled && !put.has(member)),
        error,
      )
    }
  }

  /** Sends the statements that several calls share. */
  protected abstract sendShared(): Promise<void>

  /** Sends what was found to share nothing. */
  protected async sendUnmerged(): Promise<void> {
    // Nothing, unless a subclass knows of such calls.
  }

  /** Sends a call as it is, for all that are to get its answer. */
  protected send(member: BatchedCall, equals: readonly BatchedCall[] | null = null): Promise<unknown> {
    return member.send(equals)
  }

  /** How many calls may be sent alone at once: as many as would be without batching, the pool says how many can be. */
  protected get aloneAtOnce(): number {
    return Infinity
  }

  protected countStatement(): void {
    this.statements++
    this.state.statistics.statements++
  }

  /** Has calls sent each by itself. */
  protected putBack(members: readonly BatchedCall[], error: unknown): void {
    const made = madeOnes(members)
    if (made.length === 0) return
    this.error ??= error
    this.fallbacks += made.length
    this.state.statistics.fallbacks += made.length
    for (const member of made) this.unanswered.push(member)
  }

  protected async replay(member: BatchedCall, equals: readonly BatchedCall[] | null = null): Promise<void> {
    try {
      member.resolve(await this.send(member, equals))
    } catch (error) {
      member.reject(error)
    }
  }
}
