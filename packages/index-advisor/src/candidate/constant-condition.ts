import { quoteIdentifier, quoteMarkOf } from '@prisma-brisk/core'
import { isKnownInPlanning, type IndexNeed } from './index-need.ts'
import type { CatalogColumn, Provider } from '../catalog/catalog.ts'
import type { Condition, QueryShape } from '../shape/query-shape.ts'
import { literalSql } from '../statistics/sql-text.ts'
import { shareOf } from './selectivity.ts'

/** Share of the calls of one question from which on a value that all of them give counts as its constant. */
const NEARLY_ALL = 0.9
/** Share of the rows whose values must be known by name before a sum over some of them is the share of a range. */
const NEARLY_KNOWN = 0.99

/** A condition with the same value in nearly every call, as part of a predicate. */
export interface ConstantCondition {
  readonly column: string
  readonly sql: string
  /** As an entry of Prisma's `where:`; null where it can only say it with `raw(…)`. */
  readonly prisma: string | null
  /** Share of the rows it keeps; null where the statistics do not tell. */
  readonly share: number | null
  /** A b-tree that finds its rows by the column cannot also hold them in another order. */
  readonly breaksOrder: boolean
}

/** The constants of a question that a partial index could hold and the server would match. */
export function constantConditions(
  need: IndexNeed,
  shapes: readonly QueryShape[],
): readonly ConstantCondition[] {
  const { shape, table, provider } = need
  const asked = askedAlike(shapes, question(shape))
  const found = shape.conditions.flatMap((condition): ConstantCondition[] => {
    const column = table.columns.find((each) => each.name === condition.column)
    if (column === undefined || condition.isOptional || !isKnownInPlanning(need, condition)) return []
    if (!isComparable(provider, column) || isKeyOf(need, column.name)) return []
    const sql = sqlOf(provider, column, condition)
    if (sql === null || !isSpelledAlike(column, condition) || !isRepeated(condition, asked)) return []
    return [
      {
        column: column.name,
        sql,
        prisma: condition.operator === 'equals' ? entryOf(column, condition.literal) : null,
        share: keptBy(column, condition),
        breaksOrder: condition.operator !== 'equals',
      },
    ]
  })
  return found
}

const byQuestion = new WeakMap<readonly QueryShape[], Map<string, QueryShape[]>>()

/** Shapes of the source that ask the question. Sorted by it once: a large project asks thousands. */
function askedAlike(shapes: readonly QueryShape[], wanted: string): readonly QueryShape[] {
  let sorted = byQuestion.get(shapes)
  if (sorted === undefined) {
    sorted = new Map()
    for (const each of shapes) {
      if (each.evidence.kind !== 'source') continue
      const asked = question(each)
      const alike = sorted.get(asked)
      if (alike === undefined) sorted.set(asked, [each])
      else alike.push(each)
    }
    byQuestion.set(shapes, sorted)
  }
  return sorted.get(wanted) ?? []
}

/** The same columns asked in the same way, whatever the values. */
function question({ table, schema, conditions, order }: QueryShape): string {
  const asked = conditions.map((each) => `${each.column} ${each.operator} ${each.comparison ?? ''}`).sort()
  return JSON.stringify([schema, table, asked, order])
}

function isRepeated(condition: Condition, asked: readonly QueryShape[]): boolean {
  const value = valueOf(condition)
  let [all, same] = [0, 0]
  for (const { conditions, evidence } of asked) {
    const weight = evidence.calls ?? evidence.weight ?? 1
    all += weight
    if (conditions.some((each) => !each.isOptional && valueOf(each) === value)) same += weight
  }
  return all > 0 && same >= all * NEARLY_ALL
}

function valueOf({ column, operator, literal, literals, comparison }: Condition): string {
  return JSON.stringify([column, operator, comparison, literal, literals?.map(String).sort()])
}

