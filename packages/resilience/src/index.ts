export { resilience, resiliencePlugin, type Deferred, type DeferredClient } from './extension.ts'
export type { DeferredOptions, ResilienceOptions, RetryOptions } from './options.ts'
export type { DeferredStatistics } from './deferred-queue.ts'
export { DeferredQueueFullError, QueryAbortedError, QueryTimeoutError } from './errors.ts'
