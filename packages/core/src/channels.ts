import { channel, type Channel } from 'node:diagnostics_channel'
import type { CallNotes } from './pipeline/call.ts'

/**
 * What happens inside the suite, published on `node:diagnostics_channel` so that any APM can listen. Messages
 * carry names, counts and times, never argument values. With no subscriber a channel costs one property read.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel'
 * subscribe('prisma-brisk:query', ({ model, operation, ms }) => …)
 */
export const channels = {
  /** Each operation once it has settled: {@link QueryEvent}. */
  query: channel('prisma-brisk:query'),
  /** Each cached read and each invalidation. */
  cache: channel('prisma-brisk:cache'),
  /** Each merged statement. */
  batch: channel('prisma-brisk:batch'),
  /** Each loop of reads that batching has seen, once it is over. */
  loop: channel('prisma-brisk:loop'),
  /** Each limit applied, refused or lifted, and lists that pass one and are answered all the same: once a place and minute. */
  limit: channel('prisma-brisk:limit'),
  /** Each slow operation. */
  slowQuery: channel('prisma-brisk:slow-query'),
  /** Each N+1 report. */
  nPlusOne: channel('prisma-brisk:n-plus-one'),
} as const satisfies Record<string, Channel>

/** Published on `prisma-brisk:query` when an operation of an extended client has settled. */
export interface QueryEvent {
  readonly model: string | null
  readonly operation: string
  /** Milliseconds from the hook to the answer. */
  readonly ms: number
  readonly error: unknown
  /** What the middlewares noted, e.g. `{ cache: 'hit' }`. */
  readonly notes: Readonly<CallNotes>
}
