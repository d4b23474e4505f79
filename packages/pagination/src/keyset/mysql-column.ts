import type { Call } from '@prisma-brisk/core'

/** What MySQL's catalog says of a column. */
export interface MysqlColumn {
  /** `enum('a','b')` */
  readonly type: string
  readonly collation: string | null
}

const state = Symbol('prisma-brisk.pagination.columns')

/** A column of the call's model, asked for once per client. */
export async function mysqlColumnOf(
  call: Call,
  field: string,
  beforeAsking: (field: string) => void,
): Promise<MysqlColumn | null> {
  const known = call.host.state(state, () => new Map<string, MysqlColumn | null>())
  const key = `${call.model}.${field}`
  const found = known.get(key)
  if (found !== undefined) return found
  beforeAsking(field)
  const model = call.host.schema()?.models.get(call.model as string)
  const rows = await call.queryRaw(
    'SELECT COLUMN_TYPE AS type, COLLATION_NAME AS collation FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND COLUMN_NAME = ?',
    [model?.table, model?.fields.get(field)?.column],
  )
  const column = (rows as MysqlColumn[])[0] ?? null
  known.set(key, column)
  return column
}

/**
 * Whether a collation compares by several levels: letters first, then accents or case. MariaDB sorts by a key that holds
 * all levels and may be cut, and what it sorts is not always what it compares.
 */
export function hasLevels(collation: string): boolean {
  return /_(ai_cs|as_ci|as_cs)(_ks)?$/.test(collation)
}
