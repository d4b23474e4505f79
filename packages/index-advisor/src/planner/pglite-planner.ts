import type { Binding, PlannableQuery } from '../binding/binding.ts'
import { AdvisorError } from '../errors.ts'
import { currentRows, indexSize } from '../size/index-size.ts'
import { qualifiedName } from '../statistics/sql-text.ts'
import { text } from '../statistics/sql-client.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics, TableStatistics } from '../statistics/statistics.ts'
import { type ExplainNode, readExplain } from './explain-json.ts'
import { createIndexStatement } from './index-statement.ts'
import type { Plan } from './plan.ts'
import type { HypotheticalIndex, Planner, PlannerGap } from './planner.ts'
import { PreparedQueries } from './postgres-session.ts'
import { indexScans, keysOf, skippedKey } from './skip-scan.ts'
import { openWhatIfCluster, type WhatIfCluster } from './what-if-cluster.ts'
import { resize, restoreStatistics, restoreTable } from './what-if-restore.ts'
import { rebuildSchema, type RebuiltSchema } from './what-if-schema.ts'

/**
 * Plans with production's statistics in an embedded PostgreSQL 18: tables and indexes are made while they are empty,
 * given their statistics, and stretched to their length without holding a byte. What is there is told to the planner
 * by `pg_index.indisvalid`: an index marked invalid costs nothing and is not planned with.
 */
export async function pglitePlanner(statistics: Statistics): Promise<Planner> {
  if (statistics.provider !== 'postgresql') {
    throw new AdvisorError(
      'E_PLANNER',
      `The embedded planner is PostgreSQL; the statistics are of ${statistics.server.name}.`,
    )
  }
  const cluster = await openWhatIfCluster(statistics.extensions.map((extension) => extension.name))
  try {
    const rebuilt = await rebuildSchema(cluster, statistics)
    await restoreStatistics(cluster, statistics)
    await applySettings(cluster, statistics)
    return new PglitePlanner(cluster, statistics, rebuilt)
  } catch (error) {
    await cluster.close()
    throw error
  }
}

/** Settings that 18 no longer has are left as they are. */
async function applySettings(cluster: WhatIfCluster, statistics: Statistics): Promise<void> {
  const rows = await cluster.query('select name from pg_settings')
  const known = new Set(rows.map((row) => text(row, 'name')))
  for (const [name, value] of Object.entries(statistics.settings)) {
    if (known.has(name)) await cluster.query('select set_config($1, $2, false)', [name, value])
  }
  // The planner counts on workers as production would have them; none is ever started, because no plan is run.
  await cluster.query(`select set_config('max_parallel_workers', $1, false)`, [
    statistics.settings['max_parallel_workers'] ?? '8',
  ])
}

interface BuiltIndex {
  readonly server: string
  /** The index itself and, on a partitioned table, its parts. */
  readonly oids: readonly string[]
  readonly bytes: number
}

