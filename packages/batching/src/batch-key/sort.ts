import type { Model } from '@prisma-brisk/core'

/** One column of an order. */
export interface Sort {
  readonly field: string
  readonly direction: 'asc' | 'desc'
  readonly nulls: 'first' | 'last' | null
}

/** An `orderBy` of the model's own columns, empty where there is none; null where it is of another kind. */
export function sortOf(model: Model, orderBy: unknown): readonly Sort[] | null {
  if (orderBy === undefined) return []
  const sort: Sort[] = []
  for (const entry of Array.isArray(orderBy) ? orderBy : [orderBy]) {
    if (typeof entry !== 'object' || entry === null) return null
    const names = Object.keys(entry)
    if (names.length !== 1) return null
    const [name] = names as [string]
    const field = model.fields.get(name)
    if (field === undefined || field.isList || (field.kind !== 'scalar' && field.kind !== 'enum')) return null
    const column = columnSort(name, (entry as Record<string, unknown>)[name])
    if (column === null) return null
    sort.push(column)
  }
  return sort
}

/** The order in which Prisma takes rows of a list that says none: that of the id, or of what else names a row. */
export function implicitSort({ id, uniques, fields }: Model): readonly Sort[] {
  const isRequired = (name: string) => fields.get(name)?.isRequired === true
  const key = id ?? uniques.find((each) => each.fields.every(isRequired))
  return (key?.fields ?? []).map((field) => ({ field, direction: 'asc', nulls: null }))
}

function columnSort(field: string, order: unknown): Sort | null {
  if (order === 'asc' || order === 'desc') return { field, direction: order, nulls: null }
  if (typeof order !== 'object' || order === null) return null
  const { sort, nulls, ...others } = order as { sort?: unknown; nulls?: unknown }
  if (Object.keys(others).length > 0 || (sort !== 'asc' && sort !== 'desc')) return null
  if (nulls !== undefined && nulls !== 'first' && nulls !== 'last') return null
  return { field, direction: sort, nulls: nulls ?? null }
}
