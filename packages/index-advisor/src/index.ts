export { advise, adviseOn, collect, type AdviceRun, type Collected, type Decision } from './advise.ts'
export type { AdviseOptions } from './options.ts'
export type { TableStatistics } from './catalog/with-statistics.ts'
export type { Candidate, CandidateKey, RejectedCandidate } from './candidate.ts'
export type {
  Catalog,
  CatalogColumn,
  CatalogForeignKey,
  CatalogIndex,
  CatalogTable,
  ClaimSource,
  ColumnStatistics,
  IndexKey,
  IndexType,
  OmittedModel,
  Provider,
  ReferentialAction,
  SortOrder,
} from './catalog/catalog.ts'
export type { Choice, ChoiceQuestion, Chooser, Chosen, Proof, QueryProof } from './chooser.ts'
export type { Condition, ConditionOperator, OrderKey, QueryShape, ShapeEvidence } from './query-shape.ts'
export type {
  Advice,
  Confidence,
  Evidence,
  Finding,
  FindingKind,
  Recommendation,
  Rejection,
  Severity,
} from './recommendation.ts'
export { AdvisorError, type AdvisorErrorCode } from './errors.ts'
export { writeMigration, type WriteSettings, type WrittenMigration } from './migration/write-migration.ts'
export { exportPostgresStatistics, type ExportOptions } from './statistics/export-postgres.ts'
export type { Row, SqlClient } from './statistics/sql-client.ts'
export type { Statistics } from './statistics/statistics.ts'
export { openEvidence, type Evidence as ProofEvidence, type ProofOptions } from './proof.ts'
export { provingChooser, type ProvingChooserOptions } from './choice/proving-chooser.ts'
export type { Plan, PlanNode } from './planner/plan.ts'
export {
  UnplannableQueryError,
  type HypotheticalIndex,
  type HypotheticalKey,
  type Planner,
  type PlannerGap,
  type PlannerName,
} from './planner/planner.ts'
export type { Binding, BindingKind, PlannableQuery } from './binding/binding.ts'
export { connectDatabase, exportStatistics, type DatabaseConnection } from './statistics/connect.ts'
export { readStatistics } from './statistics/read-statistics.ts'
export {
  verifyIndexes,
  type ComparedStatement,
  type Verification,
  type VerifiedIndex,
  type VerifyInput,
} from './verify/verify-indexes.ts'
export { readWorkload } from './workload/read-workload.ts'
export type { Workload, WorkloadQuery, WorkloadSource } from './workload/workload.ts'
