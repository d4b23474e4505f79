import type { Binding } from '../../packages/index-advisor/src/binding/binding.ts'
import { readExplain } from '../../packages/index-advisor/src/planner/explain-json.ts'
import { createIndexStatement } from '../../packages/index-advisor/src/planner/index-statement.ts'
import { planShape } from '../../packages/index-advisor/src/planner/plan.ts'
import { pglitePlanner } from '../../packages/index-advisor/src/planner/what-if/pglite-planner.ts'
import { PreparedQueries } from '../../packages/index-advisor/src/planner/postgres-session.ts'
import { exportPostgresStatistics } from '../../packages/index-advisor/src/statistics/export-postgres.ts'
import type { SqlClient } from '../../packages/index-advisor/src/statistics/sql-client.ts'
import { fidelityCases } from './fidelity-cases.ts'

export interface FidelityResult {
  readonly sql: string
  readonly real: number
  readonly foreseen: number
  readonly error: number
  readonly realShape: string
  readonly foreseenShape: string
}

/**
 * Plans every case twice: in the embedded planner with an index that is not there, and on the server after really
 * building it. The server's database is left as it was found.
 */
export async function measureFidelity(client: SqlClient): Promise<readonly FidelityResult[]> {
  const statistics = await exportPostgresStatistics(client)
  const planner = await pglitePlanner(statistics)
  const results: FidelityResult[] = []
  try {
    for (const [position, { sql, values, index }] of fidelityCases.entries()) {
      const query = { fingerprint: `case ${position}`, sql, parameters: values.length }
      const binding: Binding = { kind: 'common', values }
      const foreseen = await planner.plan(query, [index], binding)
      await client.query(createIndexStatement(index, index.id))
      try {
        const real = readExplain(await new PreparedQueries(client).explain(query, binding), (name) => name)
        results.push({
          sql,
          real: real.cost,
          foreseen: foreseen.cost,
          error: Math.abs(foreseen.cost - real.cost) / real.cost,
          realShape: planShape(real.root),
          foreseenShape: planShape(foreseen.root),
        })
      } finally {
        await client.query(`drop index "${index.id}"`)
      }
    }
  } finally {
    await planner.close()
  }
  return results
}
