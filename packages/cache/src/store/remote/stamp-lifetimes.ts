import { stampTime } from '../../entry/stamp.ts'

/** Milliseconds that stamps live at least; a stamp that ends early costs a miss. */
export const STAMP_LIFETIME = 24 * 3_600_000
const LONGEST = 10 * 365 * 24 * 3_600_000
const KNOWN_STAMPS = 20_000

/** Milliseconds that an entry is kept, as a server takes it. */
export function keptFor(lifetime: number): number {
  return Math.max(1, Math.min(Math.ceil(lifetime), LONGEST))
}

/**
 * How long stamps are to live. Those in use must not end on the day after they were made: everything that rests on them
 * would be missed at one moment.
 */
export class StampLifetimes {
  /** When stamps end that were made to live longer. */
  private readonly extended = new Map<string, number>()

  constructor(private readonly now: () => number) {}

  /** Milliseconds that a stamp is to live from now on, or 0 where it lives long enough for an entry of this lifetime. */
  extension(stamp: string, lifetime: number): number {
    const now = this.now()
    const ends = this.extended.get(stamp) ?? stampTime(stamp) + STAMP_LIFETIME
    if (ends > now + Math.max(lifetime, STAMP_LIFETIME / 2)) return 0
    const longer = Math.max(lifetime * 2, STAMP_LIFETIME)
    if (this.extended.size >= KNOWN_STAMPS) this.extended.clear()
    this.extended.set(stamp, now + longer)
    return longer
  }
}
