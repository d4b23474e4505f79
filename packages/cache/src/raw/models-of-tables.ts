import { cascadeTargets, type SchemaModel, type SqlDialect } from '@prisma-brisk/core'

/**
 * The models of tables that a statement has written, and those that the database changes in turn. Null where one of the tables
 * is none of the schema's: it may be a view or a partition of one.
 *
 * @param dialect whether names that differ in case are the same
 */
export function modelsOfTables(
  schema: SchemaModel,
  tables: ReadonlySet<string>,
  dialect: SqlDialect,
): ReadonlySet<string> | null {
  const known = namesOf(schema)
  const isStrict = dialect === 'postgresql'
  const found = new Set<string>()
  for (const table of tables) {
    const models = known.get(table.toLowerCase())?.filter((model) => !isStrict || model.table === table)
    if (models === undefined || models.length === 0) return null
    for (const { name, isWritten } of models) {
      found.add(name)
      if (isWritten) for (const target of cascadeTargets(schema, name)) found.add(target)
    }
  }
  return found
}

interface TableModel {
  readonly name: string
  readonly table: string
  /** Not for the table that joins it with another. */
  readonly isWritten: boolean
}

const memory = new WeakMap<SchemaModel, ReadonlyMap<string, readonly TableModel[]>>()

function namesOf(schema: SchemaModel): ReadonlyMap<string, readonly TableModel[]> {
  const known = memory.get(schema)
  if (known !== undefined) return known
  const names = new Map<string, TableModel[]>()
  const add = (model: TableModel): void => {
    const key = model.table.toLowerCase()
    const models = names.get(key)
    if (models === undefined) names.set(key, [model])
    else models.push(model)
  }
  for (const { name, table, isView, relations } of schema.models.values()) {
    if (isView) continue
    add({ name, table, isWritten: true })
    for (const { manyToMany } of relations)
      if (manyToMany !== null) add({ name, table: manyToMany.table, isWritten: false })
  }
  memory.set(schema, names)
  return names
}
