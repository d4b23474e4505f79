import { realTimers } from '@prisma-brisk/core'

/** How long to wait before another attempt, in milliseconds. */
export interface BackOff {
  /** The longest pause before the second attempt; it doubles from one to the next. */
  readonly baseDelay: number
  readonly maxDelay: number
}

/**
 * A pause of random length, between nothing and the longest (full jitter): calls that failed together do not come again
 * together. It goes by the clock also where a test has faked the global timers, which would otherwise have to be moved on
 * for each pause.
 *
 * @param failures attempts that have failed so far
 */
export function pauseAfter(failures: number, { baseDelay, maxDelay }: BackOff): Promise<void> {
  const longest = Math.min(maxDelay, baseDelay * 2 ** (failures - 1))
  return new Promise((resolve) => realTimers.setTimeout(resolve, Math.random() * longest))
}
