import { tableOf, type Advised, type Rule } from '../../rule.ts'

/** Rows from which sorting all of them for a page is felt. */
const LARGE = 10_000

export const sortedByRelation: Rule = {
  name: 'sorted-by-relation',
  summary: 'A page is sorted by a column of another table.',
  why: `No index holds rows in the order of another table's column, so all rows that the conditions find are joined and sorted, for
each page anew; by a relation's \`_count\`, its rows are counted for each row first. A copy of the column on the row itself
(a counter that is written with the child) can be indexed and read in order.`,
  silent: [
    `No statistics are given, or fewer than ${LARGE.toLocaleString('en')} rows.`,
    'No `take`: all rows are read anyway.',
    'The query compares a column by equality: it may find few rows.',
  ],
  example: {
    given: `prisma.post.findMany({ orderBy: { comments: { _count: 'desc' } }, take: 20 })`,
    then: 'a remark with the column to keep',
  },
  apply({ catalog, shapes }) {
    const advice = shapes.flatMap((shape): Advised[] => {
      const table = tableOf(catalog, shape)
      const { weight, at, manner, operation = 'A query' } = shape.evidence
      const by = manner?.sortsBy
      if (table === undefined || by === undefined || weight === 0 || (table.rows ?? 0) < LARGE) return []
      if (shape.conditions.some((each) => ['equals', 'in'].includes(each.operator) && !each.isOptional))
        return []
      const [relation = '', column = ''] = by.split('.')
      const copy =
        column === '_count'
          ? `${relation}Count`
          : `${relation}${column.charAt(0).toUpperCase()}${column.slice(1)}`
      return [
        {
          remark: {
            kind: 'sorted-by-relation',
            model: table.model,
            index: at ?? by,
            reason: `${operation}${at === undefined ? '' : ` at ${at}`} sorts by ${by}, which no index of ${table.model} can hold: about ${Math.round(table.rows ?? 0).toLocaleString('en')} rows are joined and sorted for each page.`,
            change: `${copy} on ${table.model}, written with its source, and @@index([${copy}])`,
            cost: { rows: table.rows ?? 0 },
          },
        },
      ]
    })
    return { advice }
  },
}
