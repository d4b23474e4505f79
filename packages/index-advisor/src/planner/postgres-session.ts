import type { Binding, PlannableQuery } from '../binding/binding.ts'
import { quoteText } from '../statistics/sql-text.ts'
import type { SqlClient } from '../statistics/sql-client.ts'
import { planOf, type ExplainNode } from './explain-json.ts'
import { assertQuery } from '../workload/statement.ts'
import { UnplannableQueryError } from './planner.ts'

/**
 * EXPLAIN of a prepared statement: the one way that shows custom and generic plans on every version of PostgreSQL.
 * PREPARE takes exactly one SELECT, INSERT, UPDATE, DELETE, MERGE or VALUES, and EXPLAIN without ANALYZE runs nothing.
 */
export class PreparedQueries {
  readonly #client: SqlClient
  readonly #names = new Map<string, string>()
  readonly #refused = new Map<string, UnplannableQueryError>()
  #mode = ''
  #hasStalePlans = false

  constructor(client: SqlClient) {
    this.#client = client
  }

  async explain(query: PlannableQuery, binding: Binding): Promise<ExplainNode> {
    const name = await this.#prepare(query)
    const mode = binding.kind === 'generic' ? 'force_generic_plan' : 'force_custom_plan'
    if (mode !== this.#mode) {
      await this.#client.query(`set plan_cache_mode = ${mode}`)
      this.#mode = mode
    }
    // A statement without parameters has but one plan, which is kept.
    if ((binding.kind === 'generic' || query.parameters === 0) && this.#hasStalePlans) {
      await this.#client.query('discard plans')
      this.#hasStalePlans = false
    }
    const values =
      binding.kind === 'generic'
        ? Array.from({ length: query.parameters }, () => 'null')
        : binding.values.map((value) => (value === null ? 'null' : quoteText(value)))
    const list = values.length === 0 ? '' : `(${values.join(', ')})`
    const rows = await this.#run(query, `explain (format json) execute ${name}${list}`)
    const plan = planOf(rows)
    if (plan === undefined) throw new UnplannableQueryError('the server printed no plan')
    return plan
  }

  /** Other indexes are there now. The server does not replan a generic plan for that by itself. */
  indexesChanged(): void {
    this.#hasStalePlans = true
  }

  /** After a rollback the statements live on, but the setting is back to what it was before. */
  settingsLost(): void {
    this.#mode = ''
  }

  async #prepare(query: PlannableQuery): Promise<string> {
    const known = this.#names.get(query.sql)
    if (known !== undefined) return known
    const refused = this.#refused.get(query.sql)
    if (refused !== undefined) throw refused
    const refusal = await assertQuery(query.sql)
    if (refusal !== null) throw new UnplannableQueryError(refusal)
    const name = `prisma_brisk_${++prepared}`
    await this.#run(query, `prepare ${name} as ${query.sql.replace(/[\s;]+$/, '')}`)
    this.#names.set(query.sql, name)
    return name
  }

  async #run(query: PlannableQuery, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
    try {
      return await this.#client.query(sql)
    } catch (error) {
      if (!isServerError(error)) throw error
      const refused = new UnplannableQueryError(`the server cannot plan it (${error.code}${wordsOf(error)})`)
      // A lock goes away again.
      if (error.code !== '55P03') this.#refused.set(query.sql, refused)
      throw refused
    }
  }
}

let prepared = 0

function isServerError(error: unknown): error is Error & { code: string } {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined
  // Class 57 is the server going away or giving up, 08 the connection: those are no verdict on the query.
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && !/^(57|08|53)/.test(code)
}

/**
 * Class 42 speaks of names and types of the statement; other words may quote a value, as those of a syntax error may, and
 * whatever stands in single quotes.
 */
function wordsOf({ code, message }: Error & { readonly code: string }): string {
  const mayQuote = !code.startsWith('42') || code === '42601' || message.includes("'")
  return mayQuote ? '' : `: ${message.split('\n', 1)[0]?.slice(0, 200)}`
}
