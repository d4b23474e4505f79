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
      const each = table.rows / parent.rows
      const lists = Math.min(
        parent.rows,
        within.limit === 'unknown' ? USUAL_ROWS : (within.limit ?? Infinity),
      )
      const rows = Math.round(each * lists)
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
