import { fieldOf } from '../../candidate/candidate.ts'
import { tableOf, type Advised, type Rule } from '../../rule.ts'

/** Rows from which a table is hard to clear row by row. */
const LARGE = 50_000_000

export const oldRows: Rule = {
  name: 'old-rows',
  summary: 'Old rows of a very large table are deleted by their time.',
  why: `Deleting a month of rows one by one writes as much again as inserting them did, and leaves the space to be cleaned. A table in
partitions by that time drops a month at once, and queries of the last days read one part. Prisma cannot declare partitions:
they are made in a migration by hand, and the key must be a part of the id.`,
  silent: [
    `No statistics are given, or fewer than ${LARGE.toLocaleString('en')} rows.`,
    'SQLite. The table is in partitions already.',
  ],
  example: {
    given: `prisma.event.deleteMany({ where: { at: { lt: monthAgo } } }), of 200 million rows`,
    then: 'a remark with the partitions to make',
  },
  apply({ catalog, shapes }) {
    if (catalog.provider === 'sqlite') return {}
    const advice = shapes.flatMap((shape): Advised[] => {
      const table = tableOf(catalog, shape)
      const { weight, at, operation = '' } = shape.evidence
      if (table === undefined || weight === 0 || !operation.endsWith('.deleteMany')) return []
      if ((table.rows ?? 0) < LARGE || table.isPartitioned === true) return []
      const time = shape.conditions.find(
        (each) =>
          each.operator === 'range' &&
          table.columns.some((column) => column.name === each.column && column.type === 'DateTime'),
      )
      if (time === undefined) return []
      const field = fieldOf(table, time.column)
      return [
        {
          remark: {
            kind: 'old-rows',
            model: table.model,
            index: at ?? field,
            reason: `${operation}${at === undefined ? '' : ` at ${at}`} deletes rows of ${table.model} by ${field}, of about ${Math.round(table.rows ?? 0).toLocaleString('en')}: partitions by ${field} would be dropped at once.`,
            change: `PARTITION BY RANGE ("${time.column}") in a migration by hand, and @@id([id, ${field}])`,
            cost: { rows: table.rows ?? 0 },
          },
        },
      ]
    })
    return { advice }
  },
}
