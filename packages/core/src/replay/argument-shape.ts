import { types } from 'node:util'
import { isDecimal, isPlain } from '../operation/prisma-value.ts'
import type { EnumValue, Field } from '../schema/datamodel/field.ts'
import type { Model } from '../schema/datamodel/model.ts'
import type { SchemaModel } from '../schema/datamodel/schema-model.ts'

/** The arguments of a read without their values. */
export interface ArgumentShape {
  /** Two calls of one key send the same SQL, but for the length of their lists. */
  readonly key: string
  /** The values, in the order in which they stand. */
  readonly values: readonly ArgumentValue[]
}

export type ArgumentValue =
  string | number | boolean | bigint | Date | Uint8Array | object | readonly unknown[]

/**
 * Takes the values out of arguments, which it reads by the schema: it knows all that it passes, and gives null for the rest.
 *
 * Part of the key are: which filters stand where; of each value what Prisma's compiler tells apart (its type, whether a number
 * is whole and fits 32 bits, whether a list is empty, has one value or more); which values are the same, for Prisma binds
 * them once; and all of `select`, `omit`, `orderBy`, and of numbers without a parameter.
 */
export class ArgumentReader {
  private readonly values: ArgumentValue[] = []
  private key: string

  private constructor(
    private readonly schema: SchemaModel,
    private readonly isStrict: boolean,
    start: string,
  ) {
    this.key = start
  }

  /** The shape of a read's arguments; null where it is not known well enough. */
  static shapeOf(
    schema: SchemaModel,
    model: Model,
    operation: string,
    args: Readonly<Record<string, unknown>>,
  ): ArgumentShape | null {
    const isStrict = schema.previewFeatures.includes('strictUndefinedChecks')
    const reader = new ArgumentReader(schema, isStrict, `${model.name}.${operation}`)
    if (!reader.arguments(model, args) || reader.key.length > LONGEST_KEY) return null
    reader.sameValues()
    return { key: reader.key, values: reader.values }
  }

  private arguments(model: Model, args: Readonly<Record<string, unknown>>): boolean {
    for (const name in args) {
      const value = args[name]
      if (value === undefined) {
        if (this.isStrict) return false
        continue
      }
      this.key += `;${name}:`
      if (name === 'where') {
        if (!isPlain(value) || !this.where(model, value, 0)) return false
      } else if (name === 'select' || name === 'omit') {
        if (!isPlain(value) || !this.flags(model, value)) return false
      } else if (name === 'orderBy') {
        if (!this.structure(value, 0)) return false
      } else if (name === 'take' || name === 'skip') {
        if (typeof value !== 'number' || !isInt32(value) || value < 0) return false
        if (value === 0) this.key += '0'
        else this.value('n', value)
      } else return false
    }
    return true
  }

  private where(model: Model, where: Readonly<Record<string, unknown>>, depth: number): boolean {
    if (depth > DEEPEST) return false
    this.key += '{'
    for (const name in where) {
      const value = where[name]
      if (value === undefined) {
        if (this.isStrict) return false
        continue
      }
      this.key += `${name}:`
      const field = model.fields.get(name)
      if (field === undefined) {
        if (!this.combination(model, name, value, depth)) return false
      } else if (field.kind === 'relation') {
        if (!this.relation(field, value, depth)) return false
      } else if (!this.column(field, value, depth)) return false
    }
    this.key += '}'
    return true
  }

  /** `AND`, `OR`, `NOT`, or the values of a compound key. */
  private combination(model: Model, name: string, value: unknown, depth: number): boolean {
    if (name === 'AND' || name === 'OR' || name === 'NOT') {
      if (!Array.isArray(value)) return isPlain(value) && this.where(model, value, depth + 1)
      this.key += '['
      for (const each of value) if (!isPlain(each) || !this.where(model, each, depth + 1)) return false
      this.key += ']'
      return true
    }
    const keys = model.id === null ? model.uniques : [model.id, ...model.uniques]
    const key = keys.find((each) => each.isCompound && each.name === name)
    if (key === undefined || !isPlain(value)) return false
    this.key += '{'
    for (const part in value) {
      const field = model.fields.get(part)
      if (field === undefined || !key.fields.includes(part)) return false
      this.key += `${part}:`
      if (!this.scalar(field, value[part])) return false
    }
    this.key += '}'
    return true
  }

