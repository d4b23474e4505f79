import { quoteIdentifier, quoteMarkOf } from '@prisma-brisk/core'
import type { Catalog, CatalogIndex, CatalogTable, Provider } from '../catalog/catalog.ts'
import type { Remark } from '../advice/advice.ts'

/** An index that `--drop-redundant` takes out. */
export interface IndexDrop {
  readonly table: CatalogTable
  readonly index: CatalogIndex
  readonly sql: string
}

/** The redundant and duplicate indexes among the findings, each once. */
export function dropsOf(catalog: Catalog, findings: readonly Remark[]): IndexDrop[] {
  const drops = new Map<CatalogIndex, IndexDrop>()
  for (const finding of findings) {
    if (finding.kind !== 'redundant-index' && finding.kind !== 'duplicate-index') continue
    const table = catalog.tables.find((each) => each.model === finding.model)
    const index = table?.indexes.find((each) => each.name === finding.index)
    if (table !== undefined && index !== undefined)
      drops.set(index, { table, index, sql: dropSql(catalog.provider, table, index) })
  }
  return [...drops.values()]
}

function dropSql(provider: Provider, table: CatalogTable, index: CatalogIndex): string {
  const quoted = (name: string) => quoteIdentifier(name, quoteMarkOf(provider))
  switch (provider) {
    case 'postgresql': {
      const name =
        table.schema === null ? quoted(index.name) : `${quoted(table.schema)}.${quoted(index.name)}`
      return `DROP INDEX ${table.isPartitioned === true ? '' : 'CONCURRENTLY '}IF EXISTS ${name};`
    }
    case 'mysql':
      // As MariaDB takes it too: its DROP INDEX knows neither ALGORITHM nor LOCK.
      return `ALTER TABLE ${quoted(table.name)} DROP INDEX ${quoted(index.name)}, ALGORITHM=INPLACE, LOCK=NONE;`
    case 'sqlite':
      return `DROP INDEX ${quoted(index.name)};`
  }
}
