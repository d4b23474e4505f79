import type { Node } from 'libpg-query'
import type { SqlStatement } from '../history/postgres-statements.ts'
import { splitStatements } from '../history/postgres-statements.ts'
import { nameOf, stringOf } from '../sql/parse-tree.ts'

/** As much of PGlite as is used. */
interface Database {
  exec(sql: string): Promise<unknown>
  query(sql: string, parameters?: unknown[]): Promise<{ rows: unknown[] }>
}

/**
 * Plays scripts statement by statement. CONCURRENTLY is left out, since PGlite has one connection and cannot wait for
 * others; so what a server refuses it for is looked for apart, and refused in the server's own words: a transaction, a
 * partitioned table, a partitioned index.
 */
export class PostgresScript {
  constructor(private readonly database: Database) {}

  async play(script: string): Promise<void> {
    let isInTransaction = false
    for (const statement of await splitStatements(script)) {
      if ('TransactionStmt' in statement.node) {
        const { kind } = statement.node['TransactionStmt'] as { kind?: string }
        if (kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START') isInTransaction = true
        if (kind === 'TRANS_STMT_COMMIT' || kind === 'TRANS_STMT_ROLLBACK') isInTransaction = false
      }
      if (statement.withoutConcurrently !== statement.sql) await this.check(statement, isInTransaction)
      await this.database.exec(statement.withoutConcurrently)
    }
  }

  /** @throws Error with the words of PostgreSQL for what it would not do */
  private async check({ node }: SqlStatement, isInTransaction: boolean): Promise<void> {
    const { IndexStmt, DropStmt } = node as {
      IndexStmt?: { relation?: { schemaname?: string; relname?: string } }
      DropStmt?: { objects?: { List?: { items?: Node[] } }[] }
    }
    const command =
      IndexStmt !== undefined ? 'CREATE INDEX' : DropStmt !== undefined ? 'DROP INDEX' : 'REINDEX'
    if (isInTransaction) throw new Error(`${command} CONCURRENTLY cannot run inside a transaction block`)
    if (IndexStmt !== undefined) {
      const { schemaname, relname = '' } = IndexStmt.relation ?? {}
      if ((await this.kindOf(schemaname, relname)) === 'p')
        throw new Error(`cannot create index on partitioned table "${relname}" concurrently`)
    }
    if (DropStmt === undefined) return
    const [first, ...more] = DropStmt.objects ?? []
    if (more.length > 0) throw new Error('DROP INDEX CONCURRENTLY does not support dropping multiple objects')
    const items = first?.List?.items ?? []
    const name = nameOf(items)
    const schema = items.at(-2)
    if ((await this.kindOf(schema === undefined ? undefined : stringOf(schema), name)) === 'I')
      throw new Error(`cannot drop partitioned index "${name}" concurrently`)
  }

  /** `pg_class.relkind`: `p` a partitioned table, `I` an index of one; undefined where there is none of the name. */
  private async kindOf(schema: string | undefined, name: string): Promise<string | undefined> {
    const { rows } = await this.database.query(
      `select c.relkind::text as kind from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       where c.relname = $1 and n.nspname = coalesce($2, current_schema())`,
      [name, schema ?? null],
    )
    return (rows[0] as { kind: string } | undefined)?.kind
  }
}
