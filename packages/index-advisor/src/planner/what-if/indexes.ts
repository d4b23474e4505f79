import { AdvisorError } from '../../errors.ts'
import { indexSize } from '../../size/index-size.ts'
import { qualifiedName } from '../../statistics/sql-text.ts'
import { text } from '../../statistics/sql-client.ts'
import { currentRows, findTable } from '../../statistics/statistics.ts'
import type { Statistics, TableStatistics } from '../../statistics/statistics.ts'
import { planOf } from '../explain-json.ts'
import { createIndexStatement } from '../index-statement.ts'
import type { HypotheticalIndex } from '../planner.ts'
import type { WhatIfCluster } from './cluster.ts'
import { resize, restoreTable } from './restore.ts'

interface BuiltIndex {
  /** The index itself and, on a partitioned table, its parts. */
  readonly oids: readonly string[]
  readonly bytes: number
}

/** The hypothetical indexes of a cluster: each is made once, stretched to its length, and shown or hidden from then on. */
export class WhatIfIndexes {
  readonly #cluster: WhatIfCluster
  readonly #statistics: Statistics
  readonly #built = new Map<string, BuiltIndex>()
  readonly #ids = new Map<string, string>()
  #present: ReadonlySet<string> = new Set()

  constructor(cluster: WhatIfCluster, statistics: Statistics) {
    this.#cluster = cluster
    this.#statistics = statistics
  }

  /** The id of the index that the server calls so; undefined for an index that exists. */
  idOf(name: string): string | undefined {
    return this.#ids.get(name)
  }

  /** 0 for one that was not built. */
  bytesOf(id: string): number {
    return this.#built.get(id)?.bytes ?? 0
  }

  /** Lets the server plan with exactly these; false where that is so already. */
  async show(wanted: ReadonlySet<string>): Promise<boolean> {
    const shown = [...wanted].filter((id) => !this.#present.has(id))
    const hidden = [...this.#present].filter((id) => !wanted.has(id))
    if (shown.length === 0 && hidden.length === 0) return false
    for (const [ids, valid] of [
      [shown, true],
      [hidden, false],
    ] as const) {
      const oids = ids.flatMap((id) => this.#built.get(id)?.oids ?? [])
      if (oids.length === 0) continue
      await this.#setValid(oids, valid)
    }
    this.#present = wanted
    return true
  }

  /** Numbers of the server's own stand in the text, so that it finds the rows by its index. */
  async #setValid(oids: readonly string[], valid: boolean): Promise<void> {
    await this.#cluster.query(
      `update pg_catalog.pg_index set indisvalid = ${valid} where indexrelid in (${oids.join(', ')})`,
    )
  }

  /** Makes what was never asked for before, on tables cut to nothing for the moment, and leaves it hidden. */
  async build(indexes: readonly HypotheticalIndex[]): Promise<void> {
    const missing = indexes.filter((index) => !this.#built.has(index.id))
    for (const index of missing) {
      const table = findTable(this.#statistics, index.schema, index.table)
      if (table === undefined)
        throw new AdvisorError('E_PLANNER', `The statistics know no table ${index.table}.`)
      const parts = this.#partsOf(table)
      for (const part of parts) await resize(this.#cluster, part.schema, part.name, 0)
      const name = `prisma_brisk_${this.#built.size + 1}`
      try {
        await this.#cluster.query(createIndexStatement({ ...index, schema: table.schema }, name))
        await this.#measure(index, name, table.schema, parts)
      } finally {
        for (const part of parts) {
          await resize(this.#cluster, part.schema, part.name, part.pages)
          await restoreTable(this.#cluster, part)
        }
      }
    }
  }

  async #measure(
    index: HypotheticalIndex,
    name: string,
    schema: string | null,
    parts: readonly TableStatistics[],
  ): Promise<void> {
    const rows = await this.#cluster.query(
      `select c.oid::text as oid, c.relname as name, n.nspname as schema, t.relname as table_name
       from ${parts.length === 1 ? '(select to_regclass($1) as relid)' : 'pg_partition_tree(to_regclass($1))'} p
       join pg_class c on c.oid = p.relid join pg_namespace n on n.oid = c.relnamespace
       join pg_index x on x.indexrelid = c.oid join pg_class t on t.oid = x.indrelid`,
      [qualifiedName(schema, name)],
    )
    // Hidden before anything else is planned: planning would read its first page before that tells the height.
    const oids = rows.map((row) => text(row, 'oid'))
    await this.#setValid(oids, false)
    let bytes = 0
    for (const row of rows) {
      const part = parts.find(
        (each) => each.name === text(row, 'table_name') && each.schema === text(row, 'schema'),
      )
      if (part === undefined || part.partitioning?.key) continue
      const share = index.predicate === null ? 1 : await this.#share(part, index.predicate)
      const columns = index.keys.flatMap((key) => (key.column === null ? [] : [key.column]))
      const size = indexSize(this.#statistics, part, { method: index.method, columns, share })
      const level = index.method === 'btree' ? size.level : null
      await resize(this.#cluster, text(row, 'schema'), text(row, 'name'), size.pages, level)
      await this.#cluster.query(
        `select pg_restore_relation_stats('schemaname', $1::text, 'relname', $2::text, 'relpages', $3::int,
           'reltuples', $4::real)`,
        [text(row, 'schema'), text(row, 'name'), size.pages, Math.round(currentRows(part) * share)],
      )
      bytes += size.pages * 8192
    }
    for (const row of rows) this.#ids.set(text(row, 'name'), index.id)
    this.#built.set(index.id, { oids, bytes })
  }

  /** Which share of the rows the planner expects the predicate to hold for. */
  async #share(table: TableStatistics, predicate: string): Promise<number> {
    await resize(this.#cluster, table.schema, table.name, table.pages)
    await restoreTable(this.#cluster, table)
    const name = qualifiedName(table.schema, table.name)
    const rows = await this.#cluster.query(
      `explain (format json) select from only ${name} where ${predicate}`,
    )
    const plan = planOf(rows)
    const total = currentRows(table)
    if (plan === undefined || total <= 0) return 1
    return Math.min(1, plan['Plan Rows'] / total)
  }

  #partsOf(table: TableStatistics): TableStatistics[] {
    const parts = [table]
    for (const each of this.#statistics.tables) {
      const parent = each.partitioning?.parent
      if (
        parent &&
        each.partitioning?.bound !== null &&
        parent.schema === table.schema &&
        parent.name === table.name
      ) {
        parts.push(...this.#partsOf(each))
      }
    }
    return parts
  }
}
