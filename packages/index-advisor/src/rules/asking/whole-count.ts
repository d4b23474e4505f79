import { clientName, tableOf, type Advised, type Rule } from '../../rule.ts'

/** Rows from which counting them all is felt. */
const LARGE = 100_000

export const wholeCount: Rule = {
  name: 'whole-count',
  summary: 'A call counts all rows of a large table.',
  why: `A count without a condition reads every row, or every entry of an index, each time: no index makes it short. A page seldom
needs the number: \`paginate\` of @prisma-brisk/pagination counts to a bound (\`total: { upTo: 1000 }\`) or not at all, and
\`hasMore\` costs one more row.`,
  silent: [
    `No statistics are given, or fewer than ${LARGE.toLocaleString('en')} rows.`,
    'A count with a condition.',
  ],
  example: { given: 'prisma.event.count(), of 40 million rows', then: 'a remark with the call to write' },
  apply({ catalog, shapes }) {
    const advice = shapes.flatMap((shape): Advised[] => {
      const table = tableOf(catalog, shape)
      const { manner, weight, at, operation = 'A count' } = shape.evidence
      if (manner?.counts !== true || weight === 0 || shape.isPartial || shape.conditions.length > 0) return []
      if (table === undefined || (table.rows ?? 0) < LARGE) return []
      const rows = table.rows ?? 0
      return [
        {
          remark: {
            kind: 'whole-count',
            model: table.model,
            index: at ?? '',
            reason: `${operation}${at === undefined ? '' : ` at ${at}`} counts all rows, about ${Math.round(rows).toLocaleString('en')}, each time.`,
            change: `prisma.${clientName(table.model)}.paginate({ …, total: { upTo: 1000 } })`,
            cost: { rows },
          },
          asked: { now: shape, then: { ...shape, limit: 1001 } },
        },
      ]
    })
    return { advice }
  },
}
