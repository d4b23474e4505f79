/** What a field holds: a column of a Prisma type, a column of an enum, a relation, or a type Prisma cannot read. */
export type FieldKind = 'scalar' | 'enum' | 'relation' | 'unsupported'

/** One field of a model, as the client names it. */
export interface Field {
  /** The name in the client. */
  readonly name: string
  /** The column in the database: `@map`, else the name. For a relation, which has no column, the name. */
  readonly column: string
  readonly kind: FieldKind
  /** `Int`, `String`, …; the enum's or the target model's name; for `Unsupported("…")` the database type. */
  readonly type: string
  /** `@db.VarChar(100)` is `{ name: 'VarChar', args: ['100'] }`. */
  readonly nativeType: NativeType | null
  readonly isList: boolean
  /** Neither optional nor nullable; a list is always required, as Prisma counts it. */
  readonly isRequired: boolean
  /** Carries `@id` itself; a member of `@@id` does not. */
  readonly isId: boolean
  /** One value never repeats: `@unique` or a one-field `@@unique`, and not a partial one. */
  readonly isUnique: boolean
  readonly isUpdatedAt: boolean
  readonly hasDefault: boolean
  readonly default: FieldDefault | null
  /** The database, not Prisma, makes the value: autoincrement(), sequence(), dbgenerated(). */
  readonly isGenerated: boolean
  /** `@ignore`: in the database, not in the client. */
  readonly isIgnored: boolean
}

export interface NativeType {
  readonly name: string
  readonly args: readonly string[]
}

export type LiteralValue = string | number | boolean

/**
 * `@default(…)`. Numbers that a JavaScript number cannot hold exactly, and all BigInt and Decimal defaults, stay text.
 * Enum defaults are the value's name in the client.
 */
export type FieldDefault =
  | { readonly kind: 'value'; readonly value: LiteralValue | readonly LiteralValue[] }
  | { readonly kind: 'function'; readonly name: string; readonly args: readonly LiteralValue[] }

export interface EnumType {
  readonly name: string
  /** The type in the database: `@@map`, else the name. */
  readonly dbName: string
  /** `@@schema`, where the datasource uses several. */
  readonly dbSchema: string | null
  readonly values: readonly EnumValue[]
}

export interface EnumValue {
  readonly name: string
  /** The value in the database: `@map`, else the name. */
  readonly dbName: string
}
