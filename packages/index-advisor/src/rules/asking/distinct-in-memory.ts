import { clientName, tableOf, type Advised, type Rule } from '../../rule.ts'

/** Rows below which nobody feels it, where their number is known. */
const FEW = 1_000

export const distinctInMemory: Rule = {
  name: 'distinct-in-memory',
  summary: '`distinct` is worked out in memory.',
  why: `Prisma reads every row that the conditions find and takes the doubles out itself, before \`take\` counts: three values of a
million rows are a million rows sent. \`groupBy\` has the database do it; so does the preview feature \`nativeDistinct\`.`,
  silent: [
    `The table is known to have fewer than ${FEW.toLocaleString('en')} rows.`,
    'The schema turns on `nativeDistinct`.',
  ],
  example: {
    given: `prisma.order.findMany({ distinct: ['country'], select: { country: true } })`,
    then: `a remark with \`groupBy({ by: ['country'] })\``,
  },
  apply({ catalog, shapes }) {
    if (catalog.previewFeatures.includes('nativeDistinct')) return {}
    const advice = shapes.flatMap((shape): Advised[] => {
      const table = tableOf(catalog, shape)
      const { weight, at, manner, operation = 'A query' } = shape.evidence
      const fields = manner?.distinct
      if (table === undefined || fields === undefined || weight === 0 || (table.rows ?? FEW) < FEW) return []
      const names = fields.map((each) => `'${each}'`).join(', ')
      return [
        {
          remark: {
            kind: 'distinct-in-memory',
            model: table.model,
            index: at ?? fields.join(', '),
            reason: `${operation}${at === undefined ? '' : ` at ${at}`} reads every row it finds and takes the doubles of ${fields.join(', ')} out in memory.`,
            change: `prisma.${clientName(table.model)}.groupBy({ by: [${names}], … }), or previewFeatures = ["nativeDistinct"]`,
            ...(table.rows === null || shape.conditions.length > 0 ? {} : { cost: { rows: table.rows } }),
          },
        },
      ]
    })
    return { advice }
  },
}
