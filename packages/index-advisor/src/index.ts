export { advise, type AdviseOptions, type AdviceRun, type Decision } from './advise.ts'
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
export { writeMigration, type WrittenMigration } from './migration/write-migration.ts'
export { exportPostgresStatistics, type ExportOptions } from './statistics/export-postgres.ts'
export type { Row, SqlClient } from './statistics/sql-client.ts'
export type { Statistics } from './statistics/statistics.ts'
