import type { Field } from './field.ts'
import type { Relation } from './relation.ts'
import type { Index, Key } from './table-index.ts'

/** One model or view. */
export interface Model {
  readonly name: string
  /** The table in the database: `@@map`, else the name. */
  readonly table: string
  /** `@@schema`, where the datasource uses several. */
  readonly dbSchema: string | null
  /** Every field in the schema's order, relations and ignored ones too. */
  readonly fields: ReadonlyMap<string, Field>
  readonly id: Key | null
  /** `@unique` and `@@unique`. Partial ones are not here: they do not promise that a value is unique (see `indexes`). */
  readonly uniques: readonly Key[]
  /** `@@index`, `@@fulltext` and partial uniques. */
  readonly indexes: readonly Index[]
  readonly relations: readonly Relation[]
  readonly isView: boolean
  /** `@@ignore`: in the database, not in the client. */
  readonly isIgnored: boolean
}
