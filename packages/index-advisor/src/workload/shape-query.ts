import { quoteIdentifier } from '@prisma-brisk/core'
import type { CatalogForeignKey, CatalogTable } from '../catalog/catalog.ts'
import type { Condition, OrderKey, PrismaStatement, QueryShape } from '../shape/query-shape.ts'
import { literalSql, qualifiedName } from '../statistics/sql-text.ts'

/** A statement that asks what a shape asks, for shapes read in source code, where no statement was seen. */
export interface ShapeQuery {
  readonly sql: string
  readonly parameters: number
  /** It reads what Prisma's own statement reads: nothing of the call is left out. */
  readonly isExact: boolean
  /** Parameters, from 0, that stand for a literal of the source whose frequency is not known. Default: none. */
  readonly constants?: ReadonlySet<number>
}

/**
 * Null where nothing can be asked: no condition and no order that is known.
 *
 * @param hasValues the statistics hold values: without them a planner would take each literal of the source for a rare one,
 *   so it is asked for as a parameter, which may be the commonest value
 */
export function queryOfShape(shape: QueryShape, hasValues: boolean): ShapeQuery | null {
  const writer = new StatementWriter(shape, hasValues)
  const sql = writer.statement()
  if (sql === null) return null
  const { parameters, isExact, constants } = writer
  return { sql, parameters, isExact, ...(constants.size === 0 ? {} : { constants }) }
}

class StatementWriter {
  parameters = 0
  isExact: boolean
  readonly constants = new Set<number>()
  readonly #shape: QueryShape
  readonly #literal: Literals

  constructor(shape: QueryShape, hasValues: boolean) {
    this.#shape = shape
    this.#literal = hasValues ? literalSql : () => this.#constant()
    // Arms of an OR are sorted and cut together, not each.
    this.isExact = !shape.isPartial && shape.arm === null && shape.evidence.manner?.sortsBy === undefined
  }

  statement(): string | null {
    const shape = this.#shape
    const statement = shape.evidence.manner?.statement
    switch (statement?.kind) {
      case 'children':
        return this.#children(statement.columns, statement.sortedBy)
      case 'counts':
        return this.#counts(statement.columns)
      case 'exists':
      case 'not-exists':
      case 'join':
        return this.#filter(statement)
      case 'unknown':
        this.isExact = false
    }
    const conditions = this.#conditions(shape.conditions)
    const isWhole = shape.arm === null
    const given = isWhole ? shape.order.filter((key) => key.sort !== 'any') : []
    const order = given.length === 0 && statement?.kind === 'page' ? byKey(statement.columns) : given
    const name = qualifiedName(shape.schema, shape.table)
    const grouped = shape.order.filter((key) => key.sort === 'any').map((key) => quoteIdentifier(key.column))
    if (isWhole && grouped.length > 0 && shape.evidence.operation?.endsWith('.groupBy') === true)
      return `select ${grouped.join(', ')}, count(*) from ${name}${whereOf(conditions)} group by ${grouped.join(', ')}`
    if (conditions.length === 0 && given.length === 0) return null
    const bounds = isWhole ? this.#bounds(shape) : ''
    return shape.evidence.manner?.counts === true
      ? counted(`select 1 from ${name}${whereOf(conditions)}${orderOf(order)}${bounds}`)
      : `select * from ${name}${whereOf(conditions)}${orderOf(order)}${bounds}`
  }

