import { types } from 'node:util'

/**
 * Tells Prisma's own values apart by their shape, never by their class: an application may carry several copies of
 * Prisma's runtime, and this package imports none.
 *
 * What makes the shape must be the object's own: arguments whose `__proto__` comes from a request would otherwise pass for
 * whatever they like, and all that stands in them would not count.
 */

/** `Prisma.skip`: the argument counts as not given. */
export function isSkip(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { ifUndefined?: unknown }).ifUndefined === 'function' &&
    isBare(value)
  )
}

/** Not given at all, as Prisma sees it: `undefined` or `Prisma.skip`. */
export function isAbsent(value: unknown): boolean {
  return value === undefined || isSkip(value)
}

/** An object literal: arguments, not one of Prisma's own values. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Neither an array nor one of Prisma's own values: an object of arguments. */
export function isArgumentObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isSkip(value)
}

/** `Prisma.DbNull`, `Prisma.JsonNull`, `Prisma.AnyNull`. */
export interface ObjectEnum {
  _getNamespace(): string
  _getName(): string
}

export function isObjectEnum(value: object): value is ObjectEnum {
  const candidate = value as Partial<ObjectEnum>
  return (
    typeof candidate._getName === 'function' && typeof candidate._getNamespace === 'function' && isBare(value)
  )
}

/** `prisma.user.fields.name`. */
export interface FieldReference {
  readonly modelName: string
  readonly name: string
  _toGraphQLInputType(): string
}

export function isFieldReference(value: object): value is FieldReference {
  return (
    typeof (value as Partial<FieldReference>)._toGraphQLInputType === 'function' &&
    Object.hasOwn(value, 'modelName') &&
    Object.hasOwn(value, 'name')
  )
}

/** A Decimal of decimal.js, whatever copy made it. */
export interface DecimalLike {
  /** Its digits, in groups. */
  readonly d: readonly number[]
  toFixed(): string
  valueOf(): string
}

export function isDecimal(value: unknown): value is DecimalLike {
  if (typeof value !== 'object' || value === null) return false
  const decimal = value as { toStringTag?: unknown; s?: unknown; e?: unknown; d?: unknown; toFixed?: unknown }
  if (typeof decimal.toFixed !== 'function' || !Object.hasOwn(value, 'd')) return false
  return (
    decimal.toStringTag === '[object Decimal]' ||
    (typeof decimal.s === 'number' && typeof decimal.e === 'number' && Array.isArray(decimal.d))
  )
}

/** What `Prisma.sql` makes. */
export interface SqlTemplate {
  readonly strings: readonly string[]
  readonly values: readonly unknown[]
}

export function isSqlTemplate(value: object): value is SqlTemplate {
  const template = value as Partial<SqlTemplate>
  return (
    Object.hasOwn(value, 'strings') &&
    Array.isArray(template.strings) &&
    Array.isArray(template.values) &&
    'statement' in value
  )
}

/** What a TypedSQL function makes. */
export interface TypedSql {
  readonly sql: string
  readonly values: readonly unknown[]
}

export function isTypedSql(value: object): value is TypedSql {
  // The hidden mark by which Prisma knows it; nothing else has it, and only what has it may be asked for its SQL.
  return Object.hasOwn(value, '$$PrismaTypedSql') && isBare(value)
}

/** Also one of another realm, as workers and test runners have them. */
export function isDate(value: object): value is Date {
  return types.isDate(value)
}

/** Has no keys of its own. */
function isBare(value: object): boolean {
  return Object.keys(value).length === 0
}
