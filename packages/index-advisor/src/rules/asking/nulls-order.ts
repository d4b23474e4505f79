import { leavesFew } from '../../candidate/selectivity.ts'
import { quoteIdentifier } from '@prisma-brisk/core'
import { byHand } from '../../candidate/by-hand.ts'
import type { CandidateKey } from '../../candidate/candidate.ts'
import { isIndexable, key } from '../../candidate/index-need.ts'
import type { CatalogTable, IndexKey } from '../../catalog/catalog.ts'
import { isPlain, isUniqueFor } from '../../catalog/coverage.ts'
import { tableOf, type Advised, type Rule } from '../../rule.ts'
import type { OrderKey, QueryShape } from '../../shape/query-shape.ts'

/** Rows below which nobody feels a sort, where their number is known. */
const FEW = 1_000

export const nullsOrder: Rule = {
  name: 'nulls-order',
  summary: 'A page is sorted with its NULLs where no declared index has them.',
  why: `PostgreSQL’s indexes have NULLs last (first when they are read backwards), and serve no sort that puts them elsewhere:
\`{ score: { sort: 'desc', nulls: 'last' } }\` reads and sorts all rows for each page. Prisma’s schema cannot say where an
index has its NULLs, so such an index is made in a migration by hand; the schema declares it without them, or the next \`prisma
migrate dev\` would drop it.`,
  silent: [
    'Databases other than PostgreSQL.',
    'No `take`: all rows are read anyway.',
    `The column is required, the table is known to have fewer than ${FEW.toLocaleString('en')} rows, or an index of a migration has that order.`,
    'The query compares a unique key, or holds no equality that leaves few rows beside what could not be read.',
  ],
  example: {
    given: `prisma.player.findMany({ orderBy: { score: { sort: 'desc', nulls: 'last' } }, take: 10 })`,
    then: 'a remark with `CREATE INDEX … ("score" DESC NULLS LAST)`',
  },
  apply({ catalog, shapes }) {
    if (catalog.provider !== 'postgresql') return {}
    const advice = shapes.flatMap((shape): Advised[] => {
      const table = tableOf(catalog, shape)
      const { weight, at, operation = 'A query' } = shape.evidence
      if (table === undefined || weight === 0 || shape.limit === null || (table.rows ?? FEW) < FEW) return []
      const equal = equalColumns(table, shape)
      const order = shape.order.filter((each) => !equal.includes(each.column))
      if (!order.some((each) => each.nulls !== undefined) || !order.every((each) => isKey(table, each)))
        return []
      if (shape.isPartial && !leavesFew(table, shape, equal)) return []
      const isServed = table.indexes.some(
        (index) =>
          isUniqueFor(index, table, equal, () => false) ||
          (index.type === 'BTree' && index.predicate === null && hasOrder(index.keys, equal, order)),
      )
      if (isServed) return []
      const keys = [...equal.map(key), ...order.map(orderedKey)]
      return [
        {
          remark: {
            kind: 'nulls-order',
            model: table.model,
            index: at ?? order.map((each) => each.column).join(', '),
            reason: `${operation}${at === undefined ? '' : ` at ${at}`} sorts by ${order.map(keySql).join(', ')}, which no index has that Prisma’s schema can declare: all rows it finds are sorted for each page.`,
            change: byHand(catalog, table, keys),
            ...(table.rows === null || shape.conditions.length > 0 ? {} : { cost: { rows: table.rows } }),
          },
        },
      ]
    })
    return { advice }
  },
}

function equalColumns(table: CatalogTable, { conditions }: QueryShape): string[] {
  const asked = conditions.filter((each) => each.operator === 'equals' && !each.isOptional)
  const names = [...new Set(asked.map((each) => each.column))]
  return names.filter((name) => isIndexable(table.columns.find((each) => each.name === name)))
}

function isKey(table: CatalogTable, { column, sort }: OrderKey): boolean {
  return sort !== 'any' && isIndexable(table.columns.find((each) => each.name === column))
}

/** The columns of the equality first, then the order, read forwards or backwards. */
function hasOrder(keys: readonly IndexKey[], equal: readonly string[], order: readonly OrderKey[]): boolean {
  const front = keys.slice(0, equal.length)
  if (!front.every((key) => isPlain(key) && equal.includes(key.column ?? ''))) return false
  const rest = keys.slice(equal.length, equal.length + order.length)
  if (rest.length < order.length) return false
  const turns = order.map((each, at) => {
    const key = rest[at]
    if (key === undefined || !isPlain(key) || key.column !== each.column) return null
    const isTurned = key.sort !== each.sort
    // Read backwards, the NULLs change sides with the values.
    return isTurned === (isNullsFirst(key) !== isNullsFirst(each)) ? isTurned : null
  })
  return turns.every((each) => each !== null && each === turns[0])
}

function isNullsFirst({ sort, nulls }: Pick<OrderKey, 'sort' | 'nulls'>): boolean {
  return nulls === undefined ? sort === 'desc' : nulls === 'first'
}

/** NULLs that stand where the direction has them anyway need no word. */
function orderedKey({ column, sort, nulls }: OrderKey): CandidateKey {
  const direction = sort === 'desc' ? 'desc' : 'asc'
  const isSaid = nulls !== undefined && nulls !== (direction === 'desc' ? 'first' : 'last')
  return { ...key(column), sort: direction, ...(isSaid ? { nulls } : {}) }
}

function keySql({ column, sort, nulls }: OrderKey): string {
  const direction = sort === 'desc' ? ' DESC' : ''
  return `${quoteIdentifier(column)}${direction}${nulls === undefined ? '' : ` NULLS ${nulls.toUpperCase()}`}`
}
