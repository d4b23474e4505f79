import { isPlain, type Args, type Field, type Model } from '@prisma-brisk/core'
import { isKeyValue } from '../key/argument-value.ts'

/** `{ id: 5 }`, `{ id: { equals: 5 } }`, or one member of `{ userId_day: { userId: 5, day: 7 } }`. */
export interface KeyLocation {
  /** Its index in `keys`. */
  readonly key: number
  readonly name: string
  readonly form: 'plain' | 'equals' | { readonly member: string }
}

export interface Equalities {
  /** Fields that are set equal to a value, and where. */
  readonly found: ReadonlyMap<string, Omit<KeyLocation, 'key'>>
  readonly rest: Args
}

/** Takes the equalities out of a `where`; null where there is none. */
export function equalitiesOf(model: Model, where: unknown, isUniqueRead: boolean): Equalities | null {
  if (!isPlain(where)) return null
  const found = new Map<string, Omit<KeyLocation, 'key'>>()
  const rest: Record<string, unknown> = {}
  for (const name in where) {
    const value = where[name]
    const field = model.fields.get(name)
    if (field === undefined) {
      const members = isUniqueRead ? compoundMembers(model, name, value) : null
      if (members === null) rest[name] = value
      for (const member of members ?? []) {
        const twice = found.get(member)
        // Two compound keys with a field in common: a list read knows neither of their names.
        if (twice !== undefined && typeof twice.form === 'object') return null
        if (twice !== undefined) rest[member] = where[member]
        found.set(member, { name, form: { member } })
      }
      continue
    }
    const form = isKeyField(field) ? equalityForm(value, isUniqueRead) : null
    if (form !== null) {
      // A member of a compound key that stands beside it too is one condition more, of this value or another.
      if (found.has(name)) rest[name] = value
      else found.set(name, { name, form })
      continue
    }
    // Of the fields of a unique key, findUnique takes plain values alone; findMany would take more.
    if (isUniqueRead && (field.isId || field.isUnique)) return null
    rest[name] = value
  }
  return found.size === 0 ? null : { found, rest }
}

function compoundMembers(model: Model, name: string, value: unknown): readonly string[] | null {
  const key = [model.id, ...model.uniques].find((each) => each?.isCompound === true && each.name === name)
  if (key === undefined || key === null || !isPlain(value)) return null
  const fits =
    Object.keys(value).length === key.fields.length && key.fields.every((field) => isKeyValue(value[field]))
  return fits ? key.fields : null
}

/** `5` and `{ equals: 5 }`; null for every other condition. */
function equalityForm(value: unknown, isUniqueRead: boolean): 'plain' | 'equals' | null {
  if (isKeyValue(value)) return 'plain'
  if (isUniqueRead || !isPlain(value)) return null
  const names = Object.keys(value)
  return names.length === 1 && names[0] === 'equals' && isKeyValue(value['equals']) ? 'equals' : null
}

function isKeyField(field: Field): boolean {
  return (
    !field.isList &&
    !field.isIgnored &&
    (field.kind === 'enum' || (field.kind === 'scalar' && field.type !== 'Json'))
  )
}

/** The value that stands at a place of a `where`. */
export function valueAt({ name, form }: KeyLocation, where: Args): unknown {
  const value = where[name]
  if (form === 'plain') return value
  return (value as Args)[form === 'equals' ? 'equals' : form.member]
}
