import type { Field } from '@prisma-brisk/core'
import type { ColumnFact } from '../key/column-facts.ts'

/** A key column, and what its database says of it. */
export interface KeyColumn {
  readonly field: Field
  readonly fact: ColumnFact | null
}

/** The PostgreSQL type of an array of these keys; null where naming it could change how they compare. */
export function arrayTypeOf({ field, fact }: KeyColumn): string | null {
  switch (field.type) {
    case 'Int':
      return field.nativeType?.name === 'SmallInt'
        ? 'smallint'
        : field.nativeType?.name === 'Oid'
          ? 'oid'
          : 'integer'
    case 'BigInt':
      return 'bigint'
    case 'Boolean':
      return 'boolean'
    default:
      return fact === null ? null : (arrays[fact.type] ?? null)
  }
}

const arrays: Readonly<Record<string, string>> = {
  text: 'text',
  varchar: 'text',
  bpchar: 'bpchar',
  uuid: 'uuid',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
}
