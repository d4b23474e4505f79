import type { LiveQuestion } from './record/live-records.ts'

/** A hub of `brisk live`, as a process that reports to it sees it. */
export interface LiveTarget {
  /**
   * Takes lines of JSON, see `LiveMessage` and `LiveBrief`. A promise that rejects drops them; with the code `E_LIVE_FORGOTTEN` they
   * are sent once more, with all definitions.
   */
  send(lines: string): void | Promise<void>
  /** Where its page is, `http://127.0.0.1:4983`, without the token; null while that is not known. Absent: it has none. */
  origin?(): string | null
  /**
   * Resolves with what the hub wants to know of the process, or after a while with nothing; rejects where the hub is gone.
   * Absent: it asks nothing.
   *
   * @param process as `LiveProcess.process`
   */
  questions?(process: string): Promise<readonly LiveQuestion[]>
}
