import { channels, type Call } from '@prisma-brisk/core'

/** What was done about the limit of a list read. */
export interface LimitNote {
  /**
   * - `default`: no `take`, the default limit holds
   * - `guard`: no `take`, the maximum holds
   * - `clamp`: `take` was lowered
   * - `reject`: refused
   * - `unbounded`: the caller gave a reason to read all rows
   */
  readonly rule: 'default' | 'guard' | 'clamp' | 'reject' | 'unbounded'
  /** Rows the list may have; null without a limit. */
  readonly limit: number | null
  /** Rows were cut off. */
  cut?: boolean
  /** The caller's reason for an unbounded read. */
  readonly reason?: string
  /** The code of the error a refused call got. */
  readonly code?: string
}

declare module '@prisma-brisk/core' {
  interface CallNotes {
    /** What pagination did about the limit of this call. */
    limit?: LimitNote
  }
}

/** Published on `prisma-brisk:limit`, once for each limit applied, refused or lifted. */
export interface LimitEvent extends LimitNote {
  readonly model: string
  readonly operation: string
}

export function publishLimit(call: Call, note: LimitNote): void {
  call.notes.limit = note
  if (channels.limit.hasSubscribers)
    channels.limit.publish({
      model: call.model ?? '',
      operation: call.operation,
      ...note,
    } satisfies LimitEvent)
}
