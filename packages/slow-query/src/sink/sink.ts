import type { SinkRecord } from '../record/records.ts'

/**
 * Where records go. A sink may be slow, throw, reject or hang: queries never wait for it, and what it cannot
 * take is dropped and counted.
 *
 * @example
 * const sink: RecordSink = { write: (record) => void (record.type === 'slow-query' && alert(record)) }
 */
export interface RecordSink {
  /** One record; the next one comes when the returned promise has settled. */
  write(record: SinkRecord): void | Promise<void>
  /** Writes out what is buffered; called on `$disconnect`. */
  flush?(): Promise<void>
}
