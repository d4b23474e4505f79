export {
  boolean,
  bag,
  callable,
  checkOptions,
  either,
  finite,
  integer,
  list,
  oneOf,
  plainObject,
  record,
  text,
  type OptionCheck,
} from './option-check.ts'
export { BriskError, describe, InvalidOptionsError, UnsupportedClientError } from './errors.ts'
export {
  Call,
  type Args,
  type CallNotes,
  type FetchDecorator,
  type Middleware,
  type Next,
  type Send,
} from './call.ts'
export { callSiteOf } from './call-site.ts'
export type { CallTransaction, TransactionOutcome } from './call-transaction.ts'
export { channels, type QueryEvent } from './channels.ts'
export { compose } from './pipeline.ts'
export { currentCall, type DriverTap } from './driver-tap.ts'
export type {
  ConnectionWatch,
  DriverListener,
  Rewrite,
  SqlAnswer,
  Statement,
  TransactionEvent,
} from './driver-listener.ts'
export type { DriverPool, PoolGauge } from './driver-pool.ts'
export type { SqlAdapter, SqlAdapterFactory, SqlQuery, SqlQueryable, SqlTransaction } from './driver-ports.ts'
export type { Host, Provider } from './host.ts'
export { defineExtension, hostOf, mount, type MountOptions, type Plugin } from './prisma7.ts'
export type { BriskExtension, Fluent, ListReads, SingleReads } from './prisma7-types.ts'
export type {
  EnumType,
  EnumValue,
  Field,
  FieldDefault,
  FieldKind,
  LiteralValue,
  NativeType,
} from './field.ts'
export type { Model } from './model.ts'
export type { JoinTable, ReferentialAction, Relation } from './relation.ts'
export {
  loadSchemaModel,
  type SchemaModel,
  type SchemaOption,
  type SchemaSource,
  type SchemaSources,
} from './schema-model.ts'
export { parseSchema } from './schema-parser.ts'
export { fromMetadata, toMetadata, type SchemaMetadata } from './schema-metadata.ts'
export { schemaHash } from './schema-hash.ts'
export { SchemaSyntaxError } from './schema-syntax.ts'
export type { Index, IndexCondition, IndexField, IndexPredicate, Key } from './table-index.ts'
export {
  operationTraits,
  type OperationKind,
  type OperationResult,
  type OperationTraits,
} from './operation.ts'
export { canonicalize, canonicalizeWithout, CyclicArgumentsError, identity } from './canonical.ts'
export { cascadeTargets, type RowChange } from './cascade.ts'
export type { ModelSet } from './model-walk.ts'
export { readModels } from './read-models.ts'
export { writtenModels } from './written-models.ts'
export { relationOf, visitSelections, type Selection, type SelectionVisitor } from './selection-visit.ts'
export { isAbsent, isPlain, isSkip } from './prisma-value.ts'
export { countPlaceholders, readSelect, splitList, type SelectText } from './select-text.ts'
