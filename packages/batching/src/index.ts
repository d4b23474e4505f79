export { batching, batchingPlugin, type BatchingClient } from './extension.ts'
export type { BatchedOperation, BatchingOptions, Schedule } from './options.ts'
export type { BatchingStats } from './statistics.ts'
export type { BatchEvent } from './batch-event.ts'