class PglitePlanner implements Planner {
  readonly name = 'pglite'
  readonly #cluster: WhatIfCluster
  readonly #statistics: Statistics
  readonly #rebuilt: RebuiltSchema
  readonly #queries: PreparedQueries
  readonly #built = new Map<string, BuiltIndex>()
  readonly #ids = new Map<string, string>()
  #present: ReadonlySet<string> = new Set()
  readonly #hidden = new Set<string>()
  #turn: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(cluster: WhatIfCluster, statistics: Statistics, rebuilt: RebuiltSchema) {
    this.#cluster = cluster
    this.#statistics = statistics
    this.#rebuilt = rebuilt
    this.#queries = new PreparedQueries(cluster)
  }

  /** What could not be rebuilt, for the report. */
  get gaps(): readonly PlannerGap[] {
    return this.#rebuilt.gaps
  }

  async decline(index: HypotheticalIndex): Promise<string | null> {
    const table = findTable(this.#statistics, index.schema, index.table)
    if (table === undefined) return `the statistics know no table ${index.table}`
    if (index.keys.some((key) => key.column === null)) {
      return 'an index on an expression has no statistics before it is built, so its use cannot be foreseen'
    }
    if (!['btree', 'hash', 'gin', 'brin'].includes(index.method)) {
      return `the size and cost of a ${index.method} index cannot be foreseen`
    }
    for (const { column } of index.keys) {
      const found = table.columns.find((each) => each.name === column)
      if (found === undefined) return `the statistics know no column ${column} in ${index.table}`
      if (this.#rebuilt.opaque.has(`${table.schema}.${table.name}.${column}`)) {
        return `the embedded planner does not know the type ${found.type} of ${column}`
      }
      if (found.statistics === null && found.inheritedStatistics === null) {
        return `${index.table} was never analysed: run ANALYZE, then export again`
      }
    }
    return this.#exclusive(async () => {
      try {
        await this.#build([index])
        return null
      } catch (error) {
        const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
        if (typeof code !== 'string') throw error
        return `PostgreSQL refuses the index (${code})`
      }
    })
  }

  plan(query: PlannableQuery, indexes: readonly HypotheticalIndex[], binding: Binding): Promise<Plan> {
    return this.#exclusive(async () => {
      await this.#build(indexes)
      const wanted = new Set(indexes.map((index) => index.id))
      await this.#show(wanted)
      const explained = await this.#queries.explain(query, binding)
      const plan = readExplain(explained, (name) => this.#ids.get(name) ?? name)
      if (this.#statistics.server.version >= 180000) return plan
      return this.#withoutSkipScan(query, indexes, binding, explained, plan)
    })
  }

  async indexBytes(index: HypotheticalIndex): Promise<number> {
    return this.#exclusive(async () => {
      await this.#build([index])
      return this.#built.get(index.id)?.bytes ?? 0
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#turn.catch(() => undefined)
    await this.#cluster.close()
  }

  /** One session: what is visible is set and planned with in one go. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new AdvisorError('E_PLANNER', 'The embedded planner is closed.'))
    const result = this.#turn.then(work, work)
    this.#turn = result.catch(() => undefined)
    return result
  }

  /**
   * Servers before 18 have no skip scan, so nothing may be proved by one. A hypothetical index that is used so counts
   * as absent. An existing one whose first key is skipped is read whole by an older server, if that is not dearer
   * than not using it; where a later key is skipped the two versions read nearly the same part.
   */
  async #withoutSkipScan(
    query: PlannableQuery,
    indexes: readonly HypotheticalIndex[],
    binding: Binding,
    explained: ExplainNode,
    plan: Plan,
  ): Promise<Plan> {
    for (const node of indexScans(explained)) {
      const name = node['Index Name']
      const id = this.#ids.get(name)
      if (id !== undefined) {
        const index = indexes.find((each) => each.id === id)
        if (index === undefined || index.method !== 'btree') continue
        if (
          skippedKey(
            node,
            index.keys.map((key) => key.column),
          ) === null
        )
          continue
        const rest = indexes.filter((each) => each.id !== id)
        await this.#show(new Set(rest.map((each) => each.id)))
        const again = await this.#queries.explain(query, binding)
        const replanned = readExplain(again, (each) => this.#ids.get(each) ?? each)
        return this.#withoutSkipScan(query, rest, binding, again, replanned)
      }
      const existing = this.#existing(node)
      if (existing === null || this.#hidden.has(name) || skippedKey(node, keysOf(existing.index)) !== 0)
        continue
      const { table, index } = existing
      const pageCost = Number(this.#statistics.settings['random_page_cost'] ?? 4)
      const whole = plan.cost + index.pages * pageCost + currentRows(table) * 0.005
      this.#hidden.add(name)
      try {
        await this.#setValid(qualifiedName(table.schema, index.name), false)
        const again = await this.#queries.explain(query, binding)
        const replanned = readExplain(again, (each) => this.#ids.get(each) ?? each)
        const without = await this.#withoutSkipScan(query, indexes, binding, again, replanned)
        return without.cost <= whole ? without : { ...plan, cost: whole }
      } finally {
        this.#hidden.delete(name)
        await this.#setValid(qualifiedName(table.schema, index.name), true)
      }
    }
    return plan
  }

  #existing(node: ExplainNode & { readonly 'Index Name': string }) {
    const name = node['Index Name']
    for (const table of this.#statistics.tables) {
      const index = table.indexes.find((each) => each.name === name)
      // A bitmap scan does not say its table; names of indexes are unique in a schema.
      if (index !== undefined && (node['Relation Name'] ?? table.name) === table.name) return { table, index }
    }
    return null
  }

  async #setValid(name: string, valid: boolean): Promise<void> {
    await this.#cluster.query(
      'update pg_catalog.pg_index set indisvalid = $2 where indexrelid = to_regclass($1)',
      [name, valid],
    )
  }

  async #show(wanted: ReadonlySet<string>): Promise<void> {
    const shown = [...wanted].filter((id) => !this.#present.has(id))
    const hidden = [...this.#present].filter((id) => !wanted.has(id))
    if (shown.length === 0 && hidden.length === 0) return
    for (const [ids, valid] of [
      [shown, true],
      [hidden, false],
    ] as const) {
      const oids = ids.flatMap((id) => this.#built.get(id)?.oids ?? [])
      if (oids.length === 0) continue
      // Numbers of the server's own, in the text so that it finds the rows by its index.
      await this.#cluster.query(
        `update pg_catalog.pg_index set indisvalid = ${valid} where indexrelid in (${oids.join(', ')})`,
      )
    }
    this.#present = wanted
    this.#queries.indexesChanged()
  }

  /** Makes what was never asked for before, on tables cut to nothing for the moment, and leaves it hidden. */
  async #build(indexes: readonly HypotheticalIndex[]): Promise<void> {
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
    await this.#cluster.query(
      `update pg_catalog.pg_index set indisvalid = false where indexrelid in (${oids.join(', ')})`,
    )
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
    this.#built.set(index.id, { server: name, oids, bytes })
  }

  /** Which share of the rows the planner expects the predicate to hold for. */
  async #share(table: TableStatistics, predicate: string): Promise<number> {
    await resize(this.#cluster, table.schema, table.name, table.pages)
    await restoreTable(this.#cluster, table)
    const name = qualifiedName(table.schema, table.name)
    const rows = await this.#cluster.query(
      `explain (format json) select from only ${name} where ${predicate}`,
    )
    const printed = rows[0]?.['QUERY PLAN']
    const [explained] = (typeof printed === 'string' ? JSON.parse(printed) : printed) as {
      Plan: ExplainNode
    }[]
    const total = currentRows(table)
    if (explained === undefined || total <= 0) return 1
    return Math.min(1, explained.Plan['Plan Rows'] / total)
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
