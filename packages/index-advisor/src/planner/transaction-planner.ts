import { quoteIdentifier } from '@prisma-brisk/core'
import type { Binding, PlannableQuery } from '../binding/binding.ts'
import { AdvisorError } from '../errors.ts'
import { count, flag } from '../statistics/sql-client.ts'
import type { SqlClient } from '../statistics/sql-client.ts'
import { qualifiedName } from '../statistics/sql-text.ts'
import { readExplain } from './explain-json.ts'
import { createIndexStatement } from './index-statement.ts'
import { FunctionGuard, type LiveOptions, serverGone } from './live-session.ts'
import type { Plan } from './plan.ts'
import { type HypotheticalIndex, type Planner, UnplannableQueryError } from './planner.ts'
import { PreparedQueries } from './postgres-session.ts'
import { Turns } from './turns.ts'

export interface TransactionOptions extends LiveOptions {
  /** The user said `--allow-create`: building an index locks its table until the advice is done. */
  readonly allowCreate: boolean
  /** ms for building one index. Default 300,000. */
  readonly buildTimeout?: number | undefined
}

/**
 * Plans with real indexes, built in a transaction of a development database that is always rolled back. Should the
 * process or the server die in between, the server rolls back itself: no index is left behind, not even half of one.
 */
export async function transactionPlanner(client: SqlClient, options: TransactionOptions): Promise<Planner> {
  if (!options.allowCreate) {
    throw new AdvisorError(
      'E_PLANNER',
      'The transaction planner builds indexes and locks their tables until it rolls back: it runs only with --allow-create, on a development database.',
    )
  }
  try {
    await client.query(`set lock_timeout = ${Math.trunc(options.lockTimeout ?? 2_000)}`)
    await client.query('begin')
    return new TransactionPlanner(client, options)
  } catch (error) {
    throw serverGone('the transaction planner', error)
  }
}

class TransactionPlanner implements Planner {
  readonly name = 'transaction'
  readonly #client: SqlClient
  readonly #options: TransactionOptions
  readonly #queries: PreparedQueries
  readonly #guard: FunctionGuard
  readonly #built = new Map<
    string,
    { readonly name: string; readonly schema: string | null; readonly bytes: number }
  >()
  readonly #declined = new Map<string, string>()
  readonly #turns = new Turns()
  #closed = false

  constructor(client: SqlClient, options: TransactionOptions) {
    this.#client = client
    this.#options = options
    this.#queries = new PreparedQueries(client)
    this.#guard = new FunctionGuard(client)
  }

  decline(index: HypotheticalIndex): Promise<string | null> {
    return this.#exclusive(async () => {
      if (index.keys.some((key) => key.column === null)) {
        return 'an index on an expression has no statistics before it is built and analysed, so its use cannot be foreseen'
      }
      await this.#build(index)
      return this.#declined.get(index.id) ?? null
    })
  }

  plan(query: PlannableQuery, indexes: readonly HypotheticalIndex[], binding: Binding): Promise<Plan> {
    return this.#exclusive(async () => {
      await this.#guard.check(query)
      for (const index of indexes) await this.#build(index)
      const wanted = new Set(indexes.map((index) => index.id))
      return this.#undone(async () => {
        await this.#limit(this.#options.statementTimeout ?? 10_000)
        for (const [id, { name, schema }] of this.#built) {
          if (!wanted.has(id)) await this.#client.query(`drop index ${qualifiedName(schema, name)}`)
        }
        this.#queries.indexesChanged()
        const names = new Map([...this.#built].map(([id, { name }]) => [name, id]))
        return readExplain(await this.#queries.explain(query, binding), (name) => names.get(name) ?? name)
      })
    })
  }

  indexBytes(index: HypotheticalIndex): Promise<number> {
    return this.#exclusive(async () => {
      await this.#build(index)
      return this.#built.get(index.id)?.bytes ?? 0
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#turns.over()
    await this.#client.query('rollback').catch(() => undefined)
  }

  async #build(index: HypotheticalIndex): Promise<void> {
    if (this.#built.has(index.id) || this.#declined.has(index.id)) return
    const name = `prisma_brisk_${++made}`
    const point = quoteIdentifier(`before_${name}`)
    await this.#client.query(`savepoint ${point}`)
    try {
      await this.#limit(this.#options.buildTimeout ?? 300_000)
      await this.#client.query(createIndexStatement(index, name))
      const [row] = await this.#client.query(
        `select x.indcheckxmin as is_late, t.relkind = 'p' as is_partitioned,
                (select coalesce(sum(pg_relation_size(p.relid)), 0)::float8
                   from (select relid from pg_partition_tree(c.oid) union select c.oid) p) as bytes
         from pg_catalog.pg_index x join pg_catalog.pg_class c on c.oid = x.indexrelid
         join pg_catalog.pg_class t on t.oid = x.indrelid
         where c.oid = to_regclass($1)`,
        [qualifiedName(index.schema, name)],
      )
      if (row === undefined) throw new AdvisorError('E_PLANNER', 'The server made no index.')
      if (flag(row, 'is_late')) {
        // Rows with a history that the index does not hold: the transaction that built it may not use it.
        await this.#client.query(`rollback to savepoint ${point}`)
        this.#declined.set(
          index.id,
          'rows were updated too recently for the index to be used in the transaction that builds it: VACUUM the table first',
        )
        return
      }
      await this.#client.query(`release savepoint ${point}`)
      this.#built.set(index.id, { name, schema: index.schema, bytes: count(row, 'bytes') })
    } catch (error) {
      const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
      if (error instanceof AdvisorError || typeof code !== 'string' || /^(57P|08)/.test(code)) throw error
      await this.#client.query(`rollback to savepoint ${point}`)
      this.#declined.set(
        index.id,
        code === '55P03' ? 'its table is locked by someone else' : `PostgreSQL refuses the index (${code})`,
      )
    } finally {
      this.#queries.settingsLost()
    }
  }

  /** Whatever the work does to the transaction is taken back. */
  async #undone<T>(work: () => Promise<T>): Promise<T> {
    await this.#client.query('savepoint "before_plan"')
    try {
      return await work()
    } finally {
      await this.#client.query('rollback to savepoint "before_plan"').catch(() => undefined)
      this.#queries.settingsLost()
    }
  }

  async #limit(timeout: number): Promise<void> {
    await this.#client.query(`set local statement_timeout = ${Math.trunc(timeout)}`)
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    const guarded = async (): Promise<T> => {
      if (this.#closed) throw new AdvisorError('E_PLANNER', 'The transaction planner is closed.')
      try {
        return await work()
      } catch (error) {
        if (error instanceof UnplannableQueryError || error instanceof AdvisorError) throw error
        throw serverGone('the transaction planner', error)
      }
    }
    return this.#turns.take(guarded)
  }
}

let made = 0
