import type { Ask } from './statement.ts'

/** The type whose array carries the keys to PostgreSQL; null where naming it could change how they compare. */
export function arrayTypeOf({ key, fact }: Pick<Ask, 'key' | 'fact'>): string | null {
  switch (key.type) {
    case 'Int':
      return key.nativeType?.name === 'SmallInt'
        ? 'smallint'
        : key.nativeType?.name === 'Oid'
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
