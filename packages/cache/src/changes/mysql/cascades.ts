/** A foreign key by which a write to one table changes rows of another. */
export interface Cascade {
  readonly parent: string
  readonly child: string
  /** A column of the parent that is referred to. */
  readonly column: string
  readonly onDelete: string
  readonly onUpdate: string
}

/** The storage engine follows these itself, and the binary log does not have what it does. */
export const CASCADES = `SELECT k.REFERENCED_TABLE_NAME AS parent, k.TABLE_NAME AS child, k.REFERENCED_COLUMN_NAME AS \`column\`,
  r.DELETE_RULE AS onDelete, r.UPDATE_RULE AS onUpdate
FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
  ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.TABLE_SCHEMA = ? AND k.REFERENCED_TABLE_NAME IS NOT NULL ORDER BY 1, 2, 3`

/** Tables whose rows the engine changes with those of another database, whose changes are not read. */
export const FOREIGN_CHILDREN = `SELECT DISTINCT k.TABLE_NAME AS name
FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r
  ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
WHERE k.TABLE_SCHEMA = ? AND k.REFERENCED_TABLE_SCHEMA <> k.TABLE_SCHEMA
  AND (r.DELETE_RULE NOT IN ('RESTRICT', 'NO ACTION') OR r.UPDATE_RULE NOT IN ('RESTRICT', 'NO ACTION'))`

const acts = (rule: string): boolean => rule !== 'RESTRICT' && rule !== 'NO ACTION'

/**
 * Tables whose rows the storage engine changes with those of another.
 *
 * @param changed columns that an update has changed; null for rows that are deleted
 */
export function cascadedTables(
  cascades: readonly Cascade[],
  table: string,
  changed: ReadonlySet<string> | null,
): ReadonlySet<string> {
  const found = new Set<string>()
  const follow = (parent: string, isFirst: boolean): void => {
    for (const { parent: from, child, column, onDelete, onUpdate } of cascades) {
      if (from !== parent || found.has(child)) continue
      const follows = isFirst
        ? changed === null
          ? acts(onDelete)
          : acts(onUpdate) && changed.has(column)
        : // What happens to a child's rows may be either.
          acts(onDelete) || acts(onUpdate)
      if (!follows) continue
      found.add(child)
      follow(child, false)
    }
  }
  follow(table, true)
  return found
}
