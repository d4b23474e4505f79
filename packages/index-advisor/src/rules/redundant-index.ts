import type { CatalogIndex, CatalogTable } from '../catalog/catalog.ts'
import type { Finding } from '../advice/advice.ts'
import type { Rule } from './rule.ts'

export const redundantIndex: Rule = {
  name: 'redundant-index',
  summary: 'An index is the beginning of a longer one.',
  why: `\`@@index([a, b])\` finds whatever \`@@index([a])\` finds, so the short one is only a cost: each write updates
it, and it takes memory. Nothing is dropped without \`--drop-redundant\`, and then in a migration of its own, so that the
new indexes are in use before an old one goes.`,
  silent: [
    'Unique indexes and ids: they also enforce uniqueness.',
    'Partial indexes, other types, operator classes, lengths or orders.',
    'On MySQL, the only index that can back a foreign key.',
  ],
  example: {
    given: '@@index([authorId])\n@@index([authorId, createdAt])',
    then: 'drop `@@index([authorId])`',
  },
  apply({ catalog }) {
    return { findings: catalog.tables.flatMap(redundant) }
  },
}

function redundant(table: CatalogTable): Finding[] {
  return table.indexes.flatMap((index): Finding[] => {
    if (!isPlain(index)) return []
    const longer = table.indexes.find(
      (other) =>
        isWhole(other) &&
        other.keys.length > index.keys.length &&
        index.keys.every((key, at) => JSON.stringify(key) === JSON.stringify(other.keys[at])),
    )
    // On MySQL the longer one backs the same foreign keys: it begins with the same whole columns.
    if (longer === undefined) return []
    return [
      {
        kind: 'redundant',
        model: table.model,
        index: index.name,
        reason: `${index.name} is the beginning of ${longer.name}, which finds all it finds; it can be dropped.`,
      },
    ]
  })
}

function isPlain(index: CatalogIndex): boolean {
  return (
    index.kind === 'index' &&
    isWhole(index) &&
    index.include.length === 0 &&
    index.sources[0].kind !== 'server'
  )
}

function isWhole(index: CatalogIndex): boolean {
  return index.type === 'BTree' && index.predicate === null
}
