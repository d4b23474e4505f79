import type { Remark } from '../advice/advice.ts'
import { isDroppedByPrisma } from '../catalog/undeclared.ts'
import type { Rule } from '../rule.ts'

export const undeclaredIndex: Rule = {
  name: 'undeclared-index',
  summary: 'An index exists only in a migration, not in the schema.',
  why: `Prisma compares the schema with the result of the migrations. An index that was written into a migration by hand and
is not declared is dropped by the next \`prisma migrate dev\`; one with INCLUDE columns is dropped every time. Indexes on
expressions are left alone, and so are partial ones while the preview feature \`partialIndexes\` is off: Prisma's engine
does not see them. The advisor takes all of them into account.`,
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
        if (first.kind !== 'migration' || !isDroppedByPrisma(catalog, index)) return []
        return [
          {
            kind: 'drift',
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
