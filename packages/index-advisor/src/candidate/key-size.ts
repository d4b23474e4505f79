import type { CandidateKey } from './candidate.ts'
import { fieldOf } from './candidate.ts'
import type { CatalogColumn, CatalogTable, Provider } from '../catalog/catalog.ts'

/** Bytes a b-tree key may have: a third of a PostgreSQL page, InnoDB's DYNAMIC row format. */
const LIMIT: Record<Provider, number> = { postgresql: 2704, mysql: 3072, sqlite: Infinity }

/** Characters of a MySQL text that go into an index: as many as Prisma's own VARCHAR(191) has. */
const MYSQL_TEXT_PREFIX = 191

/**
 * The keys as the database takes them: MySQL's texts cut to a length (a cut column ends the index, since what follows
 * is no longer in order), or the reason why none can be made.
 */
export function fitToKeySize(
  provider: Provider,
  table: CatalogTable,
  keys: readonly CandidateKey[],
): { keys: CandidateKey[] } | { reason: string } {
  const fitted: CandidateKey[] = []
  let bytes = 0
  for (const each of keys) {
    const column = table.columns.find((one) => one.name === each.column)
    if (column === undefined) continue
    const length = provider === 'mysql' && isMysqlText(column) ? MYSQL_TEXT_PREFIX : null
    bytes += length === null ? widthOf(provider, column) : length * 4
    if (bytes > LIMIT[provider])
      return {
        reason: `A key of ${fieldOf(table, each.column)} could be ${bytes} bytes; ${provider} takes at most ${LIMIT[provider]}.`,
      }
    fitted.push({ ...each, length })
    if (length !== null) break
  }
  return { keys: fitted }
}

function isMysqlText(column: CatalogColumn): boolean {
  return [
    'Text',
    'TinyText',
    'MediumText',
    'LongText',
    'Blob',
    'TinyBlob',
    'MediumBlob',
    'LongBlob',
  ].includes(column.nativeType?.name ?? (column.type === 'Bytes' ? 'LongBlob' : ''))
}

/** The most bytes a value may take; where the type sets no bound, what the statistics say, else a short text. */
function widthOf(provider: Provider, column: CatalogColumn): number {
  const [size] = (column.nativeType?.args ?? []).map(Number)
  switch (column.type) {
    case 'String': {
      if (column.nativeType?.name === 'Uuid') return 16
      if (size !== undefined && !Number.isNaN(size)) return size * 4
      if (provider === 'mysql') return 191 * 4
      const width = column.statistics?.width ?? 0
      // The average says little of the longest: a text of 300 bytes on average is a text, not a name.
      return width > 300 ? Infinity : 64
    }
    case 'Bytes':
      return size !== undefined && !Number.isNaN(size) ? size : (column.statistics?.width ?? 32)
    case 'Decimal':
      return 30
    case 'Boolean':
      return 1
    case 'Int':
      return 4
    default:
      return 8
  }
}
