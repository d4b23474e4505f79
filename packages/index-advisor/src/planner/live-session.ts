import type { PlannableQuery } from '../binding/binding.ts'
import { rolesOf } from '../binding/statement-roles.ts'
import { AdvisorError } from '../errors.ts'
import type { SqlClient } from '../statistics/sql-client.ts'
import { text } from '../statistics/sql-client.ts'
import { assertQuery } from '../workload/statement.ts'
import { UnplannableQueryError } from './planner.ts'

/** Limits under which a real server is asked for plans, ms. */
export interface LiveOptions {
  /** Default 10,000. */
  readonly statementTimeout?: number | undefined
  /** Default 2,000. */
  readonly lockTimeout?: number | undefined
}

/** No statement of this session writes, waits long for a lock, or runs long. */
export async function makeReadOnly(client: SqlClient, options: LiveOptions): Promise<void> {
  await client.query('set session characteristics as transaction read only')
  await client.query(`set statement_timeout = ${Math.trunc(options.statementTimeout ?? 10_000)}`)
  await client.query(`set lock_timeout = ${Math.trunc(options.lockTimeout ?? 2_000)}`)
}

/**
 * Planning folds calls of immutable functions with constant arguments, and asks stable ones for estimates: it runs
 * them. PostgreSQL's own are harmless; a function of the user's is not for us to run.
 */
export class FunctionGuard {
  readonly #client: SqlClient
  readonly #checked = new Set<string>()

  constructor(client: SqlClient) {
    this.#client = client
  }

  async check(query: PlannableQuery): Promise<void> {
    if (this.#checked.has(query.sql)) return
    const refusal = await assertQuery(query.sql)
    if (refusal !== null) throw new UnplannableQueryError(refusal)
    const { functions } = await rolesOf(query.sql, query.parameters, () => false)
    const names = [...new Set(functions.map((name) => name.split('.').at(-1) ?? name))]
    const rows =
      names.length === 0
        ? []
        : await this.#client.query(
            `select p.proname as name from pg_catalog.pg_proc p
             where p.proname in (select pg_catalog.json_array_elements_text($1::json))
               and p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace
               and p.provolatile <> 'v'`,
            [JSON.stringify(names)],
          )
    const [found] = rows
    if (found !== undefined) {
      throw new UnplannableQueryError(`to plan it the server could run the function ${text(found, 'name')}`)
    }
    this.#checked.add(query.sql)
  }
}

/** One line for a server that went away, whatever the driver calls it. */
export function serverGone(planner: string, cause: unknown): AdvisorError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new AdvisorError(
    'E_DATABASE',
    `The server went away while ${planner} asked it for plans: ${reason}`,
    { cause },
  )
}
