import { parse } from 'libpg-query'

export interface SqlStatement {
  readonly sql: string
  /** The same with CONCURRENTLY taken out: PGlite has one connection and cannot wait for others. */
  readonly withoutConcurrently: string
  /** Line at which it begins, from 1. */
  readonly line: number
  /** The node PostgreSQL's parser made of it. */
  readonly node: Record<string, unknown>
}

/** A script cut by PostgreSQL's own parser. */
export async function splitStatements(script: string): Promise<SqlStatement[]> {
  const bytes = Buffer.from(script)
  const { stmts = [] } = (await parse(script)) as {
    stmts?: { stmt: Record<string, unknown>; stmt_location?: number; stmt_len?: number }[]
  }
  return stmts.map(({ stmt, stmt_location: start = 0, stmt_len: length }) => {
    // Offsets count bytes; the length is absent when the script does not end in a semicolon.
    const sql = bytes.subarray(start, length === undefined ? bytes.length : start + length).toString()
    const lead = /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*/.exec(sql)?.[0] ?? ''
    return {
      sql,
      withoutConcurrently: isConcurrent(stmt) ? sql.replace(/\bCONCURRENTLY\b/i, '') : sql,
      line: bytes.subarray(0, start).toString().split('\n').length + lead.split('\n').length - 1,
      node: stmt,
    }
  })
}

function isConcurrent(node: Record<string, unknown>): boolean {
  const statement = (node['IndexStmt'] ?? node['DropStmt'] ?? node['ReindexStmt']) as
    { concurrent?: boolean } | undefined
  return statement?.concurrent === true
}
