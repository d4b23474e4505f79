import type { Catalog, CatalogIndex, CatalogTable } from '../catalog/catalog.ts'
import { qualifiedName } from '../statistics/sql-text.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics, TableIndex, TableStatistics } from '../statistics/statistics.ts'
import type { Workload } from '../workload/workload.ts'
import { compareText } from '../text-order.ts'
import { type ComparedStatement, comparedText, compareStatements, counted } from './compare-statements.ts'

/** What became of the indexes after a deploy. Sorted; the same input gives the same bytes. */
export interface Verification {
  readonly version: 1
  readonly indexes: readonly VerifiedIndex[]
  /** Statements of the workload before, the one that changed most first. */
  readonly statements: readonly ComparedStatement[]
  /** False when something has to be mended: an index missing or invalid, a statement slower. */
  readonly isGood: boolean
}

export interface VerifiedIndex {
  readonly model: string
  readonly table: string
  readonly name: string
  readonly state: 'used' | 'unused' | 'invalid' | 'missing' | 'leftover'
  /** Reads of the index since the server's counters were reset; null where it does not count. */
  readonly scans: number | null
  readonly bytes: number
  readonly remark: string
  /** Of the newest migration that made indexes; true of all where there are no migrations. */
  readonly isNew: boolean
  /** What mends it, in order; empty where nothing is to be done. */
  readonly commands: readonly string[]
}

export interface VerifyInput {
  /** The schema with its migrations: what should be there. */
  readonly catalog: Catalog
  /** Read from the database after the deploy. */
  readonly statistics: Statistics
  /** Logs of before and after, for the question whether it is faster. */
  readonly before?: Workload | null
  readonly after?: Workload | null
}

/** Built, valid, used, faster: of the indexes the schema declares, and of those that a failed build left behind. */
export function verifyIndexes({ catalog, statistics, before, after }: VerifyInput): Verification {
  const isNew = newestOf(catalog)
  const indexes = catalog.tables.flatMap((table) => {
    const found = findTable(statistics, table.schema, table.name)
    return [...expectedIndexes(table, found, statistics, isNew), ...leftovers(table, found)]
  })
  const statements = before && after ? compareStatements(before, after) : []
  return {
    version: 1,
    indexes: indexes.sort((a, b) => compareText(a.model, b.model) || compareText(a.name, b.name)),
    statements,
    isGood:
      indexes.every((index) => index.state === 'used' || index.state === 'unused') &&
      statements.every((statement) => statement.verdict !== 'slower'),
  }
}

function expectedIndexes(
  table: CatalogTable,
  found: TableStatistics | undefined,
  statistics: Statistics,
  isNew: (index: CatalogIndex) => boolean,
): VerifiedIndex[] {
  return table.indexes
    .filter((index) => !index.sources.every((source) => source.kind === 'server'))
    .map((index): VerifiedIndex => {
      const real = found === undefined ? undefined : findIndex(index, found)
      const base = {
        model: table.model,
        table: table.name,
        name: real?.name ?? index.name,
        isNew: isNew(index),
      }
      if (real === undefined && isRowId(index, found)) {
        const remark =
          'The rows themselves are kept in its order: SQLite needs no index for an INTEGER PRIMARY KEY.'
        return { ...base, state: 'used', scans: null, bytes: 0, remark, commands: [] }
      }
      if (real === undefined) {
        const remark =
          found === undefined
            ? 'Its table is not in the database.'
            : 'It is not in the database: deploy the migration.'
        return { ...base, state: 'missing', scans: null, bytes: 0, remark, commands: [] }
      }
      const bytes = real.pages * 8192
      if (!real.isValid) {
        return {
          ...base,
          state: 'invalid',
          scans: real.scans,
          bytes,
          remark: isPartitioned(found)
            ? 'Not each partition has its part of the index: no query on the whole table uses it.'
            : 'A concurrent build failed: the index is kept up to date by every write and used by no query.',
          commands: rebuild(found, real),
        }
      }
      if (statistics.provider !== 'postgresql') {
        return {
          ...base,
          state: 'used',
          scans: null,
          bytes,
          remark: 'It is built; this server does not say whether it is used.',
          commands: [],
        }
      }
      if (real.scans > 0) {
        return {
          ...base,
          state: 'used',
          scans: real.scans,
          bytes,
          remark: `Read ${real.scans.toLocaleString('en')} times.`,
          commands: [],
        }
      }
      const keeps = real.isUnique || real.isConstraint
      return {
        ...base,
        state: keeps ? 'used' : 'unused',
        scans: 0,
        bytes,
        remark: keeps
          ? 'It keeps values unique; no query has read it yet.'
          : 'No query has read it since the server’s counters were reset. Replicas count for themselves.',
        commands: [],
      }
    })
}

/** SQLite's INTEGER PRIMARY KEY is the number of the row: the table is in its order, and has no index of it. */
function isRowId({ kind, keys }: CatalogIndex, found: TableStatistics | undefined): boolean {
  if (kind !== 'primary' || keys.length !== 1 || found?.definition === undefined) return false
  const column = found.columns.find((each) => each.name === keys[0]?.column)
  return (
    column?.type === 'integer' &&
    /\bprimary\s+key\b/i.test(found.definition) &&
    !found.indexes.some((each) => each.isPrimary)
  )
}

