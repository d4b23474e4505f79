import { quoteIdentifier, quoteMarkOf } from '@prisma-brisk/core'
import type { Candidate } from '../candidate/candidate.ts'
import { fieldOf } from '../candidate/candidate.ts'
import type { Catalog, CatalogColumn, Provider } from '../catalog/catalog.ts'
import type { IndexNeed } from '../candidate/index-need.ts'
import type { Finding } from '../advice/advice.ts'
import type { Rule } from './rule.ts'
import { tableOf } from './rule.ts'
import { TOO_MANY, shareOf } from './selectivity.ts'

/** Share of NULLs from which an index without them is worth its predicate. */
const MOSTLY_NULL = 0.9

interface Part {
  readonly sql: string
  readonly prisma: string
  /** The column needs no place among the keys: the predicate holds it constant. */
  readonly drops: string | null
}

/**
 * The candidate with its constant conditions as predicate, or null where there are none. Prisma sends values as
 * parameters, so only IS NULL and IS NOT NULL are certain to match under a generic plan; a rare boolean is taken too,
 * where statistics show that it is rare.
 */
export function asPartial(catalog: Catalog, candidate: Candidate, need: IndexNeed): Candidate | null {
  if (catalog.provider === 'mysql' || candidate.type !== 'BTree') return null
  const parts: Part[] = []
  for (const condition of need.shape.conditions) {
    const column = candidate.table.columns.find((each) => each.name === condition.column)
    if (column === undefined || condition.isOptional) continue
    const part = partOf(catalog.provider, column, need, condition)
    if (part !== null) parts.push(part)
  }
  if (parts.length === 0) return null
  const dropped = parts.map((each) => each.drops)
  const keys = candidate.keys.filter((key) => !dropped.includes(key.column))
  // A foreign key must be found whatever the rest of the row holds.
  if (keys.length === 0) return null
  const sql = parts.map((each) => each.sql).join(' AND ')
  return {
    ...candidate,
    keys,
    freeKeys: candidate.freeKeys - (candidate.keys.length - keys.length),
    predicate: catalog.provider === 'postgresql' ? `(${sql})` : sql,
    prismaWhere: `{ ${parts.map((each) => each.prisma).join(', ')} }`,
    replaces: [],
  }
}

function partOf(
  provider: Provider,
  column: CatalogColumn,
  need: IndexNeed,
  condition: IndexNeed['shape']['conditions'][number],
): Part | null {
  const name = quoteIdentifier(column.name, quoteMarkOf(provider))
  const isAlone = need.equal.length === 1 && need.tail.length === 0
  switch (condition.operator) {
    case 'is-null':
      return { sql: `${name} IS NULL`, prisma: `${column.field}: null`, drops: column.name }
    case 'is-not-null':
      return { sql: `${name} IS NOT NULL`, prisma: `${column.field}: { not: null }`, drops: null }
    case 'equals': {
      const share = shareOf(column, condition)
      if (
        column.type === 'Boolean' &&
        typeof condition.literal === 'boolean' &&
        share !== null &&
        share <= TOO_MANY
      )
        return {
          sql: `${name} = ${condition.literal}`,
          prisma: `${column.field}: ${condition.literal}`,
          drops: isAlone ? null : column.name,
        }
      const isForeignKey = need.table.foreignKeys.some((each) => each.columns.includes(column.name))
      if (!isForeignKey && isMostlyNull(column))
        return { sql: `${name} IS NOT NULL`, prisma: `${column.field}: { not: null }`, drops: null }
      return null
    }
    default:
      return null
  }
}

function isMostlyNull(column: CatalogColumn): boolean {
  return column.isNullable && (column.statistics?.nullFraction ?? 0) >= MOSTLY_NULL
}

export const partialIndex: Rule = {
  name: 'partial-index',
  summary:
    'A column is NULL in nearly all rows, so an index without those rows would be a fraction of the size.',
  why: `With the preview feature \`partialIndexes\` Prisma can declare \`@@index([externalId], where: { externalId: { not: null } })\`.
If the generator turns the feature on, the advisor recommends such indexes itself where a query implies the condition;
otherwise it only offers them. A partial index never counts as the index of a foreign key.`,
  silent: ['No statistics are given.', 'MySQL and MariaDB: they have no partial indexes.'],
  example: {
    given: `prisma.user.findMany({ where: { externalId } }), with externalId NULL in 99.9 % of the rows`,
    then: '`@@index([externalId], where: { externalId: { not: null } })` offered',
  },
  apply({ catalog, shapes, allowPartial }) {
    if (allowPartial || catalog.provider === 'mysql') return {}
    const findings = shapes.flatMap((shape): Finding[] => {
      const table = tableOf(catalog, shape)
      if (table === undefined || shape.evidence.weight === 0) return []
      return shape.conditions.flatMap((condition): Finding[] => {
        const column = table.columns.find((each) => each.name === condition.column)
        if (condition.operator !== 'equals' || column === undefined || !isMostlyNull(column)) return []
        const field = fieldOf(table, column.name)
        const percent = ((column.statistics?.nullFraction ?? 0) * 100).toFixed(1)
        return [
          {
            kind: 'partial',
            model: table.model,
            index: field,
            reason: `${field} is NULL in ${percent} % of the rows of ${table.model}: with previewFeatures = ["partialIndexes"] the index could leave them out (where: { ${field}: { not: null } }).`,
          },
        ]
      })
    })
    return { findings }
  },
}
