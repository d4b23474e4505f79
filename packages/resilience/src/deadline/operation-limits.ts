import { AsyncLocalStorage } from 'node:async_hooks'
import { checkOptions, InvalidOptionsError, type OptionCheck } from '@prisma-brisk/core'
import { timeLimit } from '../options.ts'

/** Limits of everything that runs in one asynchronous context. */
export interface OperationLimits {
  /** Milliseconds each operation may take; in place of the options. */
  readonly timeout?: number | false | undefined
  /** Stops waiting, retrying and the running statement when it fires. */
  readonly signal?: AbortSignal | undefined
}

const limits = new AsyncLocalStorage<OperationLimits>()

export function currentLimits(): OperationLimits | undefined {
  return limits.getStore()
}

/**
 * Runs `work` under limits of its own: every operation in it may be aborted, or has another timeout.
 *
 * @throws InvalidOptionsError
 * @throws QueryAbortedError from operations that the signal stops
 * @example
 * await withLimits({ signal: request.signal, timeout: 2_000 }, () => prisma.report.findMany())
 */
export function withLimits<T>(own: OperationLimits, work: () => T | Promise<T>): Promise<T> {
  checkOptions('withLimits', own, { timeout: timeLimit, signal })
  return limits.run({ ...limits.getStore(), ...own }, async () => await work())
}

const signal: OptionCheck = (value, path) => {
  if (typeof (value as Partial<AbortSignal> | null)?.aborted !== 'boolean')
    throw new InvalidOptionsError(path, 'an AbortSignal', value)
}
