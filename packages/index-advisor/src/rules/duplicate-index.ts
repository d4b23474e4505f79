import type { CatalogTable } from '../catalog/catalog.ts'
import type { Finding } from '../advice/advice.ts'
import type { Rule } from './rule.ts'

export const duplicateIndex: Rule = {
  name: 'duplicate-index',
  summary: 'Two indexes on the same columns.',
  why: `An \`@id\` and a \`@unique\` are indexes already; a second \`@@index\` on the same columns costs every write
and finds nothing that the first does not.`,
  silent: [
    'Different type, predicate, operator class, length or order.',
    'Two unique constraints: both may be intended.',
  ],
  example: { given: 'email String @unique\n@@index([email])', then: 'drop `@@index([email])`' },
  apply({ catalog }) {
    return { findings: catalog.tables.flatMap(duplicates) }
  },
}

function duplicates(table: CatalogTable): Finding[] {
  return table.indexes.flatMap((index, at): Finding[] => {
    if (index.kind !== 'index' || index.include.length > 0 || index.sources[0].kind === 'server') return []
    const twin = table.indexes.find(
      (other, place) =>
        other !== index &&
        other.sources[0].kind !== 'server' &&
        (other.kind !== 'index' || place < at) &&
        other.type === index.type &&
        other.predicate === index.predicate &&
        JSON.stringify(other.keys) === JSON.stringify(index.keys),
    )
    if (twin === undefined) return []
    return [
      {
        kind: 'duplicate',
        model: table.model,
        index: index.name,
        reason: `${index.name} has the columns of ${twin.name}${twin.kind === 'primary' ? ', the id,' : ''} and can be dropped.`,
      },
    ]
  })
}