  /** The rows of several parents, cut in memory where they are. */
  #children(columns: readonly string[], sortedBy: readonly string[] = []): string {
    const { schema, table, order } = this.#shape
    const isKey = ({ column, operator, literal }: Condition) =>
      operator === 'equals' && literal === undefined && columns.includes(column)
    const own = this.#conditions(this.#shape.conditions.filter((each) => !isKey(each)))
    if (columns.length > 1) this.isExact = false
    const keys = columns.map((column) =>
      columns.length > 1
        ? `${quoteIdentifier(column)} = ${this.#parameter()}`
        : `${quoteIdentifier(column)} in (${[1, 2, 3].map(() => this.#parameter()).join(', ')})`,
    )
    const given = this.#shape.arm === null ? order.filter((key) => key.sort !== 'any') : []
    const sorted = given.length === 0 ? byKey(sortedBy) : given
    return `select * from ${qualifiedName(schema, table)}${whereOf([...own, ...keys])}${orderOf(sorted)}`
  }

  #counts(columns: readonly string[]): string {
    const { schema, table } = this.#shape
    const own = this.#conditions(this.#own(columns))
    const keys = columns.map((column) => quoteIdentifier(column)).join(', ')
    return `select ${keys}, count(*) from ${qualifiedName(schema, table)}${whereOf(own)} group by ${keys}`
  }

  #filter({ kind, columns, outer }: FilterStatement): string {
    const { schema, table } = this.#shape
    const name = qualifiedName(outer.schema, outer.table)
    const [inner, around] = [qualifiedName(schema, table), quoteIdentifier(outer.table)]
    const own = this.#conditions(outer.conditions, `${around}.`)
    const alias = kind === 'join' ? 'j0' : 't0'
    const asked = this.#conditions(this.#own(kind === 'join' ? [] : columns), `${alias}.`)
    const keys = columns.map((column, at) => ({
      inner: `${alias}.${quoteIdentifier(column)}`,
      outer: `${around}.${quoteIdentifier(outer.columns[at] ?? '')}`,
    }))
    const pairs = keys.map((each) =>
      kind === 'join' ? `${each.inner} = ${each.outer}` : `${each.outer} = ${each.inner}`,
    )
    const present = keys.map((each) => `${each.inner} is not null`)
    const tail = (): string => orderOf(outer.order, `${around}.`) + this.#bounds(outer)
    const whole = (sql: string): string => (outer.counts === true ? counted(sql) : sql)
    if (kind === 'join')
      return whole(
        `select ${around}.* from ${name} left join ${inner} as ${alias} on ${pairs.join(' and ')}${whereOf([...own, ...asked, ...present])}${tail()}`,
      )
    const exists = `${kind === 'exists' ? '' : 'not '}exists (select ${keys[0]?.inner ?? '1'} from ${inner} as ${alias}${whereOf([...asked, ...pairs, ...present])})`
    return whole(`select * from ${name}${whereOf([...own, exists])}${tail()}`)
  }

  /** Without the lookup of a parent's rows. */
  #own(columns: readonly string[]): Condition[] {
    return this.#shape.conditions.filter(
      ({ column, operator, literal }) =>
        operator !== 'equals' || literal !== undefined || !columns.includes(column),
    )
  }

  #conditions(conditions: readonly Condition[], prefix = ''): string[] {
    return conditions.flatMap((condition) => {
      const sql = condition.isOptional
        ? null
        : conditionSql(condition, () => this.#parameter(), this.#literal, prefix)
      if (sql === null || condition.negates !== undefined) this.isExact = false
      return sql ?? []
    })
  }

  #bounds({ limit, offset }: Pick<QueryShape, 'limit' | 'offset'>): string {
    const bound = (word: string, count: QueryShape['limit']): string =>
      count === null ? '' : ` ${word} ${count === 'unknown' ? this.#parameter() : Math.trunc(count)}`
    return bound('limit', limit) + bound('offset', offset)
  }

  #constant(): string {
    this.constants.add(this.parameters)
    return this.#parameter()
  }

  #parameter(): string {
    return `$${++this.parameters}`
  }
}

function counted(sql: string): string {
  return `select count(*) from (${sql}) as sub`
}

type FilterStatement = Extract<PrismaStatement, { readonly outer: unknown }>

/** Ascending, as Prisma sorts a page that is asked for in no order. */
function byKey(columns: readonly string[]): OrderKey[] {
  return columns.map((column) => ({ column, sort: 'asc' }))
}

function whereOf(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`
}

function orderOf(order: readonly OrderKey[], prefix = ''): string {
  if (order.length === 0) return ''
  const keys = order.map(
    (key) =>
      `${prefix}${quoteIdentifier(key.column)} ${key.sort}${key.nulls === undefined ? '' : ` nulls ${key.nulls}`}`,
  )
  return ` order by ${keys.join(', ')}`
}

/** What the server asks of the child when a parent goes: PostgreSQL's own statement for the foreign key. */
export function queryOfForeignKey(table: CatalogTable, key: CatalogForeignKey): ShapeQuery {
  const name = qualifiedName(table.schema, table.name)
  const where = key.columns.map((column, at) => `${quoteIdentifier(column)} = $${at + 1}`).join(' and ')
  return { sql: `delete from ${name} where ${where}`, parameters: key.columns.length, isExact: true }
}

type Literals = (value: NonNullable<Condition['literal']>) => string

function conditionSql(
  condition: Condition,
  parameter: () => string,
  literal: Literals,
  prefix: string,
): string | null {
  const column = `${prefix}${quoteIdentifier(condition.column)}`
  const value = (): string =>
    condition.literal === undefined || condition.literal === null ? parameter() : literal(condition.literal)
  switch (condition.operator) {
    case 'equals':
      return condition.literal === null ? `${column} is null` : `${column} = ${value()}`
    case 'in':
      return `${column} in (${(condition.literals?.map((each) => literal(each)) ?? [parameter(), parameter(), parameter()]).join(', ')})`
    case 'is-null':
      return `${column} is null`
    case 'is-not-null':
      return `${column} is not null`
    case 'range':
      return `${column} ${condition.comparison ?? '>='} ${value()}`
    case 'prefix':
    case 'pattern':
      return `${column} like ${parameter()}`
    case 'not':
      return `${column} <> ${value()}`
    case 'list':
    case 'json-contains':
      return `${column} @> ${parameter()}`
    case 'json-key':
      return `${column} ? ${parameter()}`
    case 'any-case':
      return `${column} ilike ${parameter()}`
    case 'expression':
    case 'json':
    case 'search':
      return null
  }
}
