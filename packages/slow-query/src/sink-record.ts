import type { SlowQueryRecord } from './record.ts'

/** Everything a sink may get, told apart by `type`. */
export type SinkRecord = SlowQueryRecord
