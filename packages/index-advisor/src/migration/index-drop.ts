import { quoteIdentifier, quoteMarkOf } from '@prisma-brisk/core'
import type { Catalog, CatalogIndex, CatalogTable, Provider } from '../catalog/catalog.ts'
import type { Finding } from '../advice/advice.ts'

/** An index that `--drop-redundant` takes out. */
export interface IndexDrop {
  readonly table: CatalogTable
  readonly index: CatalogIndex
  readonly sql: string
}

/** The redundant and duplicate indexes among the findings. */
export function dropsOf(catalog: Catalog, findings: readonly Finding[]): IndexDrop[] {
  return findings.flatMap((finding): IndexDrop[] => {
    if (finding.kind !== 'redundant' && finding.kind !== 'duplicate') return []
    const table = catalog.tables.find((each) => each.model === finding.model)
    const index = table?.indexes.find((each) => each.name === finding.index)
    return table === undefined || index === undefined
      ? []
      : [{ table, index, sql: dropSql(catalog.provider, table, index) }]
  })
}

function dropSql(provider: Provider, table: CatalogTable, index: CatalogIndex): string {
  const quoted = (name: string) => quoteIdentifier(name, quoteMarkOf(provider))
  switch (provider) {
    case 'postgresql': {
      const name =
        table.schema === null ? quoted(index.name) : `${quoted(table.schema)}.${quoted(index.name)}`
      return `DROP INDEX CONCURRENTLY IF EXISTS ${name};`
    }
    case 'mysql':
      return `DROP INDEX ${quoted(index.name)} ON ${quoted(table.name)} ALGORITHM=INPLACE LOCK=NONE;`
    case 'sqlite':
      return `DROP INDEX ${quoted(index.name)};`
  }
}
