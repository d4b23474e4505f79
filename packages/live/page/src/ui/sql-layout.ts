import { formatDialect, mysql, postgresql } from 'sql-formatter'

/** Longer statements stay as they are: their layout would take longer than anybody reads. */
const MAX_LENGTH = 20_000

/** The statement over several lines; as it came where it is none that the formatter reads. */
export function laidOut(sql: string): string {
  if (sql.length > MAX_LENGTH) return sql
  try {
    return formatDialect(sql, {
      // MySQL and SQLite quote names with backticks here.
      dialect: sql.includes('`') ? mysql : postgresql,
      expressionWidth: 70,
      keywordCase: 'upper',
    })
  } catch {
    return sql
  }
}
