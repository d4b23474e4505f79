import type { Flight } from './single-flight.ts'
import type { ReadReport } from '../report/read-report.ts'
import type { Statistics } from '../report/statistics.ts'

/** What all clients of one base client share. */
export interface SharedReads {
  readonly flights: Map<string, Flight>
  readonly refreshing: Set<string>
  /** Entries on their way to the store. */
  readonly fills: Set<Promise<unknown>>
  readonly stats: Statistics
  readonly report: ReadReport
}
