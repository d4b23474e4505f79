import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { ClientVariant } from './client-variants.ts'
import { mysqlTables } from './mysql-tables.ts'
import { tablesFromEmpty } from './schema-engine.ts'

/** The SQL that creates a variant's tables in an empty database. */
export async function createTables({ name, provider, schema }: ClientVariant): Promise<string> {
  const preamble = join(import.meta.dirname, `../prisma/key-types/${provider}.preamble.sql`)
  const before = name.startsWith('key-types') && existsSync(preamble) ? readFileSync(preamble, 'utf8') : ''
  const tables = provider === 'mysql' ? await mysqlTables(schema) : await tablesFromEmpty(provider, schema)
  return before + addColumnSql(tables, schema, provider === 'mysql' ? '`' : '"')
}

/** Adds what the schema's `// sql: …` comments say to the columns they stand beside. */
function addColumnSql(tables: string, schema: string, quote: string): string {
  let sql = tables
  for (const [, model = '', body = ''] of schema.matchAll(/^model (\w+) \{([^}]*)\}/gm)) {
    for (const [, field = '', addition = ''] of body.matchAll(/^ +(\w+) .*\/\/ sql: (.*)$/gm)) {
      const table = new RegExp(
        `CREATE TABLE ${quote}${model}${quote} \\([^;]*?${quote}${field}${quote} [\\w()]+`,
      )
      if (!table.test(sql)) throw new Error(`No column ${model}.${field} in the tables of this schema`)
      sql = sql.replace(table, `$& ${addition}`)
    }
  }
  return sql
}
