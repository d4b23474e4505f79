import { fieldOf } from '../candidate/candidate.ts'
import type { CatalogTable } from '../catalog/catalog.ts'
import { tableOf, type Advised, type Rule } from '../rule.ts'

/** Operations that ask the database for the constraint itself. */
const UPSERTS = /\.(upsert|connectOrCreate)$/
const DELETED = /^(deleted|removed|archived)_?(at|on)$/i

export const softDeletedUnique: Rule = {
  name: 'soft-deleted-unique',
  summary: 'A unique constraint counts rows that were only marked as deleted.',
  why: `Where a row is deleted by a time in \`deletedAt\`, its unique values stay taken: nobody can sign up again with the address of a
deleted account. A unique index of the other rows alone allows that, and is smaller:
\`@@unique([email], where: { deletedAt: null })\` with the preview feature \`partialIndexes\`, else by hand in a migration.
It has a price: \`upsert\` and \`connectOrCreate\` by the key then fail (PostgreSQL: 42P10, no ON CONFLICT fits a partial index), and
\`findUnique\` by it may find a deleted row.`,
  silent: [
    'MySQL and MariaDB: they have no partial indexes.',
    'No query asks for rows that are not deleted.',
    'The source has an `upsert` or a `connectOrCreate` by the key, which would then fail.',
    'The constraint holds the column itself; ids; keys that a foreign key refers to.',
  ],
  example: {
    given: `email String @unique, deletedAt DateTime?, and where: { deletedAt: null } in a query`,
    then: 'a remark with the index to write',
  },
  apply({ catalog, shapes }) {
    if (catalog.provider === 'mysql') return {}
    const asked = new Set<string>()
    for (const shape of shapes) {
      const table = tableOf(catalog, shape)
      if (table === undefined || shape.evidence.weight === 0) continue
      for (const each of shape.conditions)
        if (each.operator === 'is-null' && DELETED.test(fieldOf(table, each.column)))
          asked.add(`${table.model}.${each.column}`)
    }
    const isUpserted = (table: CatalogTable, columns: readonly string[]) =>
      shapes.some(
        (shape) =>
          UPSERTS.test(shape.evidence.operation ?? '') &&
          tableOf(catalog, shape) === table &&
          columns.every((column) =>
            shape.conditions.some((each) => each.column === column && each.operator === 'equals'),
          ),
      )
    const isReferred = (table: CatalogTable, columns: readonly string[]) =>
      catalog.tables.some((other) =>
        other.foreignKeys.some(
          (key) =>
            key.referencedModel === table.model &&
            key.referencedColumns.every((each) => columns.includes(each)),
        ),
      )
    const advice = catalog.tables.flatMap((table) => {
      const deleted = table.columns.find((each) => asked.has(`${table.model}.${each.name}`))
      if (deleted === undefined) return []
      return table.indexes.flatMap((index): Advised[] => {
        const columns = index.keys.flatMap((key) => (key.column === null ? [] : [key.column]))
        if (index.kind !== 'unique' || index.predicate !== null || columns.length !== index.keys.length)
          return []
        if (columns.includes(deleted.name) || isReferred(table, columns) || isUpserted(table, columns))
          return []
        const fields = columns.map((each) => fieldOf(table, each)).join(', ')
        return [
          {
            remark: {
              kind: 'soft-deleted-unique',
              model: table.model,
              index: index.name,
              reason: `${index.name} holds ${fields} of rows that ${deleted.field} marks as deleted too: their values cannot be used again. With an index of the other rows alone, upsert and connectOrCreate by ${fields} fail, in raw SQL ON CONFLICT (${columns.join(', ')}) too, and findUnique by it may find a deleted row: findFirst with ${deleted.field}: null does not.`,
              change: `@@unique([${fields}], where: { ${deleted.field}: null }), with previewFeatures = ["partialIndexes"]`,
            },
          },
        ]
      })
    })
    return { advice }
  },
}
