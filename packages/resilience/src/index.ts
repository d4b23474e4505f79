export { resilience, resiliencePlugin, type DeferredWork, type ResilienceClient } from './extension.ts'
export type {
  RetryTransaction,
  RetryTransactionOptions,
  TransactionClientOf,
} from './retry/transaction-retry.ts'
export { BriskError, InvalidOptionsError, UnsupportedClientError } from '@prisma-brisk/core'
export type {
  BriskExtension,
  ExtendedClient,
  InterchangeableClient,
  InterchangeableTransaction,
} from '@prisma-brisk/core'
export type { DeferredOptions, ResilienceOptions, RetryOptions } from './options.ts'
export type { DeferredStatistics } from './deferred/deferred-queue.ts'
export {
  CommitUnknownError,
  DeferredQueueFullError,
  NestedRetryError,
  QueryAbortedError,
  QueryTimeoutError,
} from './errors.ts'
export { withLimits, type OperationLimits } from './deadline/operation-limits.ts'
