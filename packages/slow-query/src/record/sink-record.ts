import type { AlertEvent } from '../alert/alert.ts'
import type { DeferredFailureRecord } from './deferred-failure.ts'
import type { NPlusOneReport } from '../loop/loop-report.ts'
import type { RequestBudgetEvent, SlowRequestRecord } from './request-record.ts'
import type { SlowQueryRecord } from './records.ts'

/** Everything a sink may get, told apart by `type`. */
export type SinkRecord =
  | SlowQueryRecord
  | NPlusOneReport
  | AlertEvent
  | RequestBudgetEvent
  | SlowRequestRecord
  | DeferredFailureRecord
