import { isAbsent, type Args, type Field, type Model, type SchemaModel } from '@prisma-brisk/core'

/**
 * The columns by whose values the lists of a model are told apart: foreign keys, and what an index, or a key of several
 * columns, begins with. Only types of which it is known what the database takes for equal: whole numbers, booleans, enums and
 * `@db.Uuid`. Texts are not: a collation may find `Ada` by `ADA`, and the schema does not say so.
 *
 * At most {@link MOST} a model, because each write of a row names the row's values in all of them.
 */
export function listColumns(schema: SchemaModel, model: Model): readonly Field[] {
  const known = memory.get(model)
  if (known !== undefined) return known
  const names = [
    ...model.relations.flatMap(({ fields }) => fields),
    ...[model.id, ...model.uniques].flatMap((key) =>
      key?.isCompound === true ? key.fields.slice(0, 1) : [],
    ),
    ...model.indexes.flatMap(({ fields }) => fields.slice(0, 1).map(({ name }) => name)),
  ]
  const fields = [...new Set(names)]
    .flatMap((name) => model.fields.get(name) ?? [])
    .filter((field) => isFit(schema, field))
    .slice(0, MOST)
  memory.set(model, fields)
  return fields
}

const memory = new WeakMap<Model, readonly Field[]>()
const MOST = 8

function isFit(schema: SchemaModel, field: Field): boolean {
  if (field.isList || field.isIgnored) return false
  // The database may make another value of it whenever it likes.
  if (field.default?.kind === 'function' && field.default.name === 'dbgenerated') return false
  if (field.kind === 'enum') {
    const values = schema.enums.get(field.type)?.values
    return values?.every(({ name, dbName }) => name === dbName) === true
  }
  if (field.kind !== 'scalar') return false
  return WHOLE.has(field.type) || field.type === 'Boolean' || field.nativeType?.name === 'Uuid'
}

const WHOLE: ReadonlySet<string> = new Set(['Int', 'BigInt'])

/** A value as the client has it, as text: equal values have equal texts. Undefined where that cannot be said; null is a value. */
export function textOfValue(field: Field, value: unknown): string | null | undefined {
  if (value === null) return null
  if (field.kind === 'enum') return typeof value === 'string' ? value : undefined
  if (WHOLE.has(field.type)) {
    if (typeof value === 'bigint') return String(value)
    return typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : undefined
  }
  if (field.type === 'Boolean') return typeof value === 'boolean' ? String(value) : undefined
  // PostgreSQL takes other spellings too, and writes this one.
  return typeof value === 'string' && UUID.test(value) ? value : undefined
}

/** A value as a source of changes tells it, in the same form. */
export function textOfTold(field: Field, text: string | null): string | null | undefined {
  if (text === null || field.kind === 'enum') return text
  if (WHOLE.has(field.type)) return /^-?\d{1,20}$/.test(text) ? String(BigInt(text)) : undefined
  if (field.type === 'Boolean') return BOOLEANS.get(text)
  return UUID.test(text) ? text : undefined
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
/** As `::text`, as `pgoutput` and as MySQL's log write them. */
const BOOLEANS: ReadonlyMap<string, string> = new Map([
  ['true', 'true'],
  ['t', 'true'],
  ['1', 'true'],
  ['false', 'false'],
  ['f', 'false'],
  ['0', 'false'],
])

/** A column, and the values of which every row that a `where` finds has one. */
export interface ColumnValues {
  readonly field: Field
  readonly texts: readonly (string | null)[]
}

/**
 * Of the columns whose values a `where` names, at its top or in an `AND`, that with the fewest; null where there is none, or
 * too many values.
 */
export function fewestValues(columns: readonly Field[], where: unknown): ColumnValues | null {
  let found: ColumnValues | null = null
  for (const field of columns) {
    const texts = valuesAsked(field, where)
    if (texts !== null && (found === null || texts.length < found.texts.length)) found = { field, texts }
  }
  return found
}

/** The values that a `where` leaves a column, in one spelling; null where it does not say, or names more than a few. */
export function valuesAsked(field: Field, where: unknown): readonly (string | null)[] | null {
  if (!isArguments(where)) return null
  // What is inherited Prisma does not send.
  const own = Object.hasOwn(where, field.name) ? valuesOf(field, where[field.name]) : null
  if (own !== null) return own
  const and = Object.hasOwn(where, 'AND') ? where['AND'] : undefined
  for (const each of Array.isArray(and) ? (and as unknown[]) : [and]) {
    const values = valuesAsked(field, each)
    if (values !== null) return values
  }
  return null
}

function valuesOf(field: Field, condition: unknown): readonly (string | null)[] | null {
  if (isAbsent(condition)) return null
  const direct = textOfValue(field, condition)
  if (direct !== undefined) return [direct]
  if (!isArguments(condition)) return null
  const given = Object.entries(condition).filter(([, value]) => !isAbsent(value))
  const [operator, value] = given[0] ?? []
  if (given.length !== 1) return null
  if (operator === 'equals') {
    const text = textOfValue(field, value)
    return text === undefined ? null : [text]
  }
  if (operator !== 'in' || !Array.isArray(value) || value.length === 0 || value.length > FEW) return null
  const texts = new Set<string>()
  for (const each of value as unknown[]) {
    const text = textOfValue(field, each)
    if (typeof text !== 'string') return null
    texts.add(text)
  }
  return [...texts].sort((a, b) => (a < b ? -1 : 1))
}

/** Each is one stamp more to compare at a hit. */
const FEW = 4

function isArguments(value: unknown): value is Args {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isAbsent(value)
}
