export { slowQuery, slowQueryPlugin } from './extension.ts'
export { briskComments, type BriskComments, type BriskCommentsOptions } from './comments.ts'
export { BriskError, InvalidOptionsError, UnsupportedClientError } from '@prisma-brisk/core'
export type {
  BriskExtension,
  ExtendedClient,
  InterchangeableClient,
  InterchangeableTransaction,
} from '@prisma-brisk/core'
export type { ExplainOptions, LoopAllowance, NPlusOneOptions, SlowQueryOptions } from './options.ts'
export type {
  ConnectionStats,
  ListLimitStats,
  QueriesClient,
  QueryMethods,
  QueryStatsOptions,
} from './queries.ts'
export { mergeStatistics, type QueriesSnapshot, type QueryStats } from './metrics/statistics.ts'
export type { TallySnapshot } from './metrics/tally.ts'
export type { SketchSnapshot } from './metrics/latency-sketch.ts'
export type {
  AlertEvent,
  AlertMetric,
  AlertState,
  DeferredFailureRecord,
  ErrorRecord,
  LongListRecord,
  NPlusOneReport,
  QuietListsRecord,
  RequestBudgetEvent,
  SinkRecord,
  SlowQueryRecord,
  SlowRequestRecord,
  SmallPoolRecord,
  StatementRecord,
} from './record/records.ts'
export {
  LiveDictionary,
  type LiveBrief,
  type LiveBriefCall,
  type LiveShape,
  type LiveText,
} from './record/live-brief.ts'
export {
  LIVE_FORGOTTEN,
  LIVE_PROTOCOL,
  type LiveAnswer,
  type LiveBatchEvent,
  type LiveCacheEvent,
  type LiveCall,
  type LiveLimit,
  type LiveMessage,
  type LivePlan,
  type LiveProblem,
  type LiveProcess,
  type LiveQuestion,
  type LiveReach,
  type LiveRecord,
  type LiveRequestBegun,
  type LiveRequestEnded,
  type LiveStatement,
  type LiveTransactionEvent,
} from './record/live-records.ts'
export {
  RECORDING_PROTOCOL,
  type RecordedCall,
  type RecordedLine,
  type RecordedProcess,
  type RecordedText,
  type RunningTest,
} from './record/recorded-call.ts'
export type { LiveTarget } from './live-target.ts'
export { LIVE_IN_PRODUCTION } from './live/live-mount.ts'
export type { AlertRule } from './alert/alert.ts'
export type { RequestBudget } from './request/request-budget.ts'
export type { RequestBeginner, RunningRequest } from './request/running-request.ts'
export type { RecordSink } from './sink/sink.ts'
export type {
  Counter,
  Gauge,
  MetricDeclaration,
  MetricLabels,
  MetricsRegistry,
  Timing,
  TimingDeclaration,
} from './metrics/own-metrics.ts'
export { InvalidMetricError, NotObservedError, NPlusOneError, QueryExpectationError } from './errors.ts'
export { consoleSink, type ConsoleSinkOptions } from './sink/console-sink.ts'
export { jsonLinesSink, type JsonLinesSink, type JsonLinesSinkOptions } from './sink/json-lines-sink.ts'
export { pinoSink, type PinoLike } from './sink/pino-sink.ts'
export { currentRequest, runRequest, type RequestInfo, type RequestScope } from '@prisma-brisk/core'
export { PROMETHEUS_CONTENT_TYPE } from './metrics/prometheus.ts'
export type { FinishedOperation, QueryTelemetry } from './telemetry.ts'
export { redactSql, type RedactedSql, type RedactOptions, type SqlDialect } from '@prisma-brisk/core'