/** By name, else by what it indexes: an index may have been renamed in the database. */
function findIndex(index: CatalogIndex, found: TableStatistics): TableIndex | undefined {
  const keys = index.keys.map((key) => key.column)
  return (
    found.indexes.find((real) => real.name === index.name) ??
    found.indexes.find(
      (real) =>
        real.isValid &&
        (index.kind === 'index' || real.isUnique) &&
        real.keys.length === keys.length &&
        real.keys.every((key, at) => key === keys[at]) &&
        (real.predicate === null) === (index.predicate === null),
    )
  )
}

/** `…_ccnew` and `…_ccold`: what REINDEX CONCURRENTLY leaves when it fails; other invalid ones that no schema names. */
function leftovers(table: CatalogTable, found: TableStatistics | undefined): VerifiedIndex[] {
  const declared = new Set(table.indexes.map((index) => index.name))
  return (found?.indexes ?? [])
    .filter((real) => !real.isValid && !declared.has(real.name))
    .map((real) => ({
      model: table.model,
      table: table.name,
      name: real.name,
      state: 'leftover' as const,
      scans: real.scans,
      bytes: real.pages * 8192,
      isNew: false,
      remark:
        'An invalid index that the schema does not declare, left behind by a failed build: every write pays for it.',
      commands: [`DROP INDEX ${concurrently(found)}${qualifiedName(found?.schema ?? null, real.name)};`],
    }))
}

function rebuild(table: TableStatistics | undefined, index: TableIndex): string[] {
  const name = qualifiedName(table?.schema ?? null, index.name)
  if (index.isConstraint) return [`REINDEX INDEX CONCURRENTLY ${name};`]
  const create = index.definition.replace(
    /^CREATE (UNIQUE )?INDEX /,
    (_, unique = '') => `CREATE ${unique}INDEX ${concurrently(table)}`,
  )
  return [`DROP INDEX ${concurrently(table)}${name};`, `${create.replace(' ON ONLY ', ' ON ')};`]
}

/** Refused on a partitioned table. */
function concurrently(table: TableStatistics | undefined): string {
  return isPartitioned(table) ? '' : 'CONCURRENTLY '
}

function isPartitioned(table: TableStatistics | undefined): boolean {
  return table?.partitioning?.key != null
}

/** Whether an index was made by the newest migration that made any; the advisor's may be several in a row. */
function newestOf(catalog: Catalog): (index: CatalogIndex) => boolean {
  const made = (index: CatalogIndex): string =>
    index.sources
      .map((source) =>
        source.kind === 'migration' ? (/(\d{14})_[^/]*\/[^/]*$/.exec(source.file)?.[0] ?? '') : '',
      )
      .sort(compareText)
      .at(-1) ?? ''
  const all = catalog.tables.flatMap((table) => table.indexes.map(made)).filter((each) => each !== '')
  const newest = all.sort(compareText).at(-1)
  if (newest === undefined) return (index) => index.kind === 'index'
  const series = new Set([newest, ...(isOfSeries(newest) ? all.filter(isOfSeries) : [])])
  const first = Number(newest.slice(0, 14)) - series.size
  return (index) => series.has(made(index)) && Number(made(index).slice(0, 14)) > first
}

/** Before Prisma 7.4 each concurrent index has a migration of its own, one second apart. */
function isOfSeries(file: string): boolean {
  return /_add_indexes_\d+\//.test(file)
}

/** For people: what was added and what is wrong; `all`: the rest too. */
export function verificationText(
  { indexes, statements }: Verification,
  { all = false }: { readonly all?: boolean } = {},
): string {
  const marks = { used: '✓', unused: '·', invalid: '✗', missing: '✗', leftover: '✗' }
  const shown = indexes.filter((index) => all || index.isNew || isWrong(index))
  const lines = shown.map((index) => {
    const commands = index.commands.map((command) => `\n      ${command}`).join('')
    return `  ${marks[index.state]} ${index.model}  ${index.name}  ${index.state}: ${index.remark}${commands}`
  })
  const compared = statements.map(comparedText)
  const bad = indexes.filter(isWrong).length
  const unused = indexes.filter((index) => index.state === 'unused').length
  const hidden = indexes.length - shown.length
  const rest =
    hidden === 0 ? '' : ` Older ones that are built and valid, read or not: ${hidden}, which --all lists.`
  const slower = statements.filter((each) => each.verdict === 'slower').length
  const slow = statements.length === 0 ? '' : ` ${counted(statements.length, 'statement')}: ${slower} slower.`
  const summary = `${indexes.length} indexes: ${bad} to mend, ${unused} not used yet.${slow}${rest}`
  return [...lines, ...(compared.length > 0 ? ['', ...compared] : []), '', summary, ''].join('\n')
}

function isWrong({ state }: VerifiedIndex): boolean {
  return state !== 'used' && state !== 'unused'
}
