import { channels } from '../channels.ts'
import type { Host } from '../pipeline/host.ts'
import { longListAdvice, quietAdvice } from './list-advice.ts'
import type {
  CountedOperation,
  ListListener,
  LongList,
  LongListCounts,
  LongListPlace,
  LongListReport,
  QuietLists,
} from './long-list.ts'

const REPEAT_MS = 60_000
const DAY_MS = 86_400_000
const QUIET_DAYS = 7
/** Lists below which silence says nothing. */
const QUIET_LISTS = 1000
const MAX_PLACES = 1000

interface Place {
  readonly list: LongList
  rows: number
  count: number
  /** What has not been told. */
  untold: number
  untoldRows: number
  toldAt: number
}

/**
 * What is known of the long lists of one base client. A place is told at once, and again with its count when its next list comes
 * a minute later; what is left is told at `$disconnect`. A week without a long list is told once.
 */
export class ListWatch {
  private readonly places = new Map<string, Place>()
  private readonly operations = new Map<string, [CountedOperation, LongListCounts]>()
  private readonly listeners = new Set<ListListener>()
  private since = 0
  private lists = 0
  private longest = 0
  private limit = Infinity
  private isQuietTold = false

  /** The watch of a client, whichever part of the suite asks for it first. */
  static of(host: Host): ListWatch {
    return host.state(watchKey, () => {
      const watch = new ListWatch()
      host.onDisconnect(() => watch.flush())
      return watch
    })
  }

  constructor(private readonly now: () => number = Date.now) {}

  /** Looks at a list that no policy bounds; `limit` is what a guard would hold it to. */
  judged(rows: number, limit: number): void {
    if (this.lists++ === 0) this.since = this.now()
    if (rows > this.longest) this.longest = rows
    if (limit < this.limit) this.limit = limit
    if (this.isQuietTold || this.lists % 256 !== 0) return
    const quiet = this.quiet()
    if (quiet?.isLong !== true) return
    this.isQuietTold = true
    for (const listener of this.listeners) listener.quiet(quiet)
    if (this.listeners.size === 0) warn('W_LISTS_QUIET', quietAdvice(quiet))
  }

  add(list: LongList): void {
    const { model, operation, policy, rows } = list
    const counts = this.countsOf(model, operation)
    if (policy === 'cut') counts.cut++
    else counts.over++
    if (rows > counts.rows) counts.rows = rows
    if (policy !== 'cut') this.beginAnew()
    const place = this.placeOf(list)
    place.count++
    place.untold++
    if (rows > place.rows) place.rows = rows
    if (rows > place.untoldRows) place.untoldRows = rows
    if (this.now() - place.toldAt >= REPEAT_MS) this.tell(place)
  }

  listen(listener: ListListener): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Tells the log what it has not been told yet. */
  flush(): void {
    if (this.listeners.size === 0) return
    for (const place of this.places.values())
      if (place.untold > 0 && place.list.policy === 'warn') this.tell(place)
  }

  counts(model: string | null, operation: string): Readonly<LongListCounts> {
    return this.operations.get(`${model ?? ''}.${operation}`)?.[1] ?? NONE
  }

  /** Of every operation that had any. */
  all(): Iterable<readonly [CountedOperation, Readonly<LongListCounts>]> {
    return this.operations.values()
  }

  /** The most often seen first. */
  seen(): LongListPlace[] {
    return [...this.places.values()]
      .sort((a, b) => b.count - a.count)
      .map(({ list, rows, count }) => ({ ...list, rows, count }))
  }

  /** How long no list has passed its limit; null where none was looked at. */
  quiet(): QuietLists | null {
    const { since, lists, longest, limit } = this
    if (lists === 0) return null
    const days = (this.now() - since) / DAY_MS
    return { since, days, lists, longest, limit, isLong: days >= QUIET_DAYS && lists >= QUIET_LISTS }
  }

  private tell(place: Place): void {
    const { list, untold, untoldRows, toldAt } = place
    const now = this.now()
    const seconds = toldAt === -Infinity ? 0 : Math.max(1, Math.round((now - toldAt) / 1000))
    const report: LongListReport = { ...list, rows: untoldRows, count: untold, seconds }
    place.untold = place.untoldRows = 0
    place.toldAt = now
    if (list.policy !== 'cut') publish(report)
    if (list.policy === 'warn') for (const listener of this.listeners) listener.long(report)
    if (list.policy === 'cut' || (list.policy === 'warn' && this.listeners.size === 0))
      warn(list.policy === 'cut' ? 'W_LIST_CUT' : 'W_LONG_LIST', longListAdvice(report))
  }

  private placeOf(list: LongList): Place {
    const key = JSON.stringify([list.callSite, list.list, list.policy, list.code])
    let place = this.places.get(key)
    if (place === undefined) {
      if (this.places.size >= MAX_PLACES) this.forgetOldest()
      place = { list, rows: 0, count: 0, untold: 0, untoldRows: 0, toldAt: -Infinity }
      this.places.set(key, place)
    }
    return place
  }

  private forgetOldest(): void {
    const [oldest] = this.places
    if (oldest === undefined) return
    const [key, place] = oldest
    if (place.untold > 0) this.tell(place)
    this.places.delete(key)
  }

  private countsOf(model: string, operation: string): LongListCounts {
    const key = `${model}.${operation}`
    let counts = this.operations.get(key)
    if (counts === undefined)
      this.operations.set(
        key,
        (counts = [
          { model, operation },
          { over: 0, cut: 0, rows: 0 },
        ]),
      )
    return counts[1]
  }

  /** Silence begins again. */
  private beginAnew(): void {
    this.lists = this.longest = 0
    this.isQuietTold = false
  }
}

const NONE: LongListCounts = Object.freeze({ over: 0, cut: 0, rows: 0 })

/** Both halves of the suite know it by this name, in whatever copy of this package they are. */
const watchKey = Symbol.for('prisma-brisk.list-watch')

function warn(code: string, advice: string): void {
  process.emitWarning(`prisma-brisk: ${advice}`, { type: 'PrismaBriskWarning', code })
}

/** With the names of the other events of this channel. */
function publish({ policy: rule, ...list }: LongListReport): void {
  if (channels.limit.hasSubscribers) channels.limit.publish({ rule, ...list })
}
