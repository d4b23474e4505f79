import type { Project } from '@prisma-brisk/core/project'
import type { Advice } from './advice/advice.ts'
import type { IndexStatement } from './candidate/index-statement.ts'
import type { QueryShape } from './shape/query-shape.ts'
import type { SchemaReading } from './schema/schema-collector.ts'
import type { SelectedIndex } from './selection/index-selector.ts'

/** The advice with what it was made from, for `write` and for the reports for people. */
export interface AdviceRun {
  readonly advice: Advice
  readonly project: Project
  /** Null where the provider is not supported. */
  readonly reading: SchemaReading | null
  /** What was read in the source and in the workload. */
  readonly shapes: readonly QueryShape[]
  /** One for each recommendation, in its order. */
  readonly decisions: readonly Decision[]
  /** What the advice rests on, in one sentence for people; null where the selector does not say. */
  readonly basis: string | null
}

export interface Decision {
  readonly chosen: SelectedIndex
  readonly statement: IndexStatement
}

/** What a project says of itself; the shapes of a workload are read against its catalog. */
export interface Collected {
  readonly project: Project
  /** A provider's name where it is not supported. */
  readonly reading: SchemaReading | { readonly unsupported: string }
}
