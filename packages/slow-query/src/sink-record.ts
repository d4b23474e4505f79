import type { AlertEvent } from './alert.ts'
import type { DeferredFailureRecord } from './deferred-failure.ts'
import type { NPlusOneReport } from './n-plus-one-report.ts'
import type { RequestBudgetEvent, SlowRequestRecord } from './request-record.ts'
import type { SlowQueryRecord } from './record.ts'

/** Everything a sink may get, told apart by `type`. */
export type SinkRecord =
  | SlowQueryRecord
  | NPlusOneReport
  | AlertEvent
  | RequestBudgetEvent
  | SlowRequestRecord
  | DeferredFailureRecord
