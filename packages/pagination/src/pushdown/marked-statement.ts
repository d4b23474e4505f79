import { quoteIdentifier, readSelect, splitList, type SelectText, type Statement } from '@prisma-brisk/core'
import type { LimitPlan } from './limit-plan.ts'
import { linkTexts, whole, type LimitedSql, type ReadStatement } from './limit-sql.ts'
import type { RowLimit } from './row-limit.ts'

/** A statement that reads a list with a limit. */
export interface MarkedStatement {
  readonly read: ReadStatement
  readonly limit: RowLimit
  /** Prisma has sent a LIMIT itself. */
  readonly isLimited: boolean
}

/** A statement with the limit that the plan has for it; null where it has none. */
export function markedStatement(statement: Statement, plan: LimitPlan): MarkedStatement | null {
  const select = readSelect(statement.sql)
  const tableText = select === null ? undefined : TABLE.exec(select.from)?.[0]
  if (select === null || tableText === undefined) return null
  const mark = tableText.startsWith('`') ? '`' : '"'
  const [table, dbSchema] = namesOf(tableText, mark)
  const key = plan.keyOf(table, dbSchema)
  const tiebreaker = plan.tiebreakerOf(key)
  if (tiebreaker === null) return null
  const alias = /^ AS ((["`]).+?\2)/.exec(select.from.slice(tableText.length))?.[1] ?? tableText
  const columns = tiebreaker.map((column) => `${alias}.${quoteIdentifier(column, mark)}`)
  const terms = splitList(select.orderBy)
  const copies = copiesAtEnd(terms, columns)
  const isLimited = hasLimit(select, statement)
  const marked = copies === 0 ? null : plan.find(key, copies)
  const limit = marked ?? (isLimited || !CURSOR.test(select.where) ? null : plan.findRoot(key))
  if (limit === null || limit.keep === Infinity) return null
  const own = marked === null ? terms : terms.slice(0, terms.length - copies * columns.length)
  const last =
    marked === null ? (limit.backward ? ' DESC' : ' ASC') : direction(terms[terms.length - 1] as string)
  const tied = columns.filter((column) => !own.some((term) => term.startsWith(column)))
  const query = { sql: statement.sql, args: [...statement.args], argTypes: [...statement.argTypes] }
  const order = [...own, ...tied.map((column) => `${column}${last}`)]
  const read = { query, select, tableText, alias, table, order, numbered: mark === '"' }
  return { read, limit, isLimited }
}

/**
 * A statement in no order that reads a list with a limit: its table says which, and its condition ends with the keys of the
 * list's parents. Read as if it were in the order that decides ties.
 */
export function unorderedStatement(statement: Statement, plan: LimitPlan): MarkedStatement | null {
  const [, head, tail] = UNORDERED.exec(statement.sql) ?? []
  const select = head === undefined ? null : readSelect(`${head} ORDER BY 1${tail}`)
  const tableText = select === null ? undefined : TABLE.exec(select.from)?.[0]
  if (select === null || tableText === undefined || hasLimit(select, statement)) return null
  const mark = tableText.startsWith('`') ? '`' : '"'
  const [table, dbSchema] = namesOf(tableText, mark)
  const alias = /^ AS ((["`]).+?\2)/.exec(select.from.slice(tableText.length))?.[1] ?? tableText
  const query = { sql: statement.sql, args: [...statement.args], argTypes: [...statement.argTypes] }
  for (const limit of plan.findUnordered(plan.keyOf(table, dbSchema))) {
    const order = limit.tiebreaker.map((column) => `${alias}.${quoteIdentifier(column, mark)} ASC`)
    const read = { query, select, tableText, alias, table, order, numbered: mark === '"' }
    const text = `${linkTexts(read, limit)?.[0]} IN (`
    const start = select.where.lastIndexOf(text)
    if (start >= 0 && /^[^()]*\)\)?$/.test(select.where.slice(start + text.length)))
      return { read, limit, isLimited: false }
  }
  return null
}

/** What stands before and behind the place of an ORDER BY. */
const UNORDERED = /^(SELECT .*?)((?: LIMIT \?)?(?: OFFSET (?:\?|\$\d+))?(?:\s*\/\*[^]*\*\/\s*)?)$/s

/** `"public"."User"` at the start of FROM. */
const TABLE = /^(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`)(?:\.(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`))*/
/** The comparison with a cursor's row. */
const CURSOR = /\(SELECT .* WHERE \([^()]+\) = \([^()]+\)\)/

/** A table's name, and that of its schema where it is written. */
function namesOf(text: string, mark: string): [table: string, dbSchema: string | null] {
  const names = [...text.matchAll(mark === '"' ? /"((?:[^"]|"")+)"/g : /`((?:[^`]|``)+)`/g)]
  const name = (fromEnd: number) => names.at(-fromEnd)?.[1]?.replaceAll(mark + mark, mark)
  return [name(1) ?? text, name(2) ?? null]
}

/** How often the columns stand one after another at the end of an order, all in one direction. */
function copiesAtEnd(terms: readonly string[], columns: readonly string[]): number {
  const last = direction(terms[terms.length - 1] as string)
  let copies = 0
  for (let end = terms.length; end >= columns.length; end -= columns.length, copies++) {
    const isCopy = columns.every(
      (column, index) => terms[end - columns.length + index] === `${column}${last}`,
    )
    if (!isCopy) break
  }
  return copies
}

function direction(term: string): ' ASC' | ' DESC' {
  return term.endsWith(' DESC') ? ' DESC' : ' ASC'
}

/** SQLite's statements always have a LIMIT; -1 is none. */
function hasLimit({ tail }: SelectText, { args }: Statement): boolean {
  if (!tail.includes('LIMIT ')) return false
  return !tail.includes('?') || Number(args[args.length - (tail.match(/\?/g)?.length ?? 0)]) !== -1
}

/** A statement that Prisma has limited itself, without the marks. */
export function unmarked({ query, select, order }: ReadStatement): LimitedSql {
  const { columns, from, where, tail, comment } = select
  const sql = `SELECT ${columns} FROM ${from} WHERE ${where} ORDER BY ${order.join(', ')}${tail}${comment}`
  return whole({ ...query, sql })
}

/** How many rows a statement passes over itself. */
export function offsetOf({ query: { args }, select: { tail } }: ReadStatement): number {
  const place = / OFFSET (\$\d+|\?)$/.exec(tail)?.[1]
  if (place === undefined) return 0
  return Number(place === '?' ? args[args.length - 1] : args[Number(place.slice(1)) - 1])
}

/** Whether an unlimited statement has one of our marks, though it could not be read. */
export function isMarked(sql: string): boolean {
  return /(\S.*? (?:ASC|DESC)), \1, \1(?!.* LIMIT )/s.test(sql.slice(sql.lastIndexOf(' ORDER BY ')))
}
