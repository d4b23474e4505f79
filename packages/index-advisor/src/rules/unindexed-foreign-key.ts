import type { Candidate } from '../candidate/candidate.ts'
import { fieldOf, plainKeys } from '../candidate/candidate.ts'
import type { Catalog, CatalogForeignKey, CatalogTable, ClaimSource } from '../catalog/catalog.ts'
import { findsByEquality, indexBehind } from '../catalog/coverage.ts'
import type { Evidence, Severity } from '../advice/advice.ts'
import type { Rule } from '../rule.ts'

/** Rows from which a scan of the child for each deleted parent is felt. */
const BIG_TABLE = 10_000

export const unindexedForeignKey: Rule = {
  name: 'unindexed-foreign-key',
  summary: 'A foreign key has no index that begins with its columns.',
  why: `Loading a relation (\`include: { posts: true }\`), filtering by it, and deleting or re-keying the parent all look up
child rows by the foreign key. PostgreSQL and SQLite create no index for it, so each lookup reads the whole table.
With \`onDelete: Cascade\` or \`SetNull\` the database does this for every deleted parent, even if no query names the
column; the severity is then high.`,
  silent: [
    'MySQL and MariaDB with real foreign keys: the server creates the index itself.',
    'The id, a unique or another whole index begins with the columns, in any order.',
    'Views, models with `@@ignore`, implicit many-to-many tables.',
  ],
  example: {
    given: `model Post {
  id       Int  @id
  author   User @relation(fields: [authorId], references: [id])
  authorId Int
}`,
    then: '`@@index([authorId])` on Post',
  },
  apply({ catalog }) {
    const candidates = catalog.tables.flatMap((table) =>
      byColumns(table).map((group) => candidate(catalog, table, group)),
    )
    return { candidates }
  },
}

/** The uncovered foreign keys of a table, those on the same columns together. */
function byColumns(table: CatalogTable): CatalogForeignKey[][] {
  const groups = new Map<string, CatalogForeignKey[]>()
  for (const foreignKey of table.foreignKeys) {
    if (indexBehind(table, foreignKey) !== undefined) continue
    // See partly-indexed-foreign-key.
    if (
      foreignKey.columns.length > 1 &&
      table.indexes.some((index) => findsByEquality(index, foreignKey.columns.slice(0, 1)))
    )
      continue
    if (
      foreignKey.columns.some(
        (name) => table.columns.find((column) => column.name === name)?.isSupported === false,
      )
    )
      continue
    const key = [...foreignKey.columns].sort().join('\u0000')
    groups.set(key, [...(groups.get(key) ?? []), foreignKey])
  }
  return [...groups.values()]
}

function candidate(
  catalog: Catalog,
  table: CatalogTable,
  foreignKeys: readonly CatalogForeignKey[],
): Candidate {
  const [first] = foreignKeys as [CatalogForeignKey]
  const cascading = foreignKeys.find((each) => each.onDelete === 'Cascade' || each.onDelete === 'SetNull')
  const fields = first.columns.map((column) => fieldOf(table, column)).join(', ')
  const evidence: Evidence[] = foreignKeys.flatMap((each) => {
    const at = place(each.source)
    const relation: Evidence = { kind: 'relation', ...at }
    return each === cascading ? [relation, { kind: 'on-delete' as const, ...at }] : [relation]
  })
  const lookups = `Loading ${table.model} by ${fields}`
  const reason =
    cascading === undefined
      ? `${lookups}, and deleting rows of ${first.referencedModel}, reads the whole table: no index begins with the foreign key.`
      : `${lookups} reads the whole table, and so does ${
          catalog.relationMode === 'prisma' ? 'Prisma Client' : 'the database'
        } for each deleted ${cascading.referencedModel} (onDelete: ${cascading.onDelete}).`
  return {
    table,
    keys: plainKeys(first.columns),
    freeKeys: first.columns.length,
    predicate: null,
    prismaWhere: null,
    type: 'BTree',
    rule: unindexedForeignKey.name,
    severity: severity(table, cascading !== undefined),
    reason,
    evidence,
    replaces: [],
    isFirstChoice: true,
  }
}

function severity(table: CatalogTable, cascades: boolean): Severity {
  if (cascades) return table.rows !== null && table.rows < BIG_TABLE ? 'medium' : 'high'
  return 'medium'
}

function place(source: ClaimSource): { at?: string } {
  return 'file' in source ? { at: `${source.file}:${source.line}` } : {}
}
