/** Relation fields of every model, as the schema's blocks name them. */
export interface RelationField {
  readonly model: string
  readonly field: string
  readonly type: string
  readonly isList: boolean
  /** The `@relation` name, where one is given. */
  readonly name: string | null
  /** Present on the side that holds the foreign key. */
  readonly ownFields: readonly string[]
}
