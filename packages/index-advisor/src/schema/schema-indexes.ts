import type { SchemaAttribute } from '@prisma-brisk/core/schema-syntax'
import type {
  CatalogIndex,
  CatalogTable,
  ClaimSource,
  IndexKey,
  IndexType,
  Provider,
} from '../catalog/catalog.ts'
import { backsForeignKey } from '../catalog/coverage.ts'
import { prismaIndexName } from '../catalog/index-name.ts'
import type { IndexedField } from './schema-attributes.ts'
import { argument, indexedFields, keyOptions, predicateSql, text } from './schema-attributes.ts'
import { opsOf } from './operator-class.ts'
import { sourceAt, type SchemaBlock } from './schema-blocks.ts'
import { columnName } from './schema-columns.ts'

/** The indexes a model declares, on its fields, then in its block. */
export function declaredIndexes(block: SchemaBlock, table: CatalogTable, provider: Provider): CatalogIndex[] {
  const onFields = block.members.flatMap((member) =>
    member.attributes
      .filter((attribute) => attribute.name === 'id' || attribute.name === 'unique')
      .map((attribute) =>
        indexOf(
          table,
          attribute,
          [{ field: member.name, ...keyOptions(attribute) }],
          sourceAt(block, member.from),
          provider,
        ),
      ),
  )
  const onBlock = block.attributes
    .filter((attribute) => ['id', 'unique', 'index', 'fulltext'].includes(attribute.name))
    .map((attribute) =>
      indexOf(
        table,
        attribute,
        indexedFields(argument(attribute, 'fields', 0)),
        sourceAt(block, attribute.from),
        provider,
      ),
    )
  return [...onFields, ...onBlock]
}

function indexOf(
  table: CatalogTable,
  attribute: SchemaAttribute,
  fields: readonly IndexedField[],
  source: ClaimSource,
  provider: Provider,
): CatalogIndex {
  const kind = attribute.name === 'id' ? 'primary' : attribute.name === 'unique' ? 'unique' : 'index'
  const suffix = kind === 'primary' ? '_pkey' : kind === 'unique' ? '_key' : '_idx'
  const columns = fields.map((each) => columnName(table.columns, each.field))
  const type =
    attribute.name === 'fulltext' ? 'Fulltext' : ((text(argument(attribute, 'type')) ?? 'BTree') as IndexType)
  const isUnread = fields.some(
    ({ operatorClass, isRaw }) => isRaw === true && opsOf(type, operatorClass)?.startsWith('raw(') !== true,
  )
  return {
    name:
      text(argument(attribute, 'map')) ??
      legacyName(attribute) ??
      prismaIndexName(provider, table.name, columns, suffix),
    kind,
    keys: fields.map(({ sort, length, operatorClass }, at): IndexKey => ({
      column: columns[at] ?? null,
      expression: null,
      sort,
      length,
      operatorClass,
    })),
    include: [],
    predicate: predicateSql(argument(attribute, 'where'), provider, (field) =>
      columnName(table.columns, field),
    ),
    type,
    ...(isUnread ? { isUnread } : {}),
    sources: [source],
  }
}

/** Prisma 2's spelling: of `@@index` and `@@fulltext`, `name` is that of the database; of keys it is the client's. */
function legacyName(attribute: SchemaAttribute): string | undefined {
  const isIndex = attribute.name === 'index' || attribute.name === 'fulltext'
  return isIndex ? text(argument(attribute, 'name')) : undefined
}

/** InnoDB makes an index for each foreign key that no other index begins with. */
export function foreignKeyIndexes(table: CatalogTable, indexes: readonly CatalogIndex[]): CatalogIndex[] {
  return table.foreignKeys
    .filter(({ columns }) => !indexes.some((index) => backsForeignKey(index, columns)))
    .map(({ columns }) => ({
      name: prismaIndexName('mysql', table.name, columns, '_fkey'),
      kind: 'index',
      keys: columns.map((column) => ({
        column,
        expression: null,
        sort: 'asc',
        length: null,
        operatorClass: null,
      })),
      include: [],
      predicate: null,
      type: 'BTree',
      sources: [{ kind: 'server' }],
    }))
}
