import { quoteIdentifier, quoteMarkOf } from '@prisma-brisk/core'
import type { Candidate, CandidateKey } from './candidate.ts'
import { fieldOf } from './candidate.ts'
import type { Catalog, CatalogTable, IndexType, Provider } from '../catalog/catalog.ts'
import { freeIndexName } from '../catalog/index-name.ts'
import { opsOf } from '../schema/operator-class.ts'

/** What a statement needs of an index. */
export type IndexForm = Pick<Candidate, 'table' | 'keys' | 'predicate' | 'prismaWhere' | 'type'>

/** An index about to be made: named, as SQL, and as the line for the schema. */
export interface IndexStatement {
  readonly name: string
  readonly sql: string
  readonly prisma: string
}

/**
 * Names the indexes of one migration: Prisma's default where it is free, else with a number, which then stands in
 * `map:`. On PostgreSQL and SQLite a name is taken in the whole schema, on MySQL in the table.
 */
export class IndexNames {
  private readonly taken = new Map<string, Set<string>>()

  constructor(private readonly catalog: Catalog) {
    for (const table of catalog.tables) {
      const names = this.namesFor(table)
      for (const index of table.indexes) names.add(index.name)
      // Tables and indexes share one name space on PostgreSQL and SQLite.
      if (catalog.provider !== 'mysql') names.add(table.name)
    }
  }

  statement(candidate: IndexForm): IndexStatement {
    const { table, keys } = candidate
    const names = this.namesFor(table)
    const { name, isDefault } = freeIndexName(
      this.catalog.provider,
      table.name,
      keys.map((key) => key.column),
      names,
    )
    names.add(name)
    return {
      name,
      sql: createIndexSql(this.catalog.provider, candidate, name),
      prisma: indexLine(candidate, isDefault ? null : name),
    }
  }

  private namesFor(table: CatalogTable): Set<string> {
    const space = this.catalog.provider === 'mysql' ? table.name : (table.schema ?? '')
    const names = this.taken.get(space) ?? new Set()
    this.taken.set(space, names)
    return names
  }
}

const USING: Partial<Record<IndexType, string>> = {
  Hash: 'HASH',
  Gin: 'GIN',
  Gist: 'GIST',
  SpGist: 'SPGIST',
  Brin: 'BRIN',
}

/**
 * Built without blocking writes: PostgreSQL CONCURRENTLY (IF NOT EXISTS, since it runs outside a transaction and may
 * be repeated), except on partitioned tables, where it refuses to; MySQL and MariaDB in place and without a lock.
 */
function createIndexSql(provider: Provider, candidate: IndexForm, name: string): string {
  const { table, type, predicate } = candidate
  const quoted = (identifier: string) => quoteIdentifier(identifier, quoteMarkOf(provider))
  const target = table.schema === null ? quoted(table.name) : `${quoted(table.schema)}.${quoted(table.name)}`
  const keys = candidate.keys.map((key) => keySql(provider, key)).join(', ')
  const where = predicate === null ? '' : ` WHERE ${predicate}`
  switch (provider) {
    case 'postgresql': {
      const using = USING[type] === undefined ? '' : ` USING ${USING[type]} `
      // Refused on a partitioned table.
      const concurrently = table.isPartitioned === true ? '' : 'CONCURRENTLY '
      return `CREATE INDEX ${concurrently}IF NOT EXISTS ${quoted(name)} ON ${target}${using}(${keys})${where};`
    }
    case 'mysql':
      return `CREATE INDEX ${quoted(name)} ON ${target}(${keys}) ALGORITHM=INPLACE LOCK=NONE;`
    case 'sqlite':
      return `CREATE INDEX ${quoted(name)} ON ${target}(${keys})${where};`
  }
}

function keySql(provider: Provider, key: CandidateKey): string {
  const length = key.length === null ? '' : `(${key.length})`
  const opclass = key.operatorClass === null ? '' : ` ${key.operatorClass}`
  const nulls = key.nulls === undefined ? '' : ` NULLS ${key.nulls.toUpperCase()}`
  return `${quoteIdentifier(key.column, quoteMarkOf(provider))}${length}${opclass}${key.sort === 'desc' ? ' DESC' : ''}${nulls}`
}

/**
 * `@@index([authorId, createdAt(sort: Desc)], map: "…")`: what Prisma's engine reads back from the index, and no more. Of
 * the place of NULLs, and of a b-tree's classes, it reads nothing, so the line says nothing of them.
 */
function indexLine(candidate: IndexForm, map: string | null): string {
  const keys = candidate.keys.map((key) => {
    const ops = opsOf(candidate.type, key.operatorClass)
    const options = [
      ...(key.length === null ? [] : [`length: ${key.length}`]),
      ...(ops === null ? [] : [`ops: ${ops}`]),
      ...(key.sort === 'desc' ? ['sort: Desc'] : []),
    ]
    const field = fieldOf(candidate.table, key.column)
    return options.length === 0 ? field : `${field}(${options.join(', ')})`
  })
  const rest = [
    ...(candidate.type === 'BTree' ? [] : [`type: ${candidate.type}`]),
    ...(candidate.prismaWhere === null ? [] : [`where: ${candidate.prismaWhere}`]),
    ...(map === null ? [] : [`map: ${JSON.stringify(map)}`]),
  ]
  return `@@index([${keys.join(', ')}]${rest.map((each) => `, ${each}`).join('')})`
}
