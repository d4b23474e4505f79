import { quoteIdentifier, quoteMarkOf } from '@prisma-brisk/core'
import type { Candidate, CandidateKey } from '../candidate/candidate.ts'
import { fieldOf } from '../candidate/candidate.ts'
import type { Catalog, CatalogColumn, CatalogIndex, Provider } from '../catalog/catalog.ts'
import type { IndexNeed } from '../candidate/index-need.ts'
import type { Remark } from '../advice/advice.ts'
import { constantConditions } from '../candidate/constant-condition.ts'
import type { Rule, RuleContext } from '../rule.ts'
import { tableOf } from '../rule.ts'
import { TOO_MANY, shareOf } from '../candidate/selectivity.ts'

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

/**
 * The candidate over the rows alone that hold the constants of its question. `isCertain`: statistics say that they are
 * few, so it needs no planner. Null where there are no constants, or nothing says that holding them apart helps: they
 * keep many rows and spare no sort.
 */
export function onConstants(
  { catalog, shapes }: Pick<RuleContext, 'catalog' | 'shapes'>,
  candidate: Candidate,
  need: IndexNeed,
): { readonly candidate: Candidate; readonly isCertain: boolean } | null {
  if (catalog.provider === 'mysql' || candidate.type !== 'BTree') return null
  const base = candidate.predicate ?? ''
  const constants = constantConditions(need, shapes).filter(
    (each) => !base.includes(quoteIdentifier(each.column, quoteMarkOf(catalog.provider))),
  )
  if (constants.length === 0) return null
  const known = constants.flatMap((each) => each.share ?? [])
  // What is not known keeps all rows at worst.
  const share = known.reduce((product, each) => product * each, 1)
  const isCertain = share <= TOO_MANY
  const sparesSort = need.tailKind === 'sort' && constants.some((each) => each.breaksOrder)
  if (!isCertain && !sparesSort) return null
  const held = constants.map((each) => each.column)
  // Of a column that has several values the rows are not in order without it.
  const sorted = need.tailKind === 'sort' ? need.tail.map((each) => each.column) : []
  const isHeld = ({ column }: CandidateKey) => held.includes(column) && !sorted.includes(column)
  const keys = candidate.keys.filter((key) => !isHeld(key))
  const free = candidate.keys.slice(0, candidate.freeKeys).filter((key) => !isHeld(key))
  const parts = constants.map((each) => each.sql)
  const isSaid = candidate.predicate === null && constants.every((each) => each.prisma !== null)
  const predicate =
    catalog.provider === 'postgresql'
      ? [...(candidate.predicate === null ? [] : [candidate.predicate]), ...parts.map((each) => `(${each})`)]
      : [...(candidate.predicate === null ? [] : [candidate.predicate]), ...parts]
  const sql = predicate.join(' AND ')
  const whole = catalog.provider === 'postgresql' && predicate.length > 1 ? `(${sql})` : sql
  return {
    isCertain,
    candidate: {
      ...candidate,
      ...(keys.length > 0 ? { keys, freeKeys: free.length } : {}),
      predicate: whole,
      prismaWhere: isSaid
        ? `{ ${constants.map((each) => each.prisma).join(', ')} }`
        : `raw(${JSON.stringify(whole)})`,
      ...(known.length === constants.length ? { kept: share } : {}),
      reason: `${candidate.reason} ${held.map((each) => fieldOf(candidate.table, each)).join(' and ')} asks for the same in every call, so the index holds those rows alone. ${WHEN_MATCHED[catalog.provider]}`,
      replaces: [],
      isFirstChoice: candidate.isFirstChoice && isCertain,
    },
  }
}

/** Prisma binds the value; the predicate is matched only by a plan that is made for it. */
const WHEN_MATCHED: Readonly<Record<'postgresql' | 'sqlite', string>> = {
  postgresql:
    'PostgreSQL uses it where it plans for the values sent: always with the driver’s unnamed statements, never with plan_cache_mode = force_generic_plan.',
  sqlite: 'SQLite uses it for a bound value too, as it plans anew with the values bound.',
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
    case 'is-null': {
      // PostgreSQL takes the column for no constant: where the rows are sorted by it, it must be a key.
      const isSorted = provider === 'postgresql' && need.tail.some((each) => each.column === column.name)
      return {
        sql: `${name} IS NULL`,
        prisma: `${column.field}: null`,
        drops: isSorted ? null : column.name,
      }
    }
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

/** The column is a key of it: what was offered has been taken, by hand or with the preview feature. */
function holds({ keys }: CatalogIndex, column: string): boolean {
  return keys.some((key) => key.column === column)
}

function isMostlyNull(column: CatalogColumn): boolean {
  return column.isNullable && (column.statistics?.nullFraction ?? 0) >= MOSTLY_NULL
}

export const partialIndex: Rule = {
  name: 'partial-index',
  summary:
    'A column is NULL in nearly all rows, or every call asks for the same value: an index without the other rows is a fraction of the size.',
  why: `With the preview feature \`partialIndexes\` Prisma can declare \`@@index([externalId], where: { externalId: { not: null } })\`.
If the generator turns the feature on, the advisor recommends such indexes itself where a query implies the condition;
otherwise it only offers them. The same holds for a condition that has one literal value in nearly every call of a
query of the source (\`status: 'OPEN'\`, \`confidence: { gte: 0.7 }\`, \`in: ['A', 'B']\`, several together), where statistics show that it keeps at most
a tenth of the rows, or where a planner proves it: an index can then hold a range's rows in the order of the sort, which
no whole index does. What Prisma cannot say as an object stands in \`raw("…")\`. Prisma binds all values, so the server must
see them as it plans: PostgreSQL does with the driver's unnamed statements, and not with
\`plan_cache_mode = force_generic_plan\`; SQLite does. A partial index never counts as the index of a foreign key.`,
  silent: [
    'No statistics are given.',
    'A partial index holds the column already.',
    'MySQL and MariaDB: they have no partial indexes.',
    'Values that vary between the calls; a workload keeps no values, so it names no constants.',
    'Enums on PostgreSQL: Prisma sends `CAST($1::text AS "Status")`, which the server cannot compute while it plans, so it never uses such an index.',
    'A bound list (`in`) on SQLite, which it does not compare with a predicate.',
  ],
  example: {
    given: `prisma.user.findMany({ where: { externalId } }), with externalId NULL in 99.9 % of the rows`,
    then: '`@@index([externalId], where: { externalId: { not: null } })` offered',
  },
  apply({ catalog, shapes, allowPartial }) {
    if (allowPartial || catalog.provider === 'mysql') return {}
    const findings = shapes.flatMap((shape): Remark[] => {
      const table = tableOf(catalog, shape)
      if (table === undefined || shape.evidence.weight === 0) return []
      return shape.conditions.flatMap((condition): Remark[] => {
        const column = table.columns.find((each) => each.name === condition.column)
        if (condition.operator !== 'equals' || column === undefined || !isMostlyNull(column)) return []
        if (table.indexes.some((index) => index.predicate !== null && holds(index, column.name))) return []
        const field = fieldOf(table, column.name)
        const percent = ((column.statistics?.nullFraction ?? 0) * 100).toFixed(1)
        return [
          {
            kind: 'partial-index',
            model: table.model,
            index: field,
            reason: `${field} is NULL in ${percent} % of the rows of ${table.model}: with previewFeatures = ["partialIndexes"] the index could leave them out (where: { ${field}: { not: null } }).`,
          },
        ]
      })
    })
    return { findings: [...new Map(findings.map((each) => [each.reason, each])).values()] }
  },
}
