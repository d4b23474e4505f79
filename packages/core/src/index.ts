export {
  boolean,
  bag,
  callable,
  checkOptions,
  either,
  finite,
  integer,
  list,
  nearest,
  oneOf,
  plainObject,
  record,
  text,
  type OptionCheck,
} from './option-check.ts'
export {
  BriskError,
  describe,
  failureOutcome,
  InvalidOptionsError,
  UnsupportedClientError,
} from './errors.ts'
export type { Args, Call, CallNotes, FetchDecorator, Send } from './pipeline/call.ts'
export { ChangeWatch, type ChangeCounts, type ChangeListener } from './pipeline/change-watch.ts'
export { DeferredWatch, type DeferredCounts, type DeferredFailure } from './pipeline/deferred-watch.ts'
export { computedCall } from './pipeline/computed-call.ts'
export { awaitingSiteOf, callSiteOf, stackHere } from './pipeline/call-site.ts'
export type { CallTransaction, TransactionOutcome } from './pipeline/call-transaction.ts'
export { channels, type QueryEvent } from './channels.ts'
export { lengthOf, longListAdvice, quietAdvice } from './list/list-advice.ts'
export { ListWatch } from './list/list-watch.ts'
export type {
  CountedOperation,
  ListListener,
  LongList,
  LongListCounts,
  LongListPlace,
  LongListReport,
  QuietLists,
} from './list/long-list.ts'
export { compose, type Middleware, type Next } from './pipeline/middleware.ts'
export { judgeFailure } from './driver/failure/judge-failure.ts'
export type { Failure, FailureOutcome, FailureReason } from './driver/failure/failure.ts'
export { currentCall, runningCall } from './driver/current-call.ts'
export { DriverTap } from './driver/driver-tap.ts'
export { type SqlCommenter, type SqlCommentContext, type SqlTags } from './driver/sql-comments.ts'
export { ContextCaller, StatementCallers, type StatementCaller } from './driver/statement-callers.ts'
export { TransactionRegistry, type TransactionScope } from './transaction/transaction-registry.ts'
export type {
  DriverListener,
  DriverTransaction,
  Rewrite,
  SqlAnswer,
  Statement,
  TransactionEvent,
} from './driver/driver-listener.ts'
export type { DriverPool, PoolGauge } from './driver/connection/driver-pool.ts'
export type {
  ConnectionWatch,
  SqlAdapter,
  SqlAdapterFactory,
  SqlQuery,
  SqlQueryable,
  SqlTransaction,
} from './driver/connection/adapter-ports.ts'
export type { Host, Provider } from './pipeline/host.ts'
export {
  currentRequest,
  currentScope,
  enterScope,
  runInScope,
  runRequest,
  WatchedScope,
  type RequestInfo,
  type RequestScope,
  type RequestWatcher,
} from './request/request-scope.ts'
export { isOwnHook } from './prisma7/dispatcher.ts'
export type { ForeignWrites } from './prisma7/write-followers.ts'
export { Replay, type ReadRequest, type ReplayStatistics, type RequestFacts } from './replay/replay.ts'
export { decorateReads, defineExtension, hostOf, mount, type MountOptions, type Plugin } from './mount.ts'
export type { DecoratedRead, LazyRead, ReadDecoration } from './prisma7/decorated-reads.ts'
export type {
  BriskExtension,
  ExtendedClient,
  InterchangeableClient,
  InterchangeableTransaction,
  TransactionOf,
} from './prisma7/extension-types.ts'
export type {
  AddedArguments,
  ListRow,
  ModelReads,
  OptionalRead,
  OwnArguments,
  PrismaPromise,
  PromiseMembers,
  ReadResult,
  RequiredRead,
} from './prisma7/model-reads.ts'
export type {
  EnumType,
  EnumValue,
  Field,
  FieldDefault,
  FieldKind,
  LiteralValue,
  NativeType,
} from './schema/datamodel/field.ts'
export type { Model } from './schema/datamodel/model.ts'
export type { JoinTable, ReferentialAction, Relation } from './schema/datamodel/relation.ts'
export { loadSchemaModel, type SchemaOption, type SchemaSources } from './schema/load-schema.ts'
export type { SchemaModel, SchemaSource } from './schema/datamodel/schema-model.ts'
export { parseSchema } from './schema/parser/schema-parser.ts'
export { fromMetadata, toMetadata, type SchemaMetadata } from './schema/schema-metadata.ts'
export { schemaHash } from './schema/datamodel/schema-hash.ts'
export { SchemaSyntaxError } from './schema/parser/schema-syntax.ts'
export type {
  Index,
  IndexCondition,
  IndexField,
  IndexPredicate,
  Key,
} from './schema/datamodel/table-index.ts'
export {
  operationTraits,
  type OperationKind,
  type OperationResult,
  type OperationTraits,
} from './operation/operation.ts'
export { allOf } from './operation/all-of.ts'
export { canonicalize, canonicalizeWithout, CyclicArgumentsError, identity } from './operation/canonical.ts'
export { cascadeTargets, type RowChange } from './access/cascade.ts'
export type { ModelSet } from './access/model-walk.ts'
export { readModels } from './access/read-models.ts'
export { writtenModels } from './access/written-models.ts'
export {
  relationOf,
  visitSelections,
  type Selection,
  type SelectionVisitor,
} from './operation/selection-visit.ts'
export { isAbsent, isDecimal, isPlain, isSkip, type DecimalLike } from './operation/prisma-value.ts'
export { quoteIdentifier, quoteMarkOf, type QuoteMark } from './sql/quote-identifier.ts'
export { writtenTables } from './sql/written-tables.ts'
export { copyBytes, define, isPlainPrototype, valueCopier } from './operation/value-copy.ts'
export { sendApart, sendUniqueRead } from './prisma7/request-loader.ts'
export { processName } from './process-name.ts'
export * as realTimers from './real-timers.ts'
export { countPlaceholders, readSelect, splitList, type SelectText } from './driver/select-text.ts'
export { redactSql, sqlFingerprint, type RedactedSql, type RedactOptions } from './sql/redact-sql.ts'
export { dialectOf, type SqlDialect } from './sql/sql-lexer.ts'
