import type { RecordSink, SinkRecord } from '@prisma-brisk/slow-query'

/** A sink, and the records of one type that it was given, in the order they came. */
export function keptRecords<T extends SinkRecord['type']>(type: T) {
  const records: Extract<SinkRecord, { type: T }>[] = []
  const sink: RecordSink = {
    write(record) {
      if (record.type === type) records.push(record as Extract<SinkRecord, { type: T }>)
    },
  }
  return { sink, records }
}
