import {
  isAbsent,
  type Field,
  type Key,
  type Model,
  type Provider,
  type SchemaModel,
} from '@prisma-brisk/core'
import { UnsupportedOrderError } from '../errors.ts'

import { cursorKeyTypeOf, type CursorKeyType } from './key-type.ts'
import { isUnique, tiebreakerOf } from '../tiebreaker.ts'

/** One column of a page's order. */
export interface SortKey {
  readonly field: string
  readonly type: CursorKeyType
  readonly direction: 'asc' | 'desc'
  /** Where rows without a value stand; null where there are none. */
  readonly nulls: 'first' | 'last' | null
}

/**
 * The keys of a keyset: the columns of `orderBy` up to where they decide every tie, else all of them and the tiebreaker.
 *
 * @throws UnsupportedOrderError for an order that is not by columns of the model, or by values that cannot be carried exactly
 */
export function sortKeysOf(
  schema: SchemaModel,
  model: Model,
  orderBy: unknown,
  provider: Provider,
  list: string,
): readonly SortKey[] {
  const keys: SortKey[] = []
  const fields = new Set<string>()
  for (const term of isAbsent(orderBy) ? [] : [orderBy].flat()) {
    for (const [field, order] of Object.entries(term as object)) {
      if (isAbsent(order) || fields.has(field)) continue
      keys.push(keyOf(schema, model, field, order, provider, list))
      fields.add(field)
      if (isUnique(model, fields)) return keys
    }
  }
  const tiebreaker = tiebreakerOf(model)
  if (tiebreaker === null)
    throw new UnsupportedOrderError(
      list,
      model.name,
      'has no unique key without nulls, which would decide between rows that tie',
    )
  for (const field of tiebreaker) {
    if (!fields.has(field)) keys.push(keyOf(schema, model, field, 'asc', provider, list))
  }
  return keys
}

function keyOf(
  schema: SchemaModel,
  model: Model,
  name: string,
  order: unknown,
  provider: Provider,
  list: string,
): SortKey {
  const field = model.fields.get(name)
  if (field === undefined || field.kind === 'relation')
    throw new UnsupportedOrderError(
      list,
      name,
      `is not a column of ${model.name}: a page can be ordered by the model's own columns alone. Keep the value in a column of its own`,
    )
  const { sort, nulls } =
    typeof order === 'object' ? (order as { sort?: unknown; nulls?: unknown }) : { sort: order }
  if (sort !== 'asc' && sort !== 'desc')
    throw new UnsupportedOrderError(list, name, "must be ordered by 'asc' or 'desc'")
  const type = cursorKeyTypeOf(schema, field, provider)
  if (typeof type === 'string') throw new UnsupportedOrderError(list, name, type)
  return { field: name, type, direction: sort, nulls: nullsOf(field, sort, nulls, provider) }
}

function nullsOf(field: Field, sort: 'asc' | 'desc', nulls: unknown, provider: Provider): SortKey['nulls'] {
  if (field.isRequired) return null
  return nulls === 'first' || nulls === 'last' ? nulls : defaultNulls(sort, provider)
}

/** PostgreSQL counts NULL as the largest value, all others as the smallest. */
function defaultNulls(sort: 'asc' | 'desc', provider: Provider): 'first' | 'last' {
  return (provider === 'postgresql') === (sort === 'asc') ? 'last' : 'first'
}

/** The unique key among the keys of an order: of the rows of a list it names one. */
export function uniqueKeyOf(model: Model, keys: readonly SortKey[]): Key | null {
  const fields = new Set(keys.map(({ field }) => field))
  const all = model.id === null ? model.uniques : [model.id, ...model.uniques]
  return (
    all.find(
      (key) => key.fields.every((field) => fields.has(field)) && isUnique(model, new Set(key.fields)),
    ) ?? null
  )
}

/** The same order from the other end. */
export function reversed(keys: readonly SortKey[]): readonly SortKey[] {
  return keys.map((key) => ({
    ...key,
    direction: key.direction === 'asc' ? 'desc' : 'asc',
    nulls: key.nulls === null ? null : key.nulls === 'first' ? 'last' : 'first',
  }))
}

/** As Prisma's `orderBy`; `nulls` only where it is not what the database does anyway, so that its index is used. */
export function orderByOf(keys: readonly SortKey[], provider: Provider): Record<string, unknown>[] {
  return keys.map(({ field, direction, nulls }) => ({
    [field]:
      nulls === null || nulls === defaultNulls(direction, provider) ? direction : { sort: direction, nulls },
  }))
}
