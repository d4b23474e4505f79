import { realTimers } from '@prisma-brisk/core'
/** Taken before a test can fake them: what a deadline waits for is a real server, whose time goes on. */
const { setTimeout, clearTimeout, now } = realTimers

/** Lists that are kept although they are empty. */
const MAX_EMPTY_LISTS = 100
/** The longest that a timer of Node can wait. */
const MAX_WAIT_MS = 2 ** 31 - 1

/** What has an end that is rarely reached. */
export interface Expiring {
  /** Called once its time is over. */
  expire(): void
}

/** An entry of a {@link DeadlineTimer}, to be taken out of it again. */
export interface Expiry {
  readonly what: Expiring
  readonly list: ExpiryList
  readonly dueAt: number
  earlier: Expiry | null
  later: Expiry | null
}

/** Ends that were set with one length: in the order in which they were set, which is the order of their ends. */
interface ExpiryList {
  readonly length: number
  first: Expiry | null
  last: Expiry | null
}

/**
 * One timer for all deadlines of a client. Nearly every operation ends long before its deadline, so setting one and
 * taking it back is what must cost next to nothing: a place at the end of a list. The timer waits for the earliest of
 * all, and is left alone when that one is taken back. It keeps the process alive only while an operation is under way:
 * its caller gets the error where nothing else does, as with a database within the process.
 */
export class DeadlineTimer {
  private readonly lists = new Map<number, ExpiryList>()
  private timer: NodeJS.Timeout | null = null
  private wakesAt = Infinity
  private size = 0
  private closing = false

  /** Has `what` expire in `length` milliseconds. */
  add(what: Expiring, length: number): Expiry {
    let list = this.lists.get(length)
    if (list === undefined) this.lists.set(length, (list = { length, first: null, last: null }))
    const { last } = list
    const entry: Expiry = { what, list, dueAt: now() + length, earlier: last, later: null }
    if (last === null) list.first = entry
    else last.later = entry
    list.last = entry
    this.size++
    this.closing = false
    if (entry.dueAt < this.wakesAt) this.wakeAt(entry.dueAt)
    else if (this.size === 1) this.timer?.ref()
    return entry
  }

  remove({ list, earlier, later }: Expiry): void {
    if (earlier === null) list.first = later
    else earlier.later = later
    if (later === null) list.last = earlier
    else later.earlier = earlier
    this.size--
    if (list.first === null && this.lists.size > MAX_EMPTY_LISTS) this.lists.delete(list.length)
    if (this.size > 0) return
    if (this.closing) this.sleep()
    else this.timer?.unref()
  }

  /** Leaves no timer behind, once what is under way has ended; it may be used again. */
  close(): void {
    this.closing = true
    if (this.size === 0) this.sleep()
  }

  private get earliest(): Expiry | null {
    let earliest: Expiry | null = null
    for (const { first } of this.lists.values())
      if (first !== null && (earliest === null || first.dueAt < earliest.dueAt)) earliest = first
    return earliest
  }

  private readonly wake = (): void => {
    this.sleep()
    // Timers of Node may be early by part of a millisecond.
    const due = now() + 1
    // In the order of their ends, also where a blocked event loop has let several pass.
    for (let entry = this.earliest; entry !== null && entry.dueAt <= due; entry = this.earliest) {
      this.remove(entry)
      entry.what.expire()
    }
    let next = Infinity
    for (const { length, first } of this.lists.values()) {
      if (first === null) this.lists.delete(length)
      else next = Math.min(next, first.dueAt)
    }
    if (next < this.wakesAt) this.wakeAt(next)
  }

  private wakeAt(time: number): void {
    this.sleep()
    this.wakesAt = time
    this.timer = setTimeout(this.wake, Math.min(MAX_WAIT_MS, Math.max(1, time - now())))
    if (this.size === 0) this.timer.unref()
  }

  private sleep(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    this.wakesAt = Infinity
  }
}
