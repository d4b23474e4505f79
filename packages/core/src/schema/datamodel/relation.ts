export type ReferentialAction = 'Cascade' | 'Restrict' | 'NoAction' | 'SetNull' | 'SetDefault'

/** One relation field. A relation has two, one on each side; in a self relation both are on one model. */
export interface Relation {
  /** The model this field is on. */
  readonly model: string
  readonly field: string
  /** The relation's name: as written, else Prisma's own (`PostToUser`). */
  readonly name: string
  /** The model it leads to. */
  readonly target: string
  readonly isList: boolean
  readonly isRequired: boolean
  /** The foreign key's fields where this side holds it, else `[]`. */
  readonly fields: readonly string[]
  /** The target's fields that the foreign key names, in the same order, else `[]`. */
  readonly references: readonly string[]
  /** The field on the other side; null where it is missing. */
  readonly backField: string | null
  /** What deleting the referenced row does to the referencing one; the same on both sides, Prisma's default resolved. */
  readonly onDelete: ReferentialAction
  /** What changing the referenced key does to the referencing row. */
  readonly onUpdate: ReferentialAction
  /** The join table Prisma keeps for an implicit many-to-many relation, else null. */
  readonly manyToMany: JoinTable | null
  readonly isIgnored: boolean
}

export interface JoinTable {
  readonly table: string
  readonly dbSchema: string | null
  /** The join table's column that holds this side's id, and the one that holds the other's: `A` and `B`. */
  readonly columns: { readonly here: string; readonly there: string }
}
