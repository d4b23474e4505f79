/** A list that is longer than it should be, or was cut. */
export interface LongList {
  readonly model: string
  readonly operation: string
  /** `User.findMany`, or for a nested list `User.findMany → posts`. */
  readonly list: string
  /** `file:line:column` in the user's code; null where it is not known. */
  readonly callSite: string | null
  /**
   * - `warn`: answered whole, and told
   * - `allow`: answered whole, and told on the channel alone
   * - `cut`: its rows above the limit were left out
   */
  readonly policy: 'warn' | 'allow' | 'cut'
  /** The error that a guard would have answered with; `W_LIST_CUT` for a list that was cut. */
  readonly code: string
  /** Rows it should not pass; for `E_OFFSET_TOO_DEEP` rows to skip. */
  readonly limit: number
  /** Rows that came; of the longest where the list stands in several rows. */
  readonly rows: number
}

/** Long lists of one place and kind, added up since they were last told. */
export interface LongListReport extends LongList {
  /** Of the longest. */
  readonly rows: number
  readonly count: number
  /** Seconds since they were last told; 0 the first time. */
  readonly seconds: number
}

/** One place, since the client was made. */
export interface LongListPlace extends LongList {
  /** Of the longest. */
  readonly rows: number
  readonly count: number
}

/** Long lists of one operation since the client was made. */
export interface LongListCounts {
  /** Lists that passed their limit and were answered whole. */
  over: number
  /** Lists that were cut to their default limit. */
  cut: number
  /** Rows of the longest of them. */
  rows: number
}

export interface CountedOperation {
  readonly model: string
  readonly operation: string
}

/** What has been quiet for so long that lists can be guarded. */
export interface QuietLists {
  /** When the first list was looked at, or the last long one came; milliseconds since 1970. */
  readonly since: number
  readonly days: number
  /** Lists without `take` that were looked at since then. */
  readonly lists: number
  /** Rows of the longest. */
  readonly longest: number
  /** The lowest limit that they were held against. */
  readonly limit: number
  /** Whether that says enough: seven days, and 1,000 lists. */
  readonly isLong: boolean
}

/** Who tells people: the log. */
export interface ListListener {
  long(report: LongListReport): void
  quiet(quiet: QuietLists): void
}
