import { countPlaceholders, type Provider, type SqlQuery } from '@prisma-brisk/core'

/**
 * A statement without a LIMIT of its own, with one; null where its form is not known. Rows come in no order but the
 * statement's: a `take` would have Prisma order by the id, and the database walk the id's index past every row that the
 * filter does not want.
 */
export function boundSql(query: SqlQuery, keep: number, provider: Provider): SqlQuery | null {
  const [, statement = '', comment = ''] = /^(.*?)(\s*\/\*[^]*\*\/\s*)?$/s.exec(query.sql) ?? []
  if (!statement.startsWith('SELECT ')) return null
  if (provider === 'sqlite') return boundSqlite(query, statement, keep)
  if (/ LIMIT \S+( OFFSET \S+)?$/.test(statement)) return null
  const [offset = ''] = / OFFSET \$\d+$/.exec(statement) ?? []
  const head = statement.slice(0, statement.length - offset.length)
  return { ...query, sql: `${head} LIMIT ${keep}${offset}${comment}` }
}

/** SQLite's statements always have a LIMIT; -1 is none. */
function boundSqlite(query: SqlQuery, statement: string, keep: number): SqlQuery | null {
  const [tail] = / LIMIT \?( OFFSET \?)?$/.exec(statement) ?? []
  const at = query.args.length - countPlaceholders(tail ?? '')
  if (tail === undefined || Number(query.args[at]) !== -1) return null
  return { ...query, args: query.args.with(at, keep) }
}
