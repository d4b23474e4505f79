import { fieldOf } from '../candidate/candidate.ts'
import { findsByEquality, indexBehind } from '../catalog/coverage.ts'
import type { Candidate } from '../candidate/candidate.ts'
import type { Mendable, Rule } from '../rule.ts'

export const partlyIndexedForeignKey: Rule = {
  name: 'partly-indexed-foreign-key',
  summary: 'Only the first columns of a composite foreign key are indexed.',
  why: `A lookup by the whole key reads all rows that share the indexed part. Those are often few, so this is a remark of
low weight, not a recommendation.`,
  silent: [
    'The whole key is covered, or none of it (see unindexed-foreign-key).',
    'An index that begins with the whole key is recommended.',
  ],
  example: {
    given: `slot Slot @relation(fields: [roomId, day], references: [roomId, day])\n@@index([roomId])`,
    then: 'a remark that `day` is not in the index',
  },
  apply({ catalog }) {
    const mendable = catalog.tables.flatMap((table) =>
      table.foreignKeys.flatMap((foreignKey): Mendable[] => {
        if (foreignKey.columns.length < 2 || indexBehind(table, foreignKey) !== undefined) return []
        const index = table.indexes.find((each) => findsByEquality(each, foreignKey.columns.slice(0, 1)))
        if (index === undefined) return []
        const fields = foreignKey.columns.map((column) => fieldOf(table, column))
        return [
          {
            remark: {
              kind: 'partly-indexed-foreign-key',
              model: table.model,
              index: index.name,
              reason: `The foreign key (${fields.join(', ')}) of ${table.model} is indexed by ${fields[0]} alone (${index.name}).`,
            },
            isMendedBy: (candidate) => candidate.table === table && finds(candidate, foreignKey.columns),
          },
        ]
      }),
    )
    return { mendable }
  },
}

function finds({ keys, predicate, type }: Candidate, columns: readonly string[]): boolean {
  const front = keys.slice(0, columns.length).map((key) => key.column)
  return type === 'BTree' && predicate === null && columns.every((column) => front.includes(column))
}
