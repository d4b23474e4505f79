import type { Remark } from '../../advice/advice.ts'
import type { Rule } from '../../rule.ts'
import { tableOf } from '../../rule.ts'

/** Bytes of a text, on average, from which a list should not read it unasked. */
const WIDE = 500
/** Bytes of one column in one list that are felt. */
const FELT = 50_000
/** Rows of a list whose `take` is not known. */
const USUAL_ROWS = 50

export const heavyText: Rule = {
  name: 'heavy-text',
  summary: 'A list reads a long text of every row.',
  why: `Most lists show a title, not the text. \`pagination({ omitHeavy: { fields: { Message: ['body'] } } })\` leaves the column out of
lists, unless a call selects it or says \`omit: { body: false }\`; reads of one row are not changed. The width is the average that the
statistics hold; times the rows of the list it is what each call reads.`,
  silent: [
    'No statistics are given.',
    `Texts below ${WIDE} bytes on average, and lists that read less than ${FELT / 1000} kB of them.`,
    'Calls with `select` or `omit`, and lists within rows.',
    'Texts that PostgreSQL keeps out of line (above 2 kB): its statistics hold the width of the pointer.',
  ],
  example: {
    given: `prisma.message.findMany({ take: 100 }), with 1,200 bytes in \`body\` on average`,
    then: 'a remark naming the column and the line to add',
  },
  apply({ catalog, shapes }) {
    const most = new Map<string, { readonly bytes: number; readonly finding: Remark }>()
    for (const shape of shapes) {
      const table = tableOf(catalog, shape)
      const { listsRows, weight = 1, operation = 'A list', at } = shape.evidence
      if (table === undefined || listsRows !== true || weight === 0) continue
      const rows = Math.min(
        table.rows ?? 0,
        shape.limit === 'unknown' ? USUAL_ROWS : (shape.limit ?? Infinity),
      )
      for (const { field, type, isList, statistics } of table.columns) {
        const width = statistics?.width ?? 0
        const bytes = Math.round(width * rows)
        if (type !== 'String' || isList || width < WIDE || bytes < FELT) continue
        const id = `${table.model}.${field}`
        if ((most.get(id)?.bytes ?? 0) >= bytes) continue
        const place = at === undefined ? '' : ` at ${at}`
        const reason =
          `${operation}${place} reads about ${Math.round(bytes / 1000).toLocaleString('en')} kB of ${field} ` +
          `(${Math.round(width)} bytes in each of ${Math.round(rows).toLocaleString('en')} rows). ` +
          `Where lists do not show it: pagination({ omitHeavy: { fields: { ${table.model}: ['${field}'] } } }).`
        most.set(id, { bytes, finding: { kind: 'heavy-text', model: table.model, index: field, reason } })
      }
    }
    return { findings: [...most.values()].map((each) => each.finding) }
  },
}
