import pg from 'pg'

import type { Row, SqlClient } from '../../packages/index-advisor/src/statistics/sql-client.ts'

export interface ConnectedClient extends SqlClient {
  /** Every statement sent, in order. */
  readonly statements: string[]
  end(): Promise<void>
}

/** One connection to PostgreSQL as the advisor takes it. */
export async function connectSql(url: string): Promise<ConnectedClient> {
  const client = new pg.Client({ connectionString: url })
  // A test that kills the server must not bring the process down.
  client.on('error', () => undefined)
  await client.connect()
  const statements: string[] = []
  return {
    statements,
    query: async (sql, parameters) => {
      statements.push(sql)
      return (await client.query<Row>(sql, parameters?.slice())).rows
    },
    end: () => client.end(),
  }
}

/** Of what `EXPLAIN (FORMAT JSON)` answered. */
export function totalCost(row: Row | undefined): number {
  const [explained] = (row?.['QUERY PLAN'] ?? []) as { Plan: { 'Total Cost': number } }[]
  if (explained === undefined) throw new Error('no plan')
  return explained.Plan['Total Cost']
}
