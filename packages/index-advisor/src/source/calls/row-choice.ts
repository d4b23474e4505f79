import type { CatalogTable, Provider } from '../../catalog/catalog.ts'
import { ownPlace, type OrderKey, type QueryShape } from '../../shape/query-shape.ts'
import type { ModelFields } from './model-fields.ts'
import type { ObjectValue, StaticValue } from '../values/static-value.ts'
import { entryOf, objectsOf } from '../values/static-value.ts'

/** In which order a call asks for its rows, and how many of them. */
export type RowChoice = Pick<QueryShape, 'order' | 'limit' | 'offset'>

export const allRows: RowChoice = { order: [], limit: null, offset: null }

const ONE_ROW = new Set([
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'update',
  'delete',
  'upsert',
])

export function rowChoice(
  fields: ModelFields,
  table: CatalogTable,
  args: ObjectValue,
  operation: string,
): RowChoice {
  const offset = countOf(entryOf(args, 'skip')?.value)
  const grouped =
    entryOf(args, 'by') ?? (entryOf(args, 'orderBy') === undefined ? entryOf(args, 'distinct') : undefined)
  if (grouped !== undefined) {
    const order = namesOf(grouped.value).flatMap((field): OrderKey[] => {
      const column = fields.column(table, field)
      return column === undefined ? [] : [{ column: column.name, sort: 'any' }]
    })
    return { order, limit: null, offset }
  }
  const order = orderOf(fields, table, entryOf(args, 'orderBy')?.value)
  const limit = ONE_ROW.has(operation) ? 1 : limitOf(args)
  // The last rows are read as the first ones of the opposite order.
  if (isFromTheEnd(args) && order !== null) return { order: order.map(turned), limit, offset }
  // Where the order is not the index's, all rows are read and sorted, whatever the limit.
  return order === null ? { order: [], limit: null, offset } : { order, limit, offset }
}

/** Whether Prisma sorts by the id what is asked for in no order: pages, and a first row behind others. */
export function isSortedById(
  operation: string,
  { limit, offset }: Pick<RowChoice, 'limit' | 'offset'>,
): boolean {
  if (operation.startsWith('findFirst')) return offset !== null
  return (operation === 'findMany' || operation === 'count') && (limit ?? offset) !== null
}

export function isUnsortedPage(args: ObjectValue, operation: string): boolean {
  const offset = countOf(entryOf(args, 'skip')?.value)
  return entryOf(args, 'orderBy') === undefined && isSortedById(operation, { limit: limitOf(args), offset })
}

/** `take`, or the page sizes of @prisma-brisk/pagination. */
export function limitOf(args: ObjectValue): QueryShape['limit'] {
  for (const name of ['take', 'limit', 'first', 'last']) {
    const count = countOf(entryOf(args, name)?.value)
    if (count !== null) return count
  }
  return null
}

/** They are sorted by something that is no column of the table, or not known. */
export function isSortUnread(fields: ModelFields, table: CatalogTable, args: ObjectValue): boolean {
  return orderOf(fields, table, entryOf(args, 'orderBy')?.value) === null
}

/** `take: -5` */
export function isFromTheEnd(args: ObjectValue): boolean {
  const take = entryOf(args, 'take')?.value
  return take?.kind === 'literal' && typeof take.value === 'number' && take.value < 0
}

function turned(key: OrderKey): OrderKey {
  if (key.sort === 'any') return key
  const nulls =
    key.nulls === undefined ? {} : { nulls: key.nulls === 'first' ? ('last' as const) : ('first' as const) }
  return { ...key, sort: key.sort === 'asc' ? 'desc' : 'asc', ...nulls }
}

/** Null when rows are sorted by something no index of this table holds. */
function orderOf(
  fields: ModelFields,
  table: CatalogTable,
  value: StaticValue | undefined,
): OrderKey[] | null {
  if (value === undefined) return []
  const items = value.kind === 'array' ? value.items : [value]
  if (value.kind === 'array' && value.isOpen) return null
  const keys: OrderKey[] = []
  for (const item of items) {
    const [object, ...others] = objectsOf(item) ?? []
    if (object === undefined || others.length > 0 || object.isOpen) return null
    for (const [field, { value: direction, isOptional }] of object.entries) {
      const column = fields.column(table, field)
      const sort = sortOf(direction)
      if (column === undefined || isOptional || sort === null) return null
      // A direction chosen at run time fits any index when it stands alone.
      if (sort === 'either' && (object.entries.size > 1 || items.length > 1)) return null
      const nulls = nullsOf(direction, column.isNullable, sort, fields.catalog.provider)
      if (nulls === null) return null
      keys.push({
        column: column.name,
        sort: sort === 'either' ? 'asc' : sort,
        ...(nulls === undefined ? {} : { nulls }),
      })
    }
  }
  return keys
}

function countOf(value: StaticValue | undefined): number | 'unknown' | null {
  if (value === undefined || value.kind === 'undefined') return null
  return value.kind === 'literal' && typeof value.value === 'number' ? Math.abs(value.value) : 'unknown'
}

export function namesOf(value: StaticValue): string[] {
  const items = value.kind === 'array' ? value.items : [value]
  return items.flatMap((each) =>
    each.kind === 'literal' && typeof each.value === 'string' ? [each.value] : [],
  )
}

function sortOf(value: StaticValue): 'asc' | 'desc' | 'either' | null {
  if (value.kind === 'literal') return value.value === 'asc' || value.value === 'desc' ? value.value : null
  if (value.kind === 'scalar') return 'either'
  if (value.kind === 'choice') return value.options.every((each) => each.kind === 'literal') ? 'either' : null
  if (value.kind !== 'object') return null
  const direction = entryOf(value, 'sort')?.value
  return direction === undefined ? null : sortOf(direction)
}

/** Where the NULLs shall be; undefined where an index has them there anyway, null where it is not known. */
function nullsOf(
  value: StaticValue,
  isNullable: boolean,
  sort: 'asc' | 'desc' | 'either',
  provider: Provider,
): 'first' | 'last' | undefined | null {
  const nulls = value.kind === 'object' ? entryOf(value, 'nulls')?.value : undefined
  if (nulls === undefined || !isNullable) return undefined
  const place = nulls.kind === 'literal' ? nulls.value : null
  if ((place !== 'first' && place !== 'last') || sort === 'either') return null
  return place === ownPlace(provider, sort) ? undefined : place
}
