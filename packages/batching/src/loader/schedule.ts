import { realTimers } from '@prisma-brisk/core'
import type { BatchSchedule, ResolvedBatchingOptions } from '../options.ts'

// Taken before a test can put fake timers in their place: a batch must be sent even where time stands still.
const nextTick = process.nextTick.bind(process)

/**
 * After the promise jobs of this tick, and the calls that they make. Prisma starts operations in a promise job, and what
 * such a job puts into `nextTick` runs once there are no more of them.
 */
const endOfTick: BatchSchedule = (dispatch) => nextTick(dispatch)

/** When a batch is dispatched; the loader does the adaptive part, as it knows what is in flight. */
export function scheduleOf({ schedule }: ResolvedBatchingOptions): BatchSchedule {
  if (typeof schedule === 'function') return schedule
  return schedule === 'immediate' ? (dispatch) => void realTimers.setImmediate(dispatch) : endOfTick
}

/** Runs in the next turn of the event loop; what several calls of this run is not run together. */
export function afterThisTurn(run: () => void): void {
  realTimers.setImmediate(run)
}

/** Resolves once whoever batches until a timer's turn has sent what it had: the second turn, whichever timer was set first. */
export function timersTurn(): Promise<void> {
  const turn = (next: () => void) => void realTimers.setTimeout(next, 0)
  return new Promise((resolve) => turn(() => turn(resolve)))
}

/** Resolves in a turn of its own. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => realTimers.setImmediate(resolve))
}

/** Runs after `ms` milliseconds unless it is stopped first; keeps no process alive. */
export function afterAtMost(ms: number, run: () => void): () => void {
  const timer = realTimers.setTimeout(run, Math.max(1, ms))
  timer.unref()
  return () => realTimers.clearTimeout(timer)
}
