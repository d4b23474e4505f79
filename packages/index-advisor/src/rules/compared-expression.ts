import { quoteIdentifier, quoteMarkOf } from '@prisma-brisk/core'
import { fieldOf } from '../candidate/candidate.ts'
import type { Catalog, CatalogColumn, CatalogTable } from '../catalog/catalog.ts'
import type { ComparedExpression } from '../shape/query-shape.ts'
import type { Remark } from '../advice/advice.ts'
import type { Rule } from '../rule.ts'
import { tableOf } from '../rule.ts'

export const comparedExpression: Rule = {
  name: 'compared-expression',
  summary: 'A query compares a function of a column, which no index on the column finds.',
  why: `\`DATE(createdAt) = …\` calls the function for every row; the same as a range of the column can use an index. For
\`lower(email) = …\` there is an index on the expression itself, made by hand in a migration (\`prisma migrate dev
--create-only\`): Prisma cannot declare it, and leaves it alone. For words in a text it is a GIN index on \`to_tsvector\`.`,
  silent: [
    'Other functions: nothing simple would help.',
    'An index on an expression with the column exists.',
    'Columns of other types than the function is for.',
  ],
  example: {
    given: 'prisma.$queryRaw`SELECT * FROM "User" WHERE lower("email") = ${email}`',
    then: 'a remark with CREATE INDEX … (lower("email"))',
  },
  apply({ catalog, shapes }) {
    const found = new Map<string, Remark>()
    for (const shape of shapes) {
      const table = tableOf(catalog, shape)
      if (table === undefined || shape.evidence.weight === 0) continue
      for (const { column: name, expression } of shape.conditions) {
        const column = table.columns.find((each) => each.name === name)
        if (expression === undefined || column === undefined || isIndexed(table, name)) continue
        const reason = remedy(catalog, table, column, expression)
        const id = `${table.model}.${name} ${expression.call}`
        if (reason === null || found.has(id)) continue
        const { at } = shape.evidence
        const field = fieldOf(table, name)
        found.set(id, {
          kind: 'compared-expression',
          model: table.model,
          index: field,
          reason,
          ...(at === undefined ? {} : { at }),
        })
      }
    }
    return { findings: [...found.values()] }
  },
}

function isIndexed(table: CatalogTable, column: string): boolean {
  return table.indexes.some((index) => index.keys.some((key) => key.expression?.includes(column) === true))
}

function remedy(
  { provider }: Catalog,
  table: CatalogTable,
  column: CatalogColumn,
  { call, compared }: ComparedExpression,
): string | null {
  const quoted = (name: string) => quoteIdentifier(name, quoteMarkOf(provider))
  const name = `${table.model}.${column.field}`
  const where = table.schema === null ? quoted(table.name) : `${quoted(table.schema)}.${quoted(table.name)}`
  if (call === 'date' || call === 'part-of-time') {
    if (column.type !== 'DateTime' || compared === 'other') return null
    return `${name} is compared through a function that cuts it down, so no index on it helps: ask for a range instead, ${quoted(column.name)} >= the first moment AND ${quoted(column.name)} < the one after the last.`
  }
  if (column.type !== 'String' || column.isList) return null
  if (call === 'lower' || call === 'upper') {
    if (compared === 'other' || column.nativeType?.name === 'Citext') return null
    if (provider === 'mysql')
      return `${name} is compared as ${call}(…), so no index on it helps: MySQL's usual collations compare in any case without it.`
    return `${name} is compared as ${call}(${quoted(column.name)}), which no index on the column finds; one on the expression does: CREATE INDEX ON ${where} (${call}(${quoted(column.name)})); by hand in a migration.`.replace(
      'INDEX ON',
      provider === 'sqlite' ? `INDEX ${quoted(`${table.name}_${column.name}_${call}_idx`)} ON` : 'INDEX ON',
    )
  }
  if (call === 'to_tsvector' && provider === 'postgresql')
    return `${name} is searched for words, which no index on the column finds; one on the expression does: CREATE INDEX ON ${where} USING GIN (to_tsvector('english', ${quoted(column.name)})), with the configuration that the query names; by hand in a migration.`
  return null
}
