import { channels, type Call, type LongListReport } from '@prisma-brisk/core'

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

/** Published on `prisma-brisk:limit`: {@link AppliedLimitEvent} or {@link LongListEvent}, told apart by `rule`. */
export type LimitEvent = AppliedLimitEvent | LongListEvent

/** Published once for each limit applied, refused or lifted. */
export interface AppliedLimitEvent extends LimitNote {
  readonly model: string
  readonly operation: string
}

/**
 * Published for a list that a guard would have refused and that was answered whole (`'warn'`, `'allow'`): at once, then once a
 * minute for each place, with its count.
 */
export interface LongListEvent extends Omit<LongListReport, 'policy'> {
  readonly rule: 'warn' | 'allow'
}

export function publishLimit(call: Call, note: LimitNote): void {
  call.notes.limit = note
  if (channels.limit.hasSubscribers)
    channels.limit.publish({
      model: call.model ?? '',
      operation: call.operation,
      ...note,
    } satisfies AppliedLimitEvent)
}
