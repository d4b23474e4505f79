import type { EnumType } from './field.ts'
import type { Model } from './model.ts'

/** What an application's Prisma schema says, with nothing left to derive. */
export interface SchemaModel {
  /** `postgresql`, `mysql`, `sqlite`, `sqlserver`, `cockroachdb` or `mongodb`. */
  readonly provider: string
  /** Of a client's own text, each is parsed when it is first asked for; going through all parses all. */
  readonly models: ReadonlyMap<string, Model>
  readonly enums: ReadonlyMap<string, EnumType>
  /** SHA-256, hexadecimal, of the schema text without comments, layout and generator blocks. */
  readonly hash: string
  readonly source: SchemaSource
  readonly relationMode: 'foreignKeys' | 'prisma'
  readonly previewFeatures: readonly string[]
}

export type SchemaSource = 'option' | 'generator' | 'inline'
