import { shareOfAll } from '../../candidate/selectivity.ts'
import type { CatalogTable } from '../../catalog/catalog.ts'
import { isUniqueFor } from '../../catalog/coverage.ts'
import type { Condition, OuterList } from '../../shape/query-shape.ts'
import { tableOf, type Advised, type Rule } from '../../rule.ts'

/** Rows of a list whose `take` is not known. */
const USUAL_ROWS = 50
/** Rows that lists within one list read together, from which it is felt. */
const FELT = 5_000

export const unboundedInclude: Rule = {
  name: 'unbounded-include',
  summary: 'A list loads another list of each of its rows, without a limit.',
  why: `\`include: { comments: true }\` on a list reads all comments of all its rows into memory, and it grows as they do. With
\`take\` each row brings a few (and a sort, so that they are the right ones); for a number there is \`_count\`.`,
  silent: [
    'No statistics are given.',
    `Together fewer than ${FELT.toLocaleString('en')} rows, as many for each row as there are on average.`,
    'Reads of one row.',
    'Conditions on the list, or within the include, of which statistics do not say how many rows they find.',
  ],
  example: {
    given: `prisma.post.findMany({ take: 50, include: { comments: true } }), with 400 comments to a post`,
    then: 'a remark with the include to write',
  },
  apply({ catalog, shapes }) {
    const advice = shapes.flatMap((shape): Advised[] => {
      const table = tableOf(catalog, shape)
      const { weight, at, manner, operation = 'A query' } = shape.evidence
      const within = manner?.within
      const parent = catalog.tables.find((each) => each.model === within?.model)
      if (table === undefined || within === undefined || parent === undefined || weight === 0) return []
      if (table.rows === null || parent.rows === null || parent.rows < 1) return []
      const lists = listsOf(parent, parent.rows, within)
      const key = table.foreignKeys
        .filter((each) => each.referencedModel === parent.model)
        .flatMap((each) => each.columns)
      const own = shape.conditions.filter((each) => !each.isOptional && !key.includes(each.column))
      const share = shape.isPartial ? null : shareOfAll(table, own)
      if (lists === null || share === null) return []
      const rows = Math.round((table.rows / parent.rows) * share * lists)
      if (rows < FELT) return []
      return [
        {
          remark: {
            kind: 'unbounded-include',
            model: table.model,
            index: at ?? within.field,
            reason: `${operation}${at === undefined ? '' : ` at ${at}`} loads all ${within.field} of each row, about ${rows.toLocaleString('en')} rows at once.`,
            change: `${within.field}: { take: 10, orderBy: … }, or _count: { select: { ${within.field}: true } }`,
            cost: { rows },
          },
        },
      ]
    })
    return { advice }
  },
}

/** Rows of the outer list; null where nothing tells how many its conditions leave. */
function listsOf(
  parent: CatalogTable,
  rows: number,
  { limit, conditions, isPartial }: OuterList,
): number | null {
  const bound = limit === 'unknown' ? USUAL_ROWS : (limit ?? Infinity)
  const given = conditions.filter((each) => each.operator === 'equals' || each.operator === 'in')
  const columns = given.map((each) => each.column)
  const unique = parent.indexes.find(
    (index) => index.predicate === null && isUniqueFor(index, parent, columns, () => false),
  )
  if (unique !== undefined) {
    const asked = given.filter((each) => unique.keys.some((key) => key.column === each.column))
    return Math.min(
      bound,
      rows,
      asked.reduce((product, each) => product * valuesOf(each), 1),
    )
  }
  const share = isPartial ? null : shareOfAll(parent, conditions)
  if (share === null) return limit === null ? null : Math.min(bound, rows)
  return Math.min(bound, rows * share)
}

function valuesOf({ operator, literals }: Condition): number {
  return operator === 'equals' ? 1 : (literals?.length ?? USUAL_ROWS)
}
