import { splitList, type Args, type Field, type Model, type Statement } from '@prisma-brisk/core'

/** A statement as the driver gets it. */
type Query = Pick<Statement, 'sql' | 'args' | 'argTypes'>

/**
 * The INSERT that Prisma has written for the first row of `data`, for all of them: each value that a row gives in place of
 * that of the first, and what the first was filled up with. Null where it is not of the form in which Prisma writes it.
 *
 * @param table as Prisma writes it
 */
export function insertOfRows(
  { sql, args, argTypes }: Query,
  table: string,
  model: Model,
  data: readonly Args[],
): Query | null {
  const into = intoText(table)
  const start = sql.indexOf(VALUES)
  const end = sql.indexOf(') RETURNING ', start)
  if (!sql.startsWith(into) || start < 0 || end < 0) return null
  const columns = splitList(sql.slice(into.length, start)).map(unquoted)
  const terms = splitList(sql.slice(start + VALUES.length, end)).map((term, index) => parted(term, index + 1))
  if (columns.length !== args.length || terms.length !== args.length || argTypes.length !== args.length)
    return null
  const [first] = data as readonly [Args]
  const given = columns.map((column) => nameOf(column, model, first))
  if (given.some((name, index) => name !== null && first[name] !== args[index])) return null
  if (given.filter((name) => name !== null).length !== countGiven(first)) return null
  const rows: string[] = []
  const values: unknown[] = []
  for (const row of data) {
    const texts: string[] = []
    for (const [index, term] of terms.entries()) {
      if (term === null) return null
      const name = given[index] as string | null
      values.push(name === null ? args[index] : row[name])
      texts.push(`${term.before}$${values.length}${term.after}`)
    }
    rows.push(texts.join(','))
  }
  return {
    sql: `${sql.slice(0, start)}${VALUES}${rows.join('), (')}${sql.slice(end)}`,
    args: values,
    argTypes: data.flatMap(() => argTypes),
  }
}

const VALUES = ') VALUES ('

/** How an INSERT into the table begins. */
export const intoText = (table: string): string => `INSERT INTO ${table} (`

/** The name of a quoted column. */
function unquoted(column: string): string {
  return column.startsWith('"') && column.endsWith('"') ? column.slice(1, -1).replaceAll('""', '"') : column
}

/** The text around the placeholder of a value, such as a cast; null unless there is exactly one placeholder. */
function parted(term: string, number: number): { readonly before: string; readonly after: string } | null {
  const [before, after, ...others] = term.split(`$${number}`)
  if (before === undefined || after === undefined || others.length > 0) return null
  return `${before}${after}`.includes('$') || /^\d/.test(after) ? null : { before, after }
}

/** The field of a column, where the rows give it. */
function nameOf(column: string, { fields }: Model, first: Args): string | null {
  for (const field of fields.values())
    if (isColumn(field, column)) return first[field.name] === undefined ? null : field.name
  return null
}

const isColumn = ({ kind, column }: Field, name: string): boolean => kind !== 'relation' && column === name

function countGiven(row: Args): number {
  return Object.values(row).filter((value) => value !== undefined).length
}
