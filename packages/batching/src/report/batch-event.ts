import { channels } from '@prisma-brisk/core'
import type { CallGroup } from '../batch-key/call-group.ts'

/** Published on `prisma-brisk:batch` when the statements of a batch have settled; it holds no values. */
export interface BatchEvent {
  /** Unique in the process; the calls that were answered carry it in their notes, as `batch.id`. */
  readonly id: number
  readonly model: string
  readonly operation: string
  /** Calls that came together. */
  readonly calls: number
  /** Statements that were sent for them together, replays not counted. */
  readonly statements: number
  /** Milliseconds until the last call had its answer. */
  readonly ms: number
  /** Calls that were then sent alone. */
  readonly fallbacks: number
  /** Why the statements could not answer, else undefined. */
  readonly error: unknown
}

/** The outcome of a batch. */
export type BatchOutcome = Pick<BatchEvent, 'statements' | 'fallbacks' | 'error'>

let lastId = 0
export const nextBatchId = (): number => ++lastId

export function publishBatch(
  { first: { call }, members }: CallGroup,
  id: number,
  ms: number,
  outcome: BatchOutcome,
): void {
  if (!channels.batch.hasSubscribers) return
  const { model, operation } = call
  const event: BatchEvent = { id, model: model as string, operation, calls: members.length, ms, ...outcome }
  channels.batch.publish(event)
}
