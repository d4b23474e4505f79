import { isPlain, type Args } from '@prisma-brisk/core'

/** An expression that stands as it is among arguments. */
export class Expression {
  constructor(readonly text: string) {}
}

/** `prisma.userProfile` */
export function accessor(model: string | null): string {
  return model === null ? 'prisma' : `prisma.${model.charAt(0).toLowerCase()}${model.slice(1)}`
}

/**
 * A call as code that can be pasted: names, orders, pages and choices of fields as they are, and in place of each value of a
 * condition a variable of the field's name, so that no value is told: `prisma.user.findMany({ where: { name }, take: 50 })`.
 */
export function callCode(
  model: string | null,
  operation: string,
  args: Readonly<Record<string, unknown>>,
): string {
  return `${accessor(model)}.${operation}(${argumentCode(args)})`
}

/** The arguments alone; conditions that are long are one variable, `where`. */
export function argumentCode(args: Readonly<Record<string, unknown>>): string {
  const { where } = args
  const text =
    Object.keys(args).length === 0 ? '' : codeOf(args, { field: 'value', isCondition: false, depth: 0 })
  if (text.length <= LONGEST || where === undefined || where instanceof Expression) return text
  return argumentCode({ ...args, where: new Expression('where') })
}

/** `ids`, what a list of values of this field would be called. */
export function listOf(field: string): string {
  return field.endsWith('s') ? `${field}List` : `${field}s`
}

/** `id`, what a value of this field would be called. */
export function variableOf(field: string): string {
  return RESERVED.has(field) || !/^[A-Za-z_$][\w$]*$/.test(field) ? 'value' : field
}

/** Adds a relation to what a call reads: where it chooses its fields, an `include` beside them would be refused. */
export function withRelation(args: Args, field: string, value: unknown): Args {
  const { select, include } = args
  if (isPlain(select)) return { ...args, select: { ...select, [field]: value } }
  return { ...args, include: { ...(isPlain(include) ? include : {}), [field]: value } }
}

/** A `where` without these fields; undefined where nothing else is left. */
export function whereWithout(where: unknown, fields: readonly string[]): object | undefined {
  if (!isPlain(where)) return undefined
  const rest = Object.entries(where).filter(
    ([name, value]) => value !== undefined && !fields.includes(name) && name !== fields.join('_'),
  )
  return rest.length === 0 ? undefined : Object.fromEntries(rest)
}

/** Characters of arguments, and levels. */
const LONGEST = 400
const DEEPEST = 12

interface Place {
  /** Whose values these are. */
  readonly field: string
  /** Within conditions what is no name is a value. */
  readonly isCondition: boolean
  readonly depth: number
}

function codeOf(value: unknown, place: Place): string {
  if (value instanceof Expression) return value.text
  // Arguments in a circle are Prisma's to refuse.
  if (place.depth > DEEPEST) return variableOf(place.field)
  if (Array.isArray(value)) return listCode(value, place)
  if (isPlain(value)) {
    const members = Object.entries(value).flatMap(([name, each]) => {
      if (each === undefined) return []
      const code = codeOf(each, placeWithin(name, place))
      const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
      return [code === key ? key : `${key}: ${code}`]
    })
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
  }
  // Whether something is there, or is included, is no value.
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string' && isName(value, place)) return `'${value}'`
  if (typeof value === 'number' && !place.isCondition && PAGES.has(place.field)) return String(value)
  return variableOf(place.field)
}

function listCode(values: readonly unknown[], place: Place): string {
  if (values.length === 0) return '[]'
  const isOfObjects = values.every((each) => isPlain(each) || each instanceof Expression)
  if (isOfObjects || (!place.isCondition && NAMES.has(place.field))) {
    const within = { ...place, depth: place.depth + 1 }
    const members = values.map((each) => codeOf(each, within))
    return `[${members.join(', ')}]`
  }
  return listOf(variableOf(place.field))
}

/** Whether it is a word of Prisma's, or the name of a field. */
function isName(value: string, { field, isCondition }: Place): boolean {
  return isCondition ? MODES.has(value) : ORDERS.has(value) || NAMES.has(field)
}

function placeWithin(name: string, { field, isCondition, depth }: Place): Place {
  return {
    depth: depth + 1,
    field: OPERATORS.has(name) ? field : name,
    isCondition: isCondition || name === 'where' || name === 'cursor' || name === 'having' || name === 'data',
  }
}

const OPERATORS: ReadonlySet<string> = new Set(
  'equals not in notIn lt lte gt gte contains startsWith endsWith search mode has hasSome hasEvery isEmpty is isNot some every none AND OR NOT path string_contains string_starts_with string_ends_with array_contains array_starts_with array_ends_with'.split(
    ' ',
  ),
)
/** Arguments whose numbers belong to the code, and those whose lists hold names of fields. */
const PAGES: ReadonlySet<string> = new Set(['take', 'skip', 'first', 'last', 'ttl', 'swr'])
const NAMES: ReadonlySet<string> = new Set(['distinct', 'by'])
const MODES: ReadonlySet<string> = new Set(['insensitive', 'default'])
const ORDERS: ReadonlySet<string> = new Set(['asc', 'desc', 'first', 'last'])
const RESERVED: ReadonlySet<string> = new Set(
  'await break case catch class const continue debugger default delete do else enum export extends false finally for function if implements import in instanceof interface let new null package private protected public return static super switch this throw true try typeof var void while with yield'.split(
    ' ',
  ),
)
