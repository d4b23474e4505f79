import type { StatementCaller } from '@prisma-brisk/core'
import { copyValue } from '../codec/value-copy.ts'

/**
 * A database read that others of the same key wait for. Only reads that saw the same stamps may join: had a write
 * resolved between the two, a stamp would differ, and the later read must not be given what the earlier one saw.
 */
export class Flight {
  private readonly waiting: { resolve: (value: unknown) => void; reject: (error: unknown) => void }[] = []

  /** Those for whom it reads, where statements are told: its own caller, and those who have joined so far. */
  readonly callers: StatementCaller[] = []

  constructor(readonly stamps: readonly string[]) {}

  mayJoin(stamps: readonly string[]): boolean {
    return (
      stamps.length === this.stamps.length && stamps.every((stamp, index) => stamp === this.stamps[index])
    )
  }

  /** A separate copy of the result, or the error. */
  join(): Promise<unknown> {
    return new Promise((resolve, reject) => this.waiting.push({ resolve, reject }))
  }

  /** Hands out copies at once: whoever gets `value` itself may change it as soon as it has it. */
  land(value: unknown): void {
    for (const { resolve, reject } of this.waiting) {
      try {
        resolve(copyValue(value))
      } catch (error) {
        reject(error)
      }
    }
  }

  fail(error: unknown): void {
    for (const { reject } of this.waiting) reject(error)
  }
}
