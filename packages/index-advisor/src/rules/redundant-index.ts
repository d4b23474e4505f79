import { removalsOf } from '../catalog/index-removal.ts'
import type { Remark } from '../advice/advice.ts'
import type { Rule } from '../rule.ts'

export const redundantIndex: Rule = {
  name: 'redundant-index',
  summary: 'An index is the beginning of a longer one.',
  why: `\`@@index([a, b])\` finds whatever \`@@index([a])\` finds, so the short one is only a cost: each write updates
it, and it takes memory. Indexes are taken one at a time: none goes because of one that goes too, or that Prisma would
drop because the schema does not declare it. Nothing is dropped without \`--drop-redundant\`, and then in a migration of
its own, so that the new indexes are in use before an old one goes.`,
  silent: [
    'Unique indexes and ids: they also enforce uniqueness.',
    'Partial, invisible and invalid indexes, other or unknown types, operator classes, collations, lengths or orders.',
    'On MySQL, the only index that can back a foreign key.',
  ],
  example: {
    given: '@@index([authorId])\n@@index([authorId, createdAt])',
    then: 'drop `@@index([authorId])`',
  },
  apply({ catalog }) {
    const findings = catalog.tables.flatMap((table) =>
      removalsOf(catalog, table).flatMap(({ kind, index, because }): Remark[] => {
        if (kind !== 'redundant-index') return []
        // On MySQL the longer one backs the same foreign keys: it begins with the same whole columns.
        return [
          {
            kind,
            model: table.model,
            index: index.name,
            reason: `${index.name} is the beginning of ${because.name}, which finds all it finds; it can be dropped.`,
          },
        ]
      }),
    )
    return { findings }
  },
}
