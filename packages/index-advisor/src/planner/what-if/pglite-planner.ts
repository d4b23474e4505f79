import type { Binding, PlannableQuery } from '../../binding/binding.ts'
import { AdvisorError } from '../../errors.ts'
import { qualifiedName } from '../../statistics/sql-text.ts'
import { text } from '../../statistics/sql-client.ts'
import { currentRows, findTable } from '../../statistics/statistics.ts'
import type { Statistics } from '../../statistics/statistics.ts'
import { type ExplainNode, readExplain } from '../explain-json.ts'
import type { Plan } from '../plan.ts'
import type { ExistingIndex, HypotheticalIndex, Planner, PlannerGap } from '../planner.ts'
import { PreparedQueries } from '../postgres-session.ts'
import { indexScans, keysOf, skippedKey } from './skip-scan.ts'
import { Turns } from '../turns.ts'
import { openWhatIfCluster, type WhatIfCluster } from './cluster.ts'
import { WhatIfIndexes } from './indexes.ts'
import { restoreStatistics } from './restore.ts'
import { rebuildSchema, type RebuiltSchema } from './schema.ts'

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

class PglitePlanner implements Planner {
  readonly name = 'pglite'
  readonly #cluster: WhatIfCluster
  readonly #statistics: Statistics
  readonly #rebuilt: RebuiltSchema
  readonly #queries: PreparedQueries
  readonly #indexes: WhatIfIndexes
  /** Indexes that exist and are hidden for the moment. */
  readonly #hidden = new Set<string>()
  readonly #turns = new Turns()
  #closed = false

  constructor(cluster: WhatIfCluster, statistics: Statistics, rebuilt: RebuiltSchema) {
    this.#cluster = cluster
    this.#statistics = statistics
    this.#rebuilt = rebuilt
    this.#queries = new PreparedQueries(cluster)
    this.#indexes = new WhatIfIndexes(cluster, statistics)
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
        return `${index.table} was never analysed: run ANALYZE, then ask again`
      }
    }
    return this.#exclusive(async () => {
      try {
        await this.#indexes.build([index])
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
      await this.#indexes.build(indexes)
      await this.#show(indexes)
      return this.#explain(query, indexes, binding)
    })
  }

  async hiding<T>({ schema, name }: ExistingIndex, work: () => Promise<T>): Promise<T> {
    const show = (valid: boolean) =>
      this.#exclusive(async () => {
        await this.#cluster.query(
          `update pg_catalog.pg_index set indisvalid = $2 where indexrelid = to_regclass($1)
           or indexrelid in (select relid from pg_partition_tree(to_regclass($1)))`,
          [qualifiedName(schema, name), valid],
        )
        this.#queries.indexesChanged()
      })
    this.#hidden.add(name)
    await show(false)
    try {
      return await work()
    } finally {
      this.#hidden.delete(name)
      await show(true)
    }
  }

  async indexBytes(index: HypotheticalIndex): Promise<number> {
    return this.#exclusive(async () => {
      await this.#indexes.build([index])
      return this.#indexes.bytesOf(index.id)
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#turns.over()
    await this.#cluster.close()
  }

  /** One session: what is visible is set and planned with in one go. */
  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new AdvisorError('E_PLANNER', 'The embedded planner is closed.'))
    return this.#turns.take(work)
  }

  /** With the indexes that are shown. */
  async #explain(
    query: PlannableQuery,
    indexes: readonly HypotheticalIndex[],
    binding: Binding,
  ): Promise<Plan> {
    const explained = await this.#queries.explain(query, binding)
    const plan = readExplain(explained, (name) => this.#indexes.idOf(name) ?? name)
    if (this.#statistics.server.version >= 180000) return plan
    return this.#withoutSkipScan(query, indexes, binding, explained, plan)
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
      const id = this.#indexes.idOf(name)
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
        await this.#show(rest)
        return this.#explain(query, rest, binding)
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
        const without = await this.#explain(query, indexes, binding)
        return without.cost <= whole ? without : { ...plan, cost: whole }
      } finally {
        this.#hidden.delete(name)
        await this.#setValid(qualifiedName(table.schema, index.name), true)
      }
    }
    return plan
  }

  async #show(indexes: readonly HypotheticalIndex[]): Promise<void> {
    if (await this.#indexes.show(new Set(indexes.map((index) => index.id)))) this.#queries.indexesChanged()
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
}
