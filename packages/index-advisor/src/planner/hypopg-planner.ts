import { quoteIdentifier } from '@prisma-brisk/core'
import type { Binding, PlannableQuery } from '../binding/binding.ts'
import { AdvisorError } from '../errors.ts'
import { indexSize } from '../size/index-size.ts'
import { text } from '../statistics/sql-client.ts'
import type { SqlClient } from '../statistics/sql-client.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics } from '../statistics/statistics.ts'
import { planOf, readExplain } from './explain-json.ts'
import { createIndexStatement } from './index-statement.ts'
import { FunctionGuard, type LiveOptions, makeReadOnly, serverGone } from './live-session.ts'
import type { Plan } from './plan.ts'
import { type HypotheticalIndex, type Planner, UnplannableQueryError } from './planner.ts'
import { PreparedQueries } from './postgres-session.ts'
import { Turns } from './turns.ts'

/**
 * Plans on the real server with the hypothetical indexes of the HypoPG extension. They live in the memory of this one
 * connection; nothing is written, and nobody else sees them.
 */
export async function hypopgPlanner(
  client: SqlClient,
  statistics: Statistics,
  options: LiveOptions = {},
): Promise<Planner> {
  try {
    const [extension] = await client.query(
      `select n.nspname as schema from pg_catalog.pg_extension e
       join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'hypopg'`,
    )
    if (extension === undefined) {
      throw new AdvisorError(
        'E_PLANNER',
        'HypoPG is not installed in this database: CREATE EXTENSION hypopg, or use --planner pglite, which needs nothing on the server.',
      )
    }
    await makeReadOnly(client, options)
    const schema = quoteIdentifier(text(extension, 'schema'))
    await client.query(`select ${schema}.hypopg_reset()`)
    return new HypopgPlanner(client, statistics, schema)
  } catch (error) {
    if (error instanceof AdvisorError) throw error
    throw serverGone('HypoPG', error)
  }
}

class HypopgPlanner implements Planner {
  readonly name = 'hypopg'
  readonly #client: SqlClient
  readonly #statistics: Statistics
  readonly #schema: string
  readonly #queries: PreparedQueries
  readonly #guard: FunctionGuard
  /** By id: what HypoPG calls it. */
  readonly #present = new Map<string, { readonly oid: string; readonly name: string }>()
  readonly #turns = new Turns()

  constructor(client: SqlClient, statistics: Statistics, schema: string) {
    this.#client = client
    this.#statistics = statistics
    this.#schema = schema
    this.#queries = new PreparedQueries(client)
    this.#guard = new FunctionGuard(client)
  }

  async decline(index: HypotheticalIndex): Promise<string | null> {
    const table = findTable(this.#statistics, index.schema, index.table)
    if (table === undefined) return `the statistics know no table ${index.table}`
    if (table.partitioning?.key != null) return 'HypoPG makes no index on a partitioned table'
    if (index.keys.some((key) => key.column === null)) {
      return 'an index on an expression has no statistics before it is built, so its use cannot be foreseen'
    }
    if (!['btree', 'hash', 'brin'].includes(index.method)) return `HypoPG knows no ${index.method} index`
    return this.#exclusive(async () => {
      try {
        await this.#show([...this.#known(), index])
        return null
      } catch (error) {
        const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
        if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) throw error
        return `PostgreSQL refuses the index (${code})`
      }
    })
  }

  plan(query: PlannableQuery, indexes: readonly HypotheticalIndex[], binding: Binding): Promise<Plan> {
    return this.#exclusive(async () => {
      await this.#guard.check(query)
      await this.#show(indexes)
      const names = new Map([...this.#present].map(([id, { name }]) => [name, id]))
      return readExplain(await this.#queries.explain(query, binding), (name) => names.get(name) ?? name)
    })
  }

  async indexBytes(index: HypotheticalIndex): Promise<number> {
    const table = findTable(this.#statistics, index.schema, index.table)
    if (table === undefined) return 0
    const columns = index.keys.flatMap((key) => (key.column === null ? [] : [key.column]))
    const share = index.predicate === null ? 1 : await this.#share(index)
    return indexSize(this.#statistics, table, { method: index.method, columns, share }).pages * 8192
  }

  async close(): Promise<void> {
    await this.#turns.over()
    // The connection is the caller's; what was made up in it goes.
    await this.#client.query(`select ${this.#schema}.hypopg_reset()`).catch(() => undefined)
    this.#present.clear()
  }

  #indexes = new Map<string, HypotheticalIndex>()

  #known(): HypotheticalIndex[] {
    return [...this.#present.keys()].flatMap((id) => this.#indexes.get(id) ?? [])
  }

  /** HypoPG's row says how many rows it expects a partial index to hold. */
  #share(index: HypotheticalIndex): Promise<number> {
    return this.#exclusive(async () => {
      const table = findTable(this.#statistics, index.schema, index.table)
      await this.#guard.check({
        fingerprint: index.id,
        sql: `select where ${index.predicate}`,
        parameters: 0,
      })
      const name = createIndexStatement(index, null).match(/ on (.+?) using /)?.[1]
      const rows = await this.#client.query(
        `explain (format json) select from only ${name} where ${index.predicate}`,
      )
      const plan = planOf(rows)
      if (plan === undefined || table === undefined || table.rows <= 0) return 1
      return Math.min(1, plan['Plan Rows'] / table.rows)
    })
  }

  async #show(indexes: readonly HypotheticalIndex[]): Promise<void> {
    const wanted = new Set(indexes.map((index) => index.id))
    let changed = false
    for (const [id, { oid }] of this.#present) {
      if (wanted.has(id)) continue
      await this.#client.query(`select ${this.#schema}.hypopg_drop_index($1::oid)`, [oid])
      this.#present.delete(id)
      changed = true
    }
    for (const index of indexes) {
      if (this.#present.has(index.id)) continue
      const [made] = await this.#client.query(
        `select indexrelid::text as oid, indexname as name from ${this.#schema}.hypopg_create_index($1)`,
        [createIndexStatement(index, null)],
      )
      if (made === undefined) throw new AdvisorError('E_PLANNER', 'HypoPG made no index.')
      this.#present.set(index.id, { oid: text(made, 'oid'), name: text(made, 'name') })
      this.#indexes.set(index.id, index)
      changed = true
    }
    if (changed) this.#queries.indexesChanged()
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const guarded = async (): Promise<T> => {
      try {
        return await work()
      } catch (error) {
        if (error instanceof UnplannableQueryError || error instanceof AdvisorError) throw error
        const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
        if (typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(57|08)/.test(code)) throw error
        throw serverGone('HypoPG', error)
      }
    }
    return this.#turns.take(guarded)
  }
}
