import { fieldOf } from '../candidate/candidate.ts'
import { byHand } from '../candidate/by-hand.ts'
import type { Catalog, CatalogColumn, CatalogTable } from '../catalog/catalog.ts'
import { key, needsOf, servedBy } from '../candidate/index-need.ts'
import { narrows } from '../candidate/selectivity.ts'
import type { QueryShape } from '../shape/query-shape.ts'
import type { Remark } from '../advice/advice.ts'
import type { Rule } from '../rule.ts'
import { tableOf } from '../rule.ts'

export const patternSearch: Rule = {
  name: 'pattern-search',
  summary: 'A query searches inside text, which no b-tree can do.',
  why: `\`contains\`, \`endsWith\` and \`mode: 'insensitive'\` match anywhere or in any case. On PostgreSQL a trigram index
(\`CREATE EXTENSION pg_trgm\`, then \`@@index([title(ops: raw("gin_trgm_ops"))], type: Gin)\`) finds them; it is large and slow
to write, so it is a hint, not a recommendation. \`startsWith\` needs a b-tree with the class \`text_pattern_ops\`, unless the
database compares text byte by byte (collation C). It is made in a migration by hand and declared without the class: Prisma's
engine reads no class of a b-tree back, so with \`ops: raw("text_pattern_ops")\` in the schema each \`prisma migrate dev\` would
drop the index and make it again.`,
  silent: [
    'Databases other than PostgreSQL.',
    'Columns that hold no text, and functions of a column (see compared-expression).',
    'The column has a GIN or GiST index, or one for patterns.',
  ],
  example: {
    given: `prisma.post.findMany({ where: { title: { contains: term, mode: 'insensitive' } } })`,
    then: 'a hint to a trigram index on title',
  },
  apply({ catalog, shapes }) {
    if (catalog.provider !== 'postgresql') return {}
    const isBytewise = catalog.collation === 'C' || catalog.collation === 'POSIX'
    const findings = shapes.flatMap((shape): Remark[] => {
      const table = tableOf(catalog, shape)
      if (table === undefined || shape.evidence.weight === 0) return []
      const found = finderOf(catalog, table, shape)
      return shape.conditions.flatMap((condition): Remark[] => {
        const isPrefix = condition.operator === 'prefix' && !isBytewise
        const isAnyCase = condition.operator === 'any-case'
        if (condition.operator !== 'pattern' && !isAnyCase && !isPrefix) return []
        const column = table.columns.find((each) => each.name === condition.column)
        if (column?.type !== 'String' || column.isList || column.nativeType?.name === 'Citext') return []
        const hasOwn = table.indexes.some((index) =>
          index.keys.some(
            (key) =>
              (key.column === condition.column &&
                (index.type !== 'BTree' || key.operatorClass?.endsWith('_pattern_ops') === true)) ||
              key.expression?.includes(condition.column) === true,
          ),
        )
        if (hasOwn) return []
        const field = fieldOf(table, condition.column)
        const among = found === undefined ? '' : `, in the rows that ${found}`
        const trigram = '(pg_trgm, type: Gin, ops: raw("gin_trgm_ops"))'
        return [
          {
            kind: 'pattern-search',
            model: table.model,
            index: field,
            ...(shape.evidence.at === undefined ? {} : { at: shape.evidence.at }),
            reason: isAnyCase
              ? `${table.model}.${field} is compared in any case, which Prisma sends as ILIKE${among}: no b-tree on it helps. A trigram index ${trigram} finds it; smaller are a column of the type citext, or one that holds the text in lower case.`
              : isPrefix
                ? `${table.model}.${field} is searched by its beginning${among}: a b-tree helps only with the class ${patternClass(column)} or in collation C.`
                : found === undefined
                  ? `${table.model}.${field} is searched inside: only a trigram index ${trigram} could help.`
                  : `${table.model}.${field} is searched inside${among}: a trigram index ${trigram} helps only where those are many.`,
            change: isPrefix
              ? byHand(catalog, table, [{ ...key(column.name), operatorClass: patternClass(column) }])
              : `CREATE EXTENSION pg_trgm, then @@index([${field}(ops: raw("gin_trgm_ops"))], type: Gin)`,
            ...(table.rows === null || found !== undefined
              ? {}
              : {
                  cost: { rows: table.rows, bytes: Math.round(table.rows * (column.statistics?.width ?? 0)) },
                }),
          },
        ]
      })
    })
    return { findings }
  },
}

/** The class that compares byte by byte; that of `text` serves VARCHAR too. */
function patternClass({ nativeType }: CatalogColumn): string {
  return nativeType?.name === 'Char' ? 'bpchar_pattern_ops' : 'text_pattern_ops'
}

/** `Post_authorId_idx finds by authorId`: a condition beside the pattern that an index answers, and which keeps few rows. */
function finderOf(catalog: Catalog, table: CatalogTable, shape: QueryShape): string | undefined {
  const rows = { ...shape, order: [], limit: null, offset: null }
  for (const need of needsOf(catalog, table, rows)) {
    const index = servedBy(need)
    if (index === undefined || narrows(catalog, need) !== null) continue
    const columns = [...need.equal, ...need.tail.map((each) => each.column)]
    return `${index.name} finds by ${columns.map((each) => fieldOf(table, each)).join(', ')}`
  }
  return undefined
}
