import { canonicalize, isPlain, type Args, type Call, type Field, type Model } from '@prisma-brisk/core'
import { isKeyValue } from '../key/argument-value.ts'
import { compoundMembers, isKeyField } from './key-equalities.ts'
import { selectsNothing } from './selection.ts'

export const isUniqueRead = (operation: string): boolean =>
  operation === 'findUnique' || operation === 'findUniqueOrThrow'

/**
 * Which calls of one operation Prisma itself sends as one statement where it gets them in one tick: calls of equal text.
 * Null for all others: Prisma sends those one after another, in a transaction of their own.
 */
export function ownBatchOf({ operation, args, host }: Call, model: Model): string | null {
  const { where, ...others } = args
  if (!isUniqueRead(operation) || !isPlain(where) || !selectsPlainly(others, model)) return null
  if (selectsNothing(host, model, others)) return null
  const forms: string[] = []
  for (const name in where) {
    const value = where[name]
    if (value === undefined) continue
    const form = formOf(model, name, value)
    if (form === null) return null
    forms.push(form)
  }
  // Of two values for a field Prisma's own batch looks at one, and may find the row of another call.
  const fields = comparisonsOf(where, model).map(([field]) => field)
  if (new Set(fields).size < fields.length) return null
  return `own ${forms.sort().join(',')} ${canonicalize(others)}`
}

/**
 * Whether nothing is named to be left out but fields of the model. Prisma's own batch leaves out what there is not, where a call
 * alone would be refused.
 */
function selectsPlainly({ select, include, omit }: Args, model: Model | null): boolean {
  if (omit !== undefined) {
    if (model === null || !isPlain(omit)) return false
    for (const name in omit) if (!model.fields.has(name)) return false
  }
  for (const fields of [select, include]) {
    if (fields === undefined) continue
    if (!isPlain(fields)) return false
    for (const name in fields) {
      const nested = fields[name]
      if (nested !== true && !(isPlain(nested) && selectsPlainly(nested, null))) return false
    }
  }
  return true
}

function formOf(model: Model, name: string, value: unknown): string | null {
  const field = model.fields.get(name)
  if (field === undefined) return compoundMembers(model, name, value) === null ? null : name
  if (!isKeyField(field)) return null
  // Alone, `findUnique` takes a plain value for a unique field, neither null nor `equals`; Prisma's own batch takes both.
  if (field.isId || field.isUnique) return isKeyValue(value) ? name : null
  if (isScalar(value)) return name
  return isPlain(value) && Object.keys(value).join() === 'equals' && isScalar(value['equals'])
    ? `${name}=`
    : null
}

const isScalar = (value: unknown): boolean => value === null || isKeyValue(value)

/** The fields that a `where` of such calls compares, and the values they are to have. */
export function comparisonsOf(where: Args, model: Model): readonly (readonly [Field, unknown])[] {
  return Object.entries(where).flatMap(([name, value]) => {
    const field = model.fields.get(name)
    if (field !== undefined)
      return value === undefined ? [] : [[field, isPlain(value) ? value['equals'] : value]]
    const members = value as Args
    return Object.keys(members).map((member) => [model.fields.get(member) as Field, members[member]] as const)
  })
}