  private relation(field: Field, value: unknown, depth: number): boolean {
    const target = this.schema.models.get(field.type)
    if (target === undefined) return false
    if (value === null) {
      this.key += 'null'
      return true
    }
    if (!isPlain(value)) return false
    const filters = field.isList ? listFilters : rowFilters
    const names = Object.keys(value)
    if (!names.some((name) => filters.has(name))) return !field.isList && this.where(target, value, depth + 1)
    this.key += '<'
    for (const name of names) {
      const filter = value[name]
      if (!filters.has(name)) return false
      this.key += `${name}:`
      if (filter === null) this.key += 'null'
      else if (!isPlain(filter) || !this.where(target, filter, depth + 1)) return false
    }
    this.key += '>'
    return true
  }

  private column(field: Field, value: unknown, depth: number): boolean {
    if (value === null) {
      this.key += 'null'
      return field.type !== 'Json' && !field.isList
    }
    if (!isPlain(value)) return field.isList ? this.list(field, value) : this.scalar(field, value)
    if (field.type === 'Json' || depth > DEEPEST) return false
    this.key += '('
    for (const name in value) {
      const filter = value[name]
      if (filter === undefined) {
        if (this.isStrict) return false
        continue
      }
      this.key += `${name}:`
      if (!this.filter(field, name, filter, depth)) return false
    }
    this.key += ')'
    return true
  }

  private filter(field: Field, name: string, value: unknown, depth: number): boolean {
    if (field.isList) {
      if (name === 'has') return this.scalar(field, value)
      if (name === 'isEmpty') return this.flag(value)
      return (name === 'hasEvery' || name === 'hasSome' || name === 'equals') && this.list(field, value)
    }
    switch (name) {
      case 'in':
      case 'notIn':
        return this.list(field, value)
      case 'not':
      case 'equals':
        return name === 'not' && isPlain(value)
          ? this.column(field, value, depth + 1)
          : value === null
            ? this.column(field, value, depth)
            : this.scalar(field, value)
      case 'lt':
      case 'lte':
      case 'gt':
      case 'gte':
        return this.scalar(field, value)
      case 'contains':
      case 'startsWith':
      case 'endsWith':
        return field.type === 'String' && this.scalar(field, value)
      case 'mode':
        this.key += String(value)
        return value === 'insensitive' || value === 'default'
      default:
        return false
    }
  }

  private list(field: Field, given: unknown): boolean {
    // Batching hands lists of plain values over as what Prisma need not copy.
    const isWrapped = isPlain(given) && typeof given['toJSON'] === 'function'
    const value: unknown = isWrapped ? (given['toJSON'] as () => unknown)() : given
    if (!Array.isArray(value)) return false
    if (isWrapped && !value.every((each) => typeof each === 'string' || typeof each === 'number'))
      return false
    const [first] = value as unknown[]
    if (value.length < 2) {
      this.key += value.length === 0 ? '[]' : '[1]'
      return value.length === 0 || this.scalar(field, first)
    }
    const kind = this.kindOf(field, first)
    if (kind === null) return false
    for (let index = 1; index < value.length; index++)
      if (this.kindOf(field, value[index]) !== kind) return false
    this.value(`[${kind}]`, kind === 'e' ? value.map((each) => this.enumValue(field, each)) : value)
    return true
  }

  private scalar(field: Field, value: unknown): boolean {
    const kind = this.kindOf(field, value)
    if (kind === null) return false
    this.value(kind, kind === 'e' ? this.enumValue(field, value)! : (value as ArgumentValue))
    return true
  }

  private value(kind: string, value: ArgumentValue): void {
    this.key += kind
    this.values.push(value)
  }

