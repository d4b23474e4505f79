import type { Host } from '@prisma-brisk/core'

/** Length of one of the two halves of the window that the budget looks at. */
const HALF_MS = 10_000
/** Retries that are allowed in a window whatever the traffic, so that a quiet service can retry at all. */
const RESERVE = 10
const SHARE = 0.1

/**
 * Keeps retries to a tenth of the traffic of the last ten to twenty seconds: when a database is down, retries
 * must not double its load.
 */
export class RetryBudget {
  private epoch = -1
  private operations = 0
  private retries = 0
  private earlierOperations = 0
  private earlierRetries = 0

  constructor(private readonly now: () => number = () => performance.now()) {}

  operation(): void {
    this.turn()
    this.operations++
  }

  /** Takes one retry out of the budget; false where there is none left. */
  take(): boolean {
    this.turn()
    const allowed = Math.max(RESERVE, SHARE * (this.operations + this.earlierOperations))
    if (this.retries + this.earlierRetries + 1 > allowed) return false
    this.retries++
    return true
  }

  private turn(): void {
    const epoch = Math.floor(this.now() / HALF_MS)
    if (epoch === this.epoch) return
    const followed = epoch === this.epoch + 1
    this.earlierOperations = followed ? this.operations : 0
    this.earlierRetries = followed ? this.retries : 0
    this.operations = this.retries = 0
    this.epoch = epoch
  }
}

const key = Symbol('prisma-brisk.retry-budget')

/** The budget of a base client. */
export const budgetOf = (host: Host): RetryBudget => host.state(key, () => new RetryBudget())
