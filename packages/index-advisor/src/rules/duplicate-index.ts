import { removalsOf } from '../catalog/index-removal.ts'
import type { Remark } from '../advice/advice.ts'
import type { Rule } from '../rule.ts'

export const duplicateIndex: Rule = {
  name: 'duplicate-index',
  summary: 'Two indexes on the same columns.',
  why: `An \`@id\` and a \`@unique\` are indexes already; a second \`@@index\` on the same columns costs every write
and finds nothing that the first does not.`,
  silent: [
    'Different type, predicate, operator class, collation, length or order; types that are not known.',
    'Two unique constraints: both may be intended.',
    'The other one is invisible or invalid, or Prisma would drop it because the schema does not declare it.',
  ],
  example: { given: 'email String @unique\n@@index([email])', then: 'drop `@@index([email])`' },
  apply({ catalog }) {
    const findings = catalog.tables.flatMap((table) =>
      removalsOf(catalog, table).flatMap(({ kind, index, because }): Remark[] => {
        if (kind !== 'duplicate-index') return []
        const what = because.kind === 'primary' ? `${because.name}, the id,` : because.name
        return [
          {
            kind,
            model: table.model,
            index: index.name,
            reason: `${index.name} has the columns of ${what} and can be dropped.`,
          },
        ]
      }),
    )
    return { findings }
  },
}
