import { channels } from '@prisma-brisk/core'

/** Published on `prisma-brisk:loop` when a loop of reads is over; it holds no values. */
export interface LoopEvent {
  readonly model: string
  readonly operation: string
  /** `'mend'` where batching was to mend it. */
  readonly mode: 'report' | 'mend'
  /** Whose rows it went through; null where that is not known. */
  readonly list: string | null
  /** Where in those rows its values stand: `id`. */
  readonly path: string
  /** Calls of it. */
  readonly reads: number
  /** Those that sent a statement, or shared one with others that run at the same time. */
  readonly sent: number
  /** Answers that were asked for before a call did, and those of them that calls got. */
  readonly ahead: number
  readonly used: number
  /** `file:line:column`; null where it is not known. */
  readonly callSite: string | null
  /** The name of the request; null for a task. */
  readonly request: string | null
}

/** Whose calls it was, and where. */
export interface ToldTrack {
  readonly call: { readonly model: string | null; readonly operation: string }
  readonly list: { readonly model: string | null } | null
  readonly path: string
}

/** What it did. */
export interface ToldLoop {
  readonly sent: number
  readonly ahead: number
  readonly kept: number
  readonly site: string | null
}

export function publishLoop(
  { call, list, path }: ToldTrack,
  { sent, ahead, kept, site }: ToldLoop,
  mode: LoopEvent['mode'],
  request: string | null,
): void {
  if (!channels.loop.hasSubscribers) return
  const event: LoopEvent = {
    model: call.model as string,
    operation: call.operation,
    mode,
    list: list?.model ?? null,
    path,
    reads: sent + kept,
    sent,
    ahead,
    used: kept,
    callSite: site,
    request,
  }
  channels.loop.publish(event)
}
