export { advise, adviseOn, collect } from './advise.ts'
export type { AdviceRun, Collected, Decision } from './advice-run.ts'
export type { Project, SchemaFile } from '@prisma-brisk/core/project'
export type { SchemaReading } from './schema/schema-collector.ts'
export type { IgnoreComment, SchemaBlock } from './schema/schema-blocks.ts'
export type { RelationField } from './catalog/relation-field.ts'
export type { IndexStatement } from './candidate/index-statement.ts'
export type { AdviseOptions } from './options.ts'
export type { CatalogStatistics } from './catalog/with-statistics.ts'
export type { Candidate, CandidateKey, RejectedCandidate } from './candidate/candidate.ts'
export type {
  Catalog,
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogTable,
  CatalogWarning,
  ClaimSource,
  ColumnStatistics,
  IndexKey,
  IndexType,
  OmittedModel,
  Provider,
  ReferentialAction,
  RowSecurity,
  SortOrder,
} from './catalog/catalog.ts'
export type {
  IndexSelection,
  SelectionProblem,
  IndexSelector,
  SelectedIndex,
  Proof,
  QueryProof,
} from './selection/index-selector.ts'
export type { UnsettledRows } from './upkeep/unsettled.ts'
export type {
  ComparedExpression,
  Condition,
  ConditionOperator,
  Manner,
  OuterList,
  PrismaStatement,
  OrderKey,
  QueryShape,
  ShapeEvidence,
} from './shape/query-shape.ts'
export type {
  Advice,
  Confidence,
  Evidence,
  Finding,
  FindingCost,
  FindingKind,
  Recommendation,
  Remark,
  Rejection,
  Severity,
  WriteCost,
} from './advice/advice.ts'
export { BriskError } from '@prisma-brisk/core'
export { AdvisorError, type AdvisorErrorCode } from './errors.ts'
export { writeMigration, type WriteSettings, type WrittenMigration } from './migration/write-migration.ts'
export { exportPostgresStatistics, type ExportOptions } from './statistics/export-postgres.ts'
export type { Row, SqlClient } from './statistics/sql-client.ts'
export type {
  CommonValues,
  ExtendedStatistics,
  Partitioning,
  Statistics,
  StatisticsProvider,
  TableActivity,
  TableColumn,
  TableIndex,
  TableStatistics,
  UserType,
  ValueStatistics,
} from './statistics/statistics.ts'
export { planStatements, type PlannedStatement } from './plan-statements.ts'
export { openEvidence, type ProofEvidence, type ProofOptions } from './evidence.ts'
export { provingSelector, type ProvingSelectorOptions } from './selection/proving-selector.ts'
export type { Plan, PlanNode } from './planner/plan.ts'
export {
  UnplannableQueryError,
  type ExistingIndex,
  type HypotheticalIndex,
  type HypotheticalKey,
  type Planner,
  type PlannerGap,
  type PlannerName,
} from './planner/planner.ts'
export type { Binding, BindingKind, PlannableQuery } from './binding/binding.ts'
export { connectDatabase, exportStatistics, type DatabaseConnection } from './statistics/connect.ts'
export { readStatistics } from './statistics/read-statistics.ts'
export type { ComparedStatement } from './verify/compare-statements.ts'
export {
  verifyIndexes,
  type Verification,
  type VerifiedIndex,
  type VerifyInput,
} from './verify/verify-indexes.ts'
export { readWorkload } from './workload/read-workload.ts'
export type { ObservedStatement, Workload, WorkloadQuery, WorkloadSource } from './workload/workload.ts'
