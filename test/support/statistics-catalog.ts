import type { Catalog, CatalogTable, IndexKey } from '../../packages/index-advisor/src/catalog/catalog.ts'
import type { Candidate } from '../../packages/index-advisor/src/candidate/candidate.ts'
import type { Statistics } from '../../packages/index-advisor/src/statistics/statistics.ts'

/** A catalog as a Prisma schema of the same database would give it: models are named like their tables. */
export function catalogOf(statistics: Statistics): Catalog {
  return {
    provider: statistics.provider,
    relationMode: 'foreignKeys',
    previewFeatures: ['partialIndexes'],
    collation: null,
    omitted: [],
    warnings: [],
    tables: statistics.tables.map((table): CatalogTable => ({
      name: table.name,
      schema: table.schema === statistics.defaultSchema ? null : table.schema,
      model: table.name,
      rows: null,
      source: { kind: 'database' },
      columns: table.columns.map((column) => ({
        name: column.name,
        field: column.name,
        type: column.type,
        isEnum: false,
        enumValues: null,
        isList: column.type.endsWith('[]'),
        isNullable: column.isNullable,
        nativeType: null,
        isSupported: true,
        statistics: null,
      })),
      indexes: table.indexes.map((index) => ({
        name: index.name,
        kind: index.isPrimary ? 'primary' : index.isUnique ? 'unique' : 'index',
        keys: index.keys.map((key) => keyOf(key ?? '')),
        include: index.include,
        predicate: index.predicate,
        type: 'BTree',
        sources: [{ kind: 'database' }],
      })),
      foreignKeys: table.foreignKeys.map(({ name, definition }) => {
        const [, columns = '', parent = '', parentColumns = ''] =
          /FOREIGN KEY \((.+?)\) REFERENCES (?:"?\w+"?\.)?"?(\w+)"?\((.+?)\)/.exec(definition) ?? []
        const list = (text: string) => text.split(',').map((part) => part.trim().replace(/"/g, ''))
        return {
          relationField: name,
          columns: list(columns),
          referencedModel: parent,
          referencedTable: parent,
          referencedColumns: list(parentColumns),
          onDelete: definition.includes('ON DELETE CASCADE')
            ? 'Cascade'
            : definition.includes('ON DELETE SET NULL')
              ? 'SetNull'
              : 'NoAction',
          onUpdate: 'NoAction',
          source: { kind: 'database' },
        }
      }),
    })),
  }
}

/** `candidateOf(catalog, 'Post', 'authorId, createdAt desc')`. */
export function candidateOf(
  catalog: Catalog,
  model: string,
  keys: string,
  options: Partial<Pick<Candidate, 'predicate' | 'type' | 'evidence' | 'freeKeys'>> = {},
): Candidate {
  const table = catalog.tables.find((each) => each.model === model)
  if (table === undefined) throw new Error(`no model ${model}`)
  return {
    table,
    keys: keys.split(',').map((key) => {
      const [column = '', sort = 'asc'] = key.trim().split(' ')
      return { ...keyOf(column), column, expression: null, sort: sort === 'desc' ? 'desc' : 'asc' }
    }),
    freeKeys: options.freeKeys ?? 0,
    predicate: options.predicate ?? null,
    prismaWhere: null,
    type: options.type ?? 'BTree',
    rule: 'test',
    severity: 'medium',
    reason: `asked for by ${keys}`,
    evidence: options.evidence ?? [],
    replaces: [],
    isFirstChoice: true,
  }
}

function keyOf(column: string): IndexKey {
  return { column, expression: null, sort: 'asc', length: null, operatorClass: null }
}
