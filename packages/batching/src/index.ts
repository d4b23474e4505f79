export { batching, batchingPlugin, type BatchingClient } from './extension.ts'
export { BriskError, InvalidOptionsError, UnsupportedClientError } from '@prisma-brisk/core'
export type {
  BriskExtension,
  ExtendedClient,
  InterchangeableClient,
  InterchangeableTransaction,
} from '@prisma-brisk/core'
export { RowsNotToldApartError } from './errors.ts'
export type { BatchedOperation, BatchingOptions, BatchSchedule, LoopOptions } from './options.ts'
export type { BatchingStats, LoopStats } from './statistics.ts'
export type { BatchEvent } from './report/batch-event.ts'
export type { LoopEvent } from './report/loop-event.ts'
