import type { CatalogTable } from '../../catalog/catalog.ts'
import type { ModelFields, ModelRelation } from './model-fields.ts'
import type { StaticValue } from '../values/static-value.ts'
import { entryOf, objectsIn } from '../values/static-value.ts'

/** Rows that a write looks for, by columns that are known and a `where`, and what it sets in them. */
export interface WrittenRows {
  readonly table: CatalogTable
  readonly lookup: readonly string[]
  readonly where: StaticValue | undefined
  /** Of which relation, and how: `posts.updateMany`. */
  readonly path: readonly string[]
  readonly sets: readonly string[]
}

/** Rows that nested writes look for among the children: by their foreign key and their own conditions. */
export function nestedRows(
  fields: ModelFields,
  table: CatalogTable,
  data: StaticValue | undefined,
  path: readonly string[] = [],
): WrittenRows[] {
  return objectsIn(data).flatMap((object) =>
    [...object.entries.keys()].flatMap((field) => {
      const relation = fields.relation(table, field)
      if (relation?.target === undefined || relation.target === null) return []
      return objectsIn(entryOf(object, field)?.value).flatMap((writes) =>
        [...writes.entries.keys()].flatMap((write) =>
          rowsOfWrite(fields, relation, write, entryOf(writes, write)?.value, [...path, field]),
        ),
      )
    }),
  )
}

function rowsOfWrite(
  fields: ModelFields,
  { target, targetColumns, isList }: ModelRelation,
  write: string,
  value: StaticValue | undefined,
  path: readonly string[],
): WrittenRows[] {
  if (target === null) return []
  const named = [...path.slice(0, -1), `${path.at(-1)}.${write}`]
  return objectsIn(value).flatMap((given): WrittenRows[] => {
    const rows: WrittenRows[] = []
    const whereIn = () => entryOf(given, 'where')?.value
    // `deleteMany: { status }` is the condition itself; `updateMany: { where, data }` holds one.
    const holdsWhere = write === 'updateMany' || ((write === 'update' || write === 'upsert') && isList)
    if (write === 'connectOrCreate' && whereIn() !== undefined)
      rows.push({ table: target, lookup: [], where: whereIn(), path: named, sets: [] })
    const where = write === 'deleteMany' ? given : holdsWhere ? whereIn() : undefined
    const data = entryOf(given, write === 'upsert' ? 'update' : 'data')?.value
    const isUpdate = write === 'update' || write === 'updateMany' || write === 'upsert'
    const written = data ?? (write === 'update' && !isList ? given : undefined)
    const sets = isUpdate ? columnsSet(fields, target, written) : []
    if (targetColumns !== null && (isList ? where !== undefined : sets.length > 0))
      rows.push({ table: target, lookup: targetColumns, where, path: named, sets })
    // What is written below may write on: `create` is the row itself, the others hold it.
    const held =
      write === 'create'
        ? [given]
        : ['data', 'create', 'update'].flatMap((name) => objectsIn(entryOf(given, name)?.value))
    return [
      ...rows,
      ...held.flatMap((row) => nestedRows(fields, target, row, path)),
      ...(write === 'update' && !isList ? nestedRows(fields, target, given, path) : []),
    ]
  })
}

/** Columns that an update of a row writes: those it names, the foreign keys it connects, and those that Prisma keeps itself. */
export function columnsSet(
  fields: ModelFields,
  table: CatalogTable,
  data: StaticValue | undefined,
): readonly string[] {
  const names = objectsIn(data).flatMap((object) => [...object.entries.keys()])
  const named = names.flatMap((field) => {
    const column = fields.column(table, field)
    if (column !== undefined) return [column.name]
    return table.foreignKeys.find((key) => key.relationField === field)?.columns ?? []
  })
  const kept = table.columns.filter((column) => column.isUpdatedAt === true).map((column) => column.name)
  return [...new Set([...named, ...kept])]
}
