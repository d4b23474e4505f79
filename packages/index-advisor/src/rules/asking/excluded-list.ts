import { fieldOf } from '../../candidate/candidate.ts'
import type { CatalogTable } from '../../catalog/catalog.ts'
import type { Condition } from '../../shape/query-shape.ts'
import { tableOf, type Advised, type Rule } from '../../rule.ts'

/** Rows from which reading all of them is felt. */
const LARGE = 10_000
const FINDS = ['equals', 'in', 'is-null', 'range', 'list', 'json-contains']

export const excludedList: Rule = {
  name: 'excluded-list',
  summary: 'A query asks for all rows but a list of them.',
  why: `\`notIn\` keeps nearly every row, so the table is read and each row compared with a list that grows with what was seen. If
the list comes from another table, ask for rows that have none there: \`{ views: { none: { userId } } }\` becomes one
anti-join, and no list is sent. Of an enum, ask for the other values: an index finds them.`,
  silent: [
    `No statistics are given, or fewer than ${LARGE.toLocaleString('en')} rows.`,
    'Another condition of the query finds the rows.',
    'A first page (`take` without `skip`): reading stops when it is full.',
    'Columns that are no id, no foreign key and no enum.',
  ],
  example: {
    given: `prisma.post.findMany({ where: { id: { notIn: seen } } })`,
    then: 'a remark with the filter to write',
  },
  apply({ catalog, shapes }) {
    const advice = shapes.flatMap((shape): Advised[] => {
      const table = tableOf(catalog, shape)
      const { weight, at, operation = 'A query' } = shape.evidence
      const excluded = shape.conditions.find((each) => each.isList === true && !each.isOptional)
      if (table === undefined || excluded === undefined || weight === 0) return []
      if ((table.rows ?? 0) < LARGE) return []
      if (shape.conditions.some((each) => !each.isOptional && FINDS.includes(each.operator))) return []
      // A page is read until it is full, and what is left out are few.
      if (shape.limit !== null && (shape.offset ?? 0) === 0) return []
      const change = inPlaceOf(table, excluded)
      if (change === null) return []
      const field = fieldOf(table, excluded.column)
      return [
        {
          remark: {
            kind: 'excluded-list',
            model: table.model,
            index: at ?? field,
            reason: `${operation}${at === undefined ? '' : ` at ${at}`} leaves out a list by ${field} and reads the other rows, about ${Math.round(table.rows ?? 0).toLocaleString('en')}.`,
            change,
            cost: { rows: table.rows ?? 0 },
          },
        },
      ]
    })
    return { advice }
  },
}

/** Ids may come from another table, and the values of an enum are known; of any other list nothing better can be said. */
function inPlaceOf(table: CatalogTable, { column: name, literals }: Condition): string | null {
  const column = table.columns.find((each) => each.name === name)
  if (column === undefined) return null
  if (column.isEnum) {
    const others = column.enumValues?.filter((each) => literals?.includes(each) === false)
    const list = others?.map((each) => `'${each}'`).join(', ') ?? `…the others of ${column.type}`
    return `where: { ${column.field}: { in: [${list}] } }, which an index can find`
  }
  const isId =
    table.foreignKeys.some((each) => each.columns.includes(name)) ||
    table.indexes.some(
      (each) => each.kind !== 'index' && each.keys.length === 1 && each.keys[0]?.column === name,
    )
  return isId ? 'where: { <relation>: { none: { … } } }, in place of a list that was read before' : null
}
