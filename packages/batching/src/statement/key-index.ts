import type { Field, Host, Model } from '@prisma-brisk/core'
import type { Ask } from './statement.ts'
import type { Sql } from './sql.ts'

const state = Symbol('prisma-brisk.batching.key-indexes')

/**
 * Which keys have an index that begins with them: those of the schema, on MySQL and MariaDB those of foreign keys, which
 * have one always, and those that a statement has found in PostgreSQL's catalog. An index that is dropped later is missed,
 * at the cost of time alone.
 */
export class KeyIndexes {
  private readonly found = new Set<Field>()

  private constructor(private readonly host: Host) {}

  static of(host: Host): KeyIndexes {
    return host.state(state, () => new KeyIndexes(host))
  }

  has({ id, uniques, indexes, relations }: Model, field: Field): boolean {
    if (this.found.has(field)) return true
    if (this.indexesForeignKeys && relations.some(({ fields }) => fields[0] === field.name)) return true
    if ([id, ...uniques].some((key) => key?.fields[0] === field.name)) return true
    return indexes.some(({ type, predicate, fields }) => {
      return type === 'BTree' && predicate === null && fields[0]?.name === field.name
    })
  }

  private get indexesForeignKeys(): boolean {
    return this.host.provider === 'mysql' && this.host.schema()?.relationMode === 'foreignKeys'
  }

  learn(field: Field): void {
    this.found.add(field)
  }
}

/**
 * A subquery for each key finds its rows through an index that begins with the key. Without such an index it would scan
 * the table once a key, one scan after another, where the calls by themselves would do so side by side: the table is then
 * scanned once for all keys, and their rows are numbered. An index need not be in the schema, so the statement asks the
 * catalog and runs the one or the other; once an index is known, `each` is sent alone.
 *
 * Measured for 200 keys of 1,000 rows each without an index: 0.9 s, where a scan a key takes 17 s, and one call 0.1 s.
 */
export function eachOrOnce(sql: Sql, { group: { model }, key }: Ask, each: string, once: string): string {
  const isIndexed = `(SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam WHERE i.indrelid = ${sql.text(sql.table(model))}::regclass AND a.attname = ${sql.text(key.column)} AND m.amname IN ('btree', 'hash') AND i.indisvalid AND i.indpred IS NULL))`
  return `${each} WHERE ${isIndexed} UNION ALL ${once} AND NOT ${isIndexed}`
}
