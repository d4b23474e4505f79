import { createHash } from 'node:crypto'
import { isPlain, type Call, type Model, type SchemaModel } from '@prisma-brisk/core'

/** Characters; what is longer is cut, and told apart by a hash of the rest. */
const MAX_LENGTH = 400
const DEEPEST = 8

/**
 * A call as one would write it, without values: `Post.findMany({ where: { authorId }, take })`. Names are those of the schema and
 * of Prisma; lists of any length are one, and so is whatever stands in a JSON column or in `data`.
 */
export function callSignature({ host, model, operation, args }: Call): string {
  const schema = host.schema()
  const of = schema?.models.get(model ?? '')
  const parts = Object.keys(args)
    .filter((name) => args[name] !== undefined)
    .sort()
    .map((name) => argument(name, args[name], { model: of, schema }))
  return shortened(`${model ?? ''}${model === null ? '' : '.'}${operation}(${braced(parts)})`)
}

/** Cut where it is too long, so that different ones stay different. */
export function shortened(text: string): string {
  if (text.length <= MAX_LENGTH) return text
  return `${text.slice(0, MAX_LENGTH)}… ${createHash('sha256').update(text).digest('hex').slice(0, 8)}`
}

interface Place {
  readonly model: Model | undefined
  readonly schema: SchemaModel | null
}

function argument(name: string, value: unknown, at: Place): string {
  switch (name) {
    case 'where':
    case 'cursor':
    case 'having':
      return named(name, filter(value, at, 0))
    case 'select':
    case 'include':
    case 'omit':
    case '_count':
    case '_sum':
    case '_avg':
    case '_min':
    case '_max':
      return named(name, selection(value, at, 0))
    case 'data':
    case 'create':
    case 'update':
      return named(name, written(value, at, 0))
    case 'orderBy':
      return named(name, order(value, 0))
    case 'distinct':
    case 'by':
      return named(name, fieldNames(value, at))
    default:
      return name
  }
}

/** Fields and operators; relations as deep as they are asked through. */
function filter(value: unknown, at: Place, depth: number): string | null {
  if (Array.isArray(value)) return listOf(value, (each) => filter(each, at, depth))
  if (value === null) return 'null'
  if (!isPlain(value) || depth > DEEPEST) return null
  const parts = namesOf(value).map((name) => {
    const each = value[name]
    const field = at.model?.fields.get(name)
    // What stands below a column of JSON is a value, names included.
    if (field?.type === 'Json') return name
    const within = field?.kind === 'relation' ? { ...at, model: at.schema?.models.get(field.type) } : at
    if (field === undefined && !isArgumentOf(name, at)) return '?'
    return named(name, filter(each, within, depth + 1))
  })
  return braced(parts)
}

function selection(value: unknown, at: Place, depth: number): string | null {
  if (!isPlain(value) || depth > DEEPEST) return value === false ? 'false' : null
  const parts = namesOf(value).map((name) => {
    const field = at.model?.fields.get(name)
    const target = field?.kind === 'relation' ? at.schema?.models.get(field.type) : undefined
    const each = value[name]
    if (target === undefined || !isPlain(each)) return named(name, selection(each, at, depth + 1))
    const within = { ...at, model: target }
    const inner = namesOf(each).map((argumentName) => argument(argumentName, each[argumentName], within))
    return named(name, braced(inner))
  })
  return braced(parts)
}

/** The fields that are written, whatever is written into them; relations with what is done to them. */
function written(value: unknown, at: Place, depth: number): string | null {
  if (Array.isArray(value)) return listOf(value, (each) => written(each, at, depth))
  if (!isPlain(value) || depth > DEEPEST) return null
  const parts = namesOf(value).map((name) => {
    const field = at.model?.fields.get(name)
    const each = value[name]
    if (field?.kind !== 'relation' || !isPlain(each)) return name
    return named(name, braced(namesOf(each)))
  })
  return braced(parts)
}

function order(value: unknown, depth: number): string | null {
  if (value === 'asc' || value === 'desc') return value
  if (Array.isArray(value)) return listOf(value, (each) => order(each, depth))
  if (!isPlain(value) || depth > DEEPEST) return null
  // Of an order the sequence counts.
  const parts = Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .map((name) => named(name, order(value[name], depth + 1)))
  return braced(parts)
}

function fieldNames(value: unknown, { model }: Place): string {
  const names = (Array.isArray(value) ? value : [value]).filter(
    (each): each is string => typeof each === 'string' && model?.fields.has(each) === true,
  )
  return `[${names.join(', ')}]`
}

/** Members that are asked alike are one. */
function listOf(list: readonly unknown[], shown: (each: unknown) => string | null): string | null {
  const forms = [...new Set(list.map(shown))].filter((each) => each !== null).sort()
  return forms.length === 0 ? null : `[${forms.join(', ')}]`
}

/** Operators, and names of compound keys; a name that the schema does not have may be a value. */
function isArgumentOf(name: string, { model }: Place): boolean {
  return OPERATORS.has(name) || [model?.id, ...(model?.uniques ?? [])].some((key) => key?.name === name)
}

const OPERATORS: ReadonlySet<string> = new Set(
  'AND OR NOT equals not in notIn lt lte gt gte contains startsWith endsWith mode search some every none is isNot has hasEvery hasSome isEmpty isSet path string_contains string_starts_with string_ends_with array_contains array_starts_with array_ends_with _count _sum _avg _min _max'.split(
    ' ',
  ),
)

function namesOf(value: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(value)
    .filter((name) => value[name] !== undefined)
    .sort()
}

function named(name: string, inner: string | null): string {
  return inner === null ? name : `${name}: ${inner}`
}

function braced(parts: readonly string[]): string {
  return parts.length === 0 ? '{}' : `{ ${parts.join(', ')} }`
}
