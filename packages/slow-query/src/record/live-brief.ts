import type { LiveCall, LiveMessage, LiveProcess, LiveStatement } from './live-records.ts'

/**
 * How calls travel: what many of them share is told once a process and number, and then referred to. Times are whole microseconds.
 * {@link LiveDictionary} makes whole {@link LiveCall}s of it again.
 */
export type LiveBrief = LiveShape | LiveText | LiveBriefCall

/** Calls of one operation, place and kind of arguments. */
export interface LiveShape extends Pick<
  LiveCall,
  'model' | 'operation' | 'callSite' | 'isSiteAssumed' | 'args'
> {
  readonly type: 'shape'
  readonly number: number
}

/** A text of SQL, without values. */
export interface LiveText extends Pick<LiveStatement, 'sql' | 'fingerprint'> {
  readonly type: 'text'
  readonly number: number
}

/** A call; its arguments where they are values, and what few calls have, in `x`. */
export interface LiveBriefCall {
  readonly type: 'brief'
  readonly request: string
  readonly call: number
  /** Number of its shape. */
  readonly s: number
  /** at, ms, waitMs, transactionMs. */
  readonly t: readonly [number, number, number, number]
  /** rowsRead, rowsReturned. */
  readonly r: readonly [number, number]
  /** Its statements: number of the text, ms, at, waitMs, rows; then what few have. */
  readonly q: readonly (readonly [number, number, number, number, number, Partial<LiveStatement>?])[]
  readonly x?: Partial<LiveCall>
}

/** Shapes and texts that a process tells once; calls of others are told whole. */
export const MAX_DEFINITIONS = 2000

/** What one process has told once. */
export class LiveDictionary {
  private readonly shapes = new Map<number, LiveShape>()
  private readonly texts = new Map<number, LiveText>()
  /** That it takes in memory, roughly. */
  bytes = 0

  /** Whether it has all that the process believes it has. */
  knows({ known = 0 }: LiveProcess): boolean {
    return this.shapes.size + this.texts.size >= known
  }

  /**
   * The whole message; null where there is nothing to pass on. A call that refers to what was never told is none.
   *
   * @param length of its line
   */
  whole(message: LiveMessage | LiveBrief, length = 0): LiveMessage | null {
    switch (message.type) {
      case 'shape':
      case 'text':
        this.define(message, length)
        return null
      case 'brief':
        return this.call(message)
      default:
        return message
    }
  }

  private define(told: LiveShape | LiveText, length: number): void {
    const { shapes, texts } = this
    if (shapes.has(told.number) || texts.has(told.number)) return
    if (shapes.size + texts.size >= MAX_DEFINITIONS) return
    this.bytes += 2 * length + 200
    if (told.type === 'shape') shapes.set(told.number, told)
    else texts.set(told.number, told)
  }

  private call({ request, call, s, t, r, q, x }: LiveBriefCall): LiveCall | null {
    const shape = this.shapes.get(s)
    if (shape === undefined) return null
    const { type: _, number: _number, ...shared } = shape
    const statements: LiveStatement[] = []
    for (const [number, ms, at, waitMs, rows, more] of q) {
      const text = this.texts.get(number)
      if (text === undefined) return null
      const { sql, fingerprint } = text
      statements.push({
        sql,
        ms: ms / 1000,
        rows,
        fingerprint,
        at: at / 1000,
        waitMs: waitMs / 1000,
        ...more,
      })
    }
    return {
      type: 'call',
      request,
      call,
      ...shared,
      at: t[0] / 1000,
      ms: t[1] / 1000,
      waitMs: t[2] / 1000,
      transactionMs: t[3] / 1000,
      statements,
      rowsRead: r[0],
      rowsReturned: r[1],
      ...x,
    }
  }
}
