import { canonicalize, isPlain, type Args, type Field, type Model } from '@prisma-brisk/core'
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
  /** Whether something that was given twice, with the same value, stands in it once. */
  readonly hasTwice: boolean
}

/** Takes the equalities out of a `where`; null where there is none. */
export function equalitiesOf(model: Model, where: unknown, isUniqueRead: boolean): Equalities | null {
  if (!isPlain(where)) return null
  const found = new Map<string, Omit<KeyLocation, 'key'>>()
  const rest: Record<string, unknown> = {}
  let hasTwice = false
  /** A member of a compound key that stands beside it too is one condition more, where it is of another value. */
  const addTwice = (member: string, own: unknown, inKey: unknown): void => {
    if (areSame(own, inKey)) hasTwice = true
    else rest[member] = own
  }
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
        if (twice !== undefined) addTwice(member, valueAt(twice, where), (value as Args)[member])
        found.set(member, { name, form: { member } })
      }
      continue
    }
    // Of the fields of a unique key, findUnique takes plain values alone; findMany would take more.
    const isPlainOnly = isUniqueRead && (field.isId || field.isUnique)
    // Beside a unique key null is a value as any other: the statement asks for pairs.
    const isNull = value === null && isUniqueRead && !isPlainOnly
    const form = isKeyField(field) ? (isNull ? 'plain' : equalityForm(value, isPlainOnly)) : null
    if (form !== null) {
      const inKey = found.get(name)
      if (inKey === undefined) found.set(name, { name, form })
      else addTwice(name, valueAt({ name, form }, where), valueAt(inKey, where))
      continue
    }
    if (isPlainOnly) return null
    rest[name] = value
  }
  return found.size === 0 ? null : { found, rest, hasTwice }
}

/** The fields of a compound key of this name, where the value gives each of them a value. */
export function compoundMembers(model: Model, name: string, value: unknown): readonly string[] | null {
  const key = [model.id, ...model.uniques].find((each) => each?.isCompound === true && each.name === name)
  if (key === undefined || key === null || !isPlain(value)) return null
  const fits =
    Object.keys(value).length === key.fields.length && key.fields.every((field) => isKeyValue(value[field]))
  return fits ? key.fields : null
}

const areSame = (one: unknown, other: unknown): boolean => canonicalize(one) === canonicalize(other)

/** `5` and `{ equals: 5 }`; null for every other condition. */
function equalityForm(value: unknown, isPlainOnly: boolean): 'plain' | 'equals' | null {
  if (isKeyValue(value)) return 'plain'
  if (isPlainOnly || !isPlain(value)) return null
  const names = Object.keys(value)
  return names.length === 1 && names[0] === 'equals' && isKeyValue(value['equals']) ? 'equals' : null
}

/** Whether values of the field can be compared as a key. */
export function isKeyField(field: Field): boolean {
  return (
    !field.isList &&
    !field.isIgnored &&
    (field.kind === 'enum' || (field.kind === 'scalar' && field.type !== 'Json'))
  )
}

/** The value that stands at a place of a `where`. */
export function valueAt({ name, form }: Omit<KeyLocation, 'key'>, where: Args): unknown {
  const value = where[name]
  if (form === 'plain') return value
  return (value as Args)[form === 'equals' ? 'equals' : form.member]
}