/** Columns whose values compare in the index as they do when they are sent: text, numbers, booleans. */
function isComparable(
  provider: Provider,
  { type, isEnum, isList, isSupported, nativeType }: CatalogColumn,
): boolean {
  if (isList || !isSupported) return false
  if (isEnum) return true
  if (type === 'String') return nativeType === null || ['Text', 'VarChar'].includes(nativeType.name)
  if (['Int', 'Float', 'Boolean'].includes(type)) return true
  return provider === 'postgresql' && ['BigInt', 'Decimal'].includes(type)
}

/** A value of an enum that is mapped stands in the source by another name than in the database. */
function isSpelledAlike({ enumValues }: CatalogColumn, { literal, literals }: Condition): boolean {
  return enumValues === null || (literals ?? [literal]).every((each) => enumValues.includes(String(each)))
}

/** A key is asked for by its value; a foreign key must be found whatever the rest of the row holds. */
function isKeyOf({ table }: IndexNeed, column: string): boolean {
  return (
    table.foreignKeys.some((each) => each.columns.includes(column)) ||
    table.indexes.some((index) => index.kind !== 'index' && index.keys.some((key) => key.column === column))
  )
}

function sqlOf(provider: Provider, column: CatalogColumn, condition: Condition): string | null {
  const name = quoteIdentifier(column.name, quoteMarkOf(provider))
  const { operator, literal, literals, comparison } = condition
  const sql = (value: string | number | boolean) => constantSql(provider, value)
  if (operator === 'in' && literals !== undefined) return `${name} IN (${literals.map(sql).join(', ')})`
  if (literal === undefined || literal === null) return null
  if (operator === 'equals') return `${name} = ${sql(literal)}`
  return operator === 'range' && comparison !== undefined ? `${name} ${comparison} ${sql(literal)}` : null
}

/** SQLite knows no `E'…'`: a backslash is a character like any other there. */
function constantSql(provider: Provider, value: string | number | boolean): string {
  return provider === 'sqlite' && typeof value === 'string'
    ? `'${value.replaceAll("'", "''")}'`
    : literalSql(value)
}

/** Prisma takes texts, whole numbers and booleans; what its grammar cannot hold goes as `raw(…)`. */
function entryOf({ field, isEnum }: CatalogColumn, literal: Condition['literal']): string | null {
  if (isEnum) return null
  if (typeof literal === 'boolean') return `${field}: ${literal}`
  if (typeof literal === 'number')
    return Number.isSafeInteger(literal) && literal >= 0 ? `${field}: ${literal}` : null
  return typeof literal === 'string' && !/['\\\n\r"]/.test(literal)
    ? `${field}: ${JSON.stringify(literal)}`
    : null
}

function keptBy(column: CatalogColumn, condition: Condition): number | null {
  const { statistics } = column
  // What is not known by its value may be the commonest one.
  if (statistics?.shares == null)
    return condition.operator === 'equals' ? (statistics?.mostCommonFraction ?? null) : null
  if (condition.operator === 'equals') return shareOf(column, condition)
  if (condition.operator === 'in') {
    const shares = (condition.literals ?? []).map((literal) =>
      shareOf(column, { ...condition, operator: 'equals', literal }),
    )
    return shares.every((each) => each !== null)
      ? Math.min(
          1,
          shares.reduce((sum, each) => sum + each, 0),
        )
      : null
  }
  const known = [...statistics.shares.values()].reduce((sum, each) => sum + each, statistics.nullFraction)
  if (known < NEARLY_KNOWN || typeof condition.literal !== 'number') return null
  const { literal, comparison } = condition
  return [...statistics.shares]
    .filter(([value]) => holds(Number(value), comparison, literal))
    .reduce((sum, [, share]) => sum + share, 1 - known)
}

function holds(value: number, comparison: Condition['comparison'], bound: number): boolean {
  switch (comparison) {
    case '<':
      return value < bound
    case '<=':
      return value <= bound
    case '>':
      return value > bound
    default:
      return value >= bound
  }
}
