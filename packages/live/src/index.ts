export { startHub, DEFAULT_PORT, type Hub, type HubOptions } from './hub/hub.ts'
export { serveLive } from './serve-live.ts'
export type { Plans } from './history/plans.ts'
export { History, type HistoryListener, type RequestHistory } from './history/history.ts'
export type { MigrationAnswer, ProjectAdvice } from './advice/project-advice.ts'
export type { ExplainedStatement } from './hub/explainer.ts'
export type { HubStatus, ProblemView, RequestFilter } from './answer/api.ts'
export type { BatchedOperation, BatchingView } from './answer/batching-view.ts'
export type { FoldedCalls } from './answer/folded-calls.ts'
export type { Badge, RequestRow, RequestView } from './answer/request-view.ts'
export type { Saved } from './answer/saved.ts'
export type { TimeSeries } from './answer/time-series.ts'
export type { CacheView, QueryView, RouteView } from './answer/summaries.ts'
export type {
  Allowance,
  BriskConfig,
  BudgetConfig,
  BudgetRules,
  Level,
  RuleName,
} from './budget/budget-config.ts'
export {
  AdvisorMissingError,
  AllowanceError,
  BudgetConfigError,
  CommandFailedError,
  LiveArgumentError,
  LiveForgottenError,
  LiveInProductionError,
  NoHubError,
  NoRecordingError,
  NoRequestError,
  NothingRecordedError,
  PortError,
  RecordingFileError,
  RecordingVersionError,
} from './errors.ts'
export { BriskError } from '@prisma-brisk/core'
