import { quoteIdentifier, quoteMarkOf } from '@prisma-brisk/core'
import type { SchemaArgument, SchemaAttribute, SchemaExpression } from '@prisma-brisk/core/schema-syntax'
import type { Provider, SortOrder } from '../catalog/catalog.ts'
import { databaseClass } from './operator-class.ts'

type Expression = SchemaExpression | undefined

/** The attribute of that name; `@db.VarChar` is called `db.VarChar`. */
export function attributeOf(
  attributes: readonly SchemaAttribute[],
  name: string,
): SchemaAttribute | undefined {
  return attributes.find((each) => each.name === name)
}

/** What the database calls a model or a field: its `@map`, else its own name. */
export function databaseName(declared: {
  readonly name: string
  readonly attributes: readonly SchemaAttribute[]
}): string {
  return text(argument(attributeOf(declared.attributes, 'map'), 'name', 0)) ?? declared.name
}

/** The argument called `name`, or the `position`-th of the unnamed ones. */
export function argument(
  attribute: { readonly args: readonly SchemaArgument[] } | undefined,
  name: string,
  position?: number,
): Expression {
  const args = attribute?.args ?? []
  const named = args.find((each) => each.name === name)
  if (named !== undefined) return named.value
  return position === undefined ? undefined : args.filter((each) => each.name === null)[position]?.value
}

/** A string, a number or a bare word as text. */
export function text(expression: Expression): string | undefined {
  switch (expression?.kind) {
    case 'string':
      return expression.value
    case 'number':
    case 'path':
      return expression.text
    case 'call':
      return expression.name
    default:
      return undefined
  }
}

/** The words of a list, or the one word. */
export function names(expression: Expression): string[] {
  const list = expression?.kind === 'array' ? expression.items : expression === undefined ? [] : [expression]
  return list.flatMap((each) => text(each) ?? [])
}

export interface IndexedField {
  readonly field: string
  readonly sort: SortOrder
  readonly length: number | null
  readonly operatorClass: string | null
  /** The class is given as `raw("…")`. Default: by Prisma's own name, or not at all. */
  readonly isRaw?: true
}

/** `[title(length: 10, sort: Desc), body(ops: raw("gin_trgm_ops"))]` */
export function indexedFields(expression: Expression): IndexedField[] {
  const list = expression?.kind === 'array' ? expression.items : expression === undefined ? [] : [expression]
  return list.map((each) => ({
    field: text(each) ?? '',
    ...keyOptions(each.kind === 'call' ? each : undefined),
  }))
}

/** `sort`, `length` and `ops`, of a key or of a field's `@unique`. */
export function keyOptions(
  given: { readonly args: readonly SchemaArgument[] } | undefined,
): Omit<IndexedField, 'field'> {
  const length = text(argument(given, 'length'))
  const ops = argument(given, 'ops')
  return {
    sort: text(argument(given, 'sort')) === 'Desc' ? 'desc' : 'asc',
    length: length === undefined ? null : Number(length),
    operatorClass: (ops?.kind === 'call' ? text(ops.args[0]?.value) : databaseClass(text(ops))) ?? null,
    ...(ops?.kind === 'call' ? { isRaw: true } : {}),
  }
}

/**
 * The SQL of a partial index's `where:`, as Prisma writes it: `raw("…")` as it stands, an object as conjunction.
 * @param columnOf database name of a field
 */
export function predicateSql(
  where: Expression,
  provider: Provider,
  columnOf: (field: string) => string,
): string | null {
  if (where?.kind === 'call') return text(where.args[0]?.value) ?? null
  if (where?.kind !== 'object') return null
  return where.entries
    .map(({ name, value }) => {
      const column = quoteIdentifier(columnOf(name ?? ''), quoteMarkOf(provider))
      const not =
        value.kind === 'object' ? value.entries.find((each) => each.name === 'not')?.value : undefined
      if (not !== undefined) return isNull(not) ? `${column} IS NOT NULL` : `${column} != ${literal(not)}`
      return isNull(value) ? `${column} IS NULL` : `${column} = ${literal(value)}`
    })
    .join(' AND ')
}

function literal(expression: SchemaExpression): string {
  return expression.kind === 'string'
    ? `'${expression.value.replaceAll("'", "''")}'`
    : (text(expression) ?? 'NULL')
}

function isNull(expression: SchemaExpression): boolean {
  return expression.kind === 'path' && expression.text === 'null'
}
