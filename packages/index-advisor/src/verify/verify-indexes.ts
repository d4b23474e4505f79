import type { Catalog, CatalogIndex, CatalogTable } from '../catalog/catalog.ts'
import { qualifiedName } from '../statistics/sql-text.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics, TableIndex, TableStatistics } from '../statistics/statistics.ts'
import type { Workload } from '../workload/workload.ts'
import { compareText } from '../text-order.ts'

/** What became of the indexes after a deploy. Sorted; the same input gives the same bytes. */
export interface Verification {
  readonly version: 1
  readonly indexes: readonly VerifiedIndex[]
  /** Statements that are in both workloads, the one that changed most first. */
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
  /** What mends it, in order; empty where nothing is to be done. */
  readonly commands: readonly string[]
}

export interface ComparedStatement {
  readonly fingerprint: string
  readonly operation: string | null
  readonly before: { readonly calls: number; readonly meanMs: number }
  readonly after: { readonly calls: number; readonly meanMs: number }
  readonly verdict: 'faster' | 'same' | 'slower'
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

/** Less than this change is noise. */
const NOTICEABLE = 1.2

/** Built, valid, used, faster: of the indexes the schema declares, and of those that a failed build left behind. */
export function verifyIndexes({ catalog, statistics, before, after }: VerifyInput): Verification {
  const indexes = catalog.tables.flatMap((table) => {
    const found = findTable(statistics, table.schema, table.name)
    return [...expectedIndexes(table, found, statistics), ...leftovers(table, found)]
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
): VerifiedIndex[] {
  return table.indexes
    .filter((index) => !index.sources.every((source) => source.kind === 'server'))
    .map((index): VerifiedIndex => {
      const real = found === undefined ? undefined : findIndex(index, found)
      const base = { model: table.model, table: table.name, name: real?.name ?? index.name }
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
          remark:
            'A concurrent build failed: the index is kept up to date by every write and used by no query.',
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
      remark:
        'An invalid index that the schema does not declare, left behind by a failed build: every write pays for it.',
      commands: [`DROP INDEX CONCURRENTLY ${qualifiedName(found?.schema ?? null, real.name)};`],
    }))
}

function rebuild(table: TableStatistics | undefined, index: TableIndex): string[] {
  const name = qualifiedName(table?.schema ?? null, index.name)
  if (index.isConstraint) return [`REINDEX INDEX CONCURRENTLY ${name};`]
  const create = index.definition.replace(
    /^CREATE (UNIQUE )?INDEX /,
    (_, unique = '') => `CREATE ${unique}INDEX CONCURRENTLY `,
  )
  return [`DROP INDEX CONCURRENTLY ${name};`, `${create};`]
}

function compareStatements(before: Workload, after: Workload): ComparedStatement[] {
  const later = new Map(after.queries.map((query) => [query.fingerprint, query]))
  const compared = before.queries.flatMap((query): ComparedStatement[] => {
    const now = later.get(query.fingerprint)
    if (now === undefined || query.totalMs <= 0) return []
    const old = { calls: query.calls, meanMs: round(query.totalMs / query.calls) }
    const fresh = { calls: now.calls, meanMs: round(now.totalMs / now.calls) }
    const verdict =
      fresh.meanMs * NOTICEABLE < old.meanMs
        ? 'faster'
        : fresh.meanMs > old.meanMs * NOTICEABLE
          ? 'slower'
          : 'same'
    return [
      { fingerprint: query.fingerprint, operation: query.operation, before: old, after: fresh, verdict },
    ]
  })
  const saved = (each: ComparedStatement) => (each.before.meanMs - each.after.meanMs) * each.before.calls
  return compared.sort(
    (a, b) => Math.abs(saved(b)) - Math.abs(saved(a)) || compareText(a.fingerprint, b.fingerprint),
  )
}

/** For people. */
export function verificationText({ indexes, statements }: Verification): string {
  const marks = { used: '✓', unused: '·', invalid: '✗', missing: '✗', leftover: '✗' }
  const lines = indexes.map((index) => {
    const commands = index.commands.map((command) => `\n      ${command}`).join('')
    return `  ${marks[index.state]} ${index.model}  ${index.name}  ${index.state}: ${index.remark}${commands}`
  })
  const compared = statements.map((each) => {
    const name = each.operation ?? each.fingerprint
    return `  ${each.verdict === 'slower' ? '✗' : '✓'} ${name}  ${each.before.meanMs} ms → ${each.after.meanMs} ms (${each.verdict})`
  })
  const bad = indexes.filter((index) => index.state !== 'used' && index.state !== 'unused').length
  const unused = indexes.filter((index) => index.state === 'unused').length
  const summary = `${indexes.length} indexes: ${bad} to mend, ${unused} not used yet.`
  return [...lines, ...(compared.length > 0 ? ['', ...compared] : []), '', summary, ''].join('\n')
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