  private flag(value: unknown): boolean {
    this.key += String(value)
    return typeof value === 'boolean'
  }

  /** `select` and `omit` of columns; relations are read by statements of their own. */
  private flags(model: Model, value: Readonly<Record<string, unknown>>): boolean {
    for (const name in value) {
      const flag = value[name]
      if (flag === undefined && !this.isStrict) continue
      const field = model.fields.get(name)
      if (typeof flag !== 'boolean' || field === undefined) return false
      if (field.kind === 'relation' && flag) return false
      this.key += `${name}=${flag},`
    }
    return true
  }

  /** Arguments of names alone. */
  private structure(value: unknown, depth: number): boolean {
    if (typeof value === 'string') {
      this.key += JSON.stringify(value)
      return true
    }
    if (depth > DEEPEST) return false
    if (Array.isArray(value)) {
      this.key += '['
      for (const each of value) if (!this.structure(each, depth + 1)) return false
      this.key += ']'
      return true
    }
    if (!isPlain(value)) return false
    this.key += '{'
    for (const name in value) {
      const each = value[name]
      if (each === undefined && !this.isStrict) continue
      this.key += `${JSON.stringify(name)}:`
      if (!this.structure(each, depth + 1)) return false
    }
    this.key += '}'
    return true
  }

  /** What Prisma's compiler tells apart of a value of this column; null for what it refuses, or what is not known. */
  private kindOf(field: Field, value: unknown): string | null {
    if (field.kind === 'enum') return this.enumValue(field, value) === undefined ? null : 'e'
    switch (field.type) {
      case 'String':
        return typeof value === 'string' ? 's' : null
      case 'Int':
        return typeof value === 'number' && isInt32(value) ? 'i' : null
      case 'BigInt':
        if (typeof value === 'bigint') return 'g'
        return typeof value === 'number' && isInt32(value) ? 'i' : null
      case 'Float':
        return typeof value === 'number' ? numberKind(value) : null
      case 'Decimal':
        if (typeof value === 'number') return numberKind(value)
        return isDecimal(value) ? 'D' : null
      case 'Boolean':
        return typeof value === 'boolean' ? 'b' : null
      case 'DateTime':
        return types.isDate(value) && !Number.isNaN(+value) ? 'd' : null
      case 'Bytes':
        return types.isUint8Array(value) ? 'y' : null
      default:
        return null
    }
  }

  private enumValue({ type }: Field, value: unknown): EnumValue | undefined {
    return this.schema.enums.get(type)?.values.find(({ name }) => name === value)
  }

  private sameValues(): void {
    const { values } = this
    if (values.length < 2) return
    const seen = new Map<string, number>()
    for (let index = 0; index < values.length; index++) {
      const text = textOf(values[index]!)
      const same = seen.get(text)
      if (same === undefined) seen.set(text, index)
      else this.key += `|${same}=${index}`
    }
  }
}

const LONGEST_KEY = 4000
const DEEPEST = 20
const listFilters: ReadonlySet<string> = new Set(['some', 'every', 'none'])
const rowFilters: ReadonlySet<string> = new Set(['is', 'isNot'])

function isInt32(value: number): boolean {
  return (value | 0) === value && !Object.is(value, -0)
}

function numberKind(value: number): string | null {
  if (isInt32(value)) return 'i'
  if (!Number.isFinite(value) || Number.isInteger(value)) return null
  return 'f'
}

/** Equal for equal values of one type. */
function textOf(value: ArgumentValue): string {
  if (typeof value !== 'object') return `${typeof value}:${String(value)}`
  if (types.isDate(value)) return `d:${+value}`
  if (Array.isArray(value)) return `[${value.map((each: ArgumentValue) => textOf(each)).join()}]`
  if (types.isUint8Array(value)) return `y:${Buffer.from(value).toString('base64')}`
  return isDecimal(value) ? `D:${value.toFixed()}` : `e:${(value as EnumValue).name}`
}
