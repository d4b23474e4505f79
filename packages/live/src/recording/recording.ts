import type { Count } from './range.ts'

/** The version of the file. */
export const RECORDING_VERSION = 1

/**
 * What a suite of tests asks of its database: `brisk-queries.json`. Without values, and the same for the same suite in whatever order
 * its tests run.
 */
export interface Recording {
  readonly version: typeof RECORDING_VERSION
  /** By test (`test/feed.test.ts › lists posts`), route (`GET /posts/:id`) or job, else by the file that calls. */
  readonly queries: Readonly<Record<string, readonly QueryLine[]>>
}

/** The calls of one form in one test or route. */
export interface QueryLine {
  /** `Post.findMany({ where: { authorId }, take })` */
  readonly call: string
  /** The route or job within the test; absent: none. */
  readonly in?: string
  /** The file that makes the call; with line and column where asked for. Absent: not known. */
  readonly at?: string
  /** Calls in one run. */
  readonly calls: Count
  /** Statements that they send in one run. */
  readonly statements: Count
  /** Rows that one of them returns at most, as an order of magnitude. */
  readonly rows: Rows
  /** Calls of a loop over rows: one form, one place, several values, three or more. Absent: none. */
  readonly loop?: Count
  /** Reads of what was read before in the same run, with no write of the model between. Absent: none. */
  readonly duplicates?: Count
  /** A list that neither `take` nor a key bounds. */
  readonly unbounded?: true
  /** Fields compared for equality where no index begins with one of them. */
  readonly unindexed?: readonly string[]
  /** Of its statements together, as the planner counts, to two digits. Absent: not planned. */
  readonly cost?: number
  /** The plan of each statement: nodes, tables and indexes. */
  readonly plan?: readonly string[]
  /** Tables that are read whole, with their rows to two digits. */
  readonly scans?: Readonly<Record<string, number>>
}

export type Rows = '0' | '1' | `<${number}`

/** 0, 1, `<10`, `<100`, … */
export function rowsOf(rows: number): Rows {
  if (rows <= 1) return rows <= 0 ? '0' : '1'
  return `<${10 ** (Math.floor(Math.log10(rows)) + 1)}`
}

/** The most rows that it stands for. */
export function mostRows(rows: Rows): number {
  return rows.startsWith('<') ? Number(rows.slice(1)) : Number(rows)
}

/** What tells lines of one test apart. */
export function lineKey({ call, in: within }: Pick<QueryLine, 'call' | 'in'>): string {
  return within === undefined ? call : `${within}\u0000${call}`
}

/** By code unit, the same on every machine. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
