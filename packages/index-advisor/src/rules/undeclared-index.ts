import type { Remark } from '../advice/advice.ts'
import type { Catalog, CatalogIndex } from '../catalog/catalog.ts'
import { isDroppedByPrisma } from '../catalog/undeclared.ts'
import { opsOf } from '../schema/operator-class.ts'
import type { Rule } from '../rule.ts'

export const undeclaredIndex: Rule = {
  name: 'undeclared-index',
  summary: 'An index exists only in a migration, or in a form that Prisma does not read back.',
  why: `Prisma compares the schema with the result of the migrations. An index that was written into a migration by hand and
is not declared is dropped by the next \`prisma migrate dev\`; one with INCLUDE columns is dropped every time. Indexes on
expressions are left alone, and so are partial ones while the preview feature \`partialIndexes\` is off: Prisma's engine
does not see them. One that is declared with an operator class which the engine does not read back in those words (of a b-tree
it reads none, so \`ops: raw("text_pattern_ops")\` never agrees), or with INCLUDE columns in its migration, is dropped and made
again by each \`prisma migrate dev\`. The advisor takes all of them into account.`,
  silent: [
    'Indexes on expressions; partial ones without the preview feature `partialIndexes`.',
    'The migrations directory does not exist.',
  ],
  example: {
    given: 'CREATE INDEX "Post_title_idx" ON "Post"("title") in a migration',
    then: 'a remark to declare it',
  },
  apply({ catalog }) {
    const findings = catalog.tables.flatMap((table) =>
      table.indexes.flatMap((index): Remark[] => {
        const [first] = index.sources
        const change = neverAgrees(catalog, index)
        if (change !== null)
          return [{ kind: 'undeclared-index', model: table.model, index: index.name, ...change }]
        if (first.kind !== 'migration' || !isDroppedByPrisma(catalog, index)) return []
        return [
          {
            kind: 'undeclared-index',
            model: table.model,
            index: index.name,
            reason: `${index.name} is made at ${first.file}:${first.line} and not declared in the schema: the next prisma migrate dev would drop it.`,
          },
        ]
      }),
    )
    return { findings }
  },
}

/** What is declared and yet differs after each migration, and how to declare it so that it does not. */
function neverAgrees(
  { provider }: Catalog,
  { name, type, keys, isUnread, include, sources }: CatalogIndex,
): Pick<Remark, 'reason' | 'change'> | null {
  if (provider !== 'postgresql' || sources[0].kind !== 'schema') return null
  const effect = 'each prisma migrate dev drops it and makes it again'
  if (isUnread === true) {
    const known = keys.flatMap((key) => opsOf(type, key.operatorClass) ?? [])
    return {
      reason: `${name} is declared with an operator class that Prisma's engine does not read back in those words: ${effect}.`,
      change:
        known.length === 0
          ? 'the line without ops: the class stands in the migration alone'
          : known.map((each) => `ops: ${each}`).join(', '),
    }
  }
  if (include.length === 0) return null
  return {
    reason: `${name} has INCLUDE columns, which the schema cannot say: ${effect}, without them.`,
    change: 'the columns as its last keys, in the schema too',
  }
}
