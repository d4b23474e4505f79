import { createHash } from 'node:crypto'
import {
  type Call,
  type DriverListener,
  DriverTap,
  type Host,
  readSelect,
  type Rewrite,
  type SelectText,
  splitList,
  type SqlAnswer,
  type Statement,
} from '@prisma-brisk/core'
import { planOf, type CutPlan } from './limit-plan.ts'
import { cutSql, quote, type ReadStatement } from './limit-sql.ts'
import { DriverRowsError, UnlimitableError } from '../errors.ts'
import type { RowCut } from './row-limit.ts'

/**
 * What limits do at the driver of a client: statements get the cuts of their call, and none hands over too many rows.
 */
export class DriverLimits implements DriverListener {
  private listening = false

  constructor(
    private readonly host: Host,
    private readonly maxRows: number,
  ) {
    if (maxRows !== Infinity) this.listen()
  }

  /** Starts listening, the first time it is needed: every statement pays for it. False where there is no driver to be heard. */
  listen(): boolean {
    const tap = DriverTap.of(this.host)
    if (!this.listening && tap !== null) {
      this.listening = true
      tap.listen(this)
    }
    return tap !== null
  }

  /** Whether calls may be refused at the driver, so that their errors have to be looked at. */
  get refuses(): boolean {
    return this.listening
  }

  rewrite(statement: Statement): Rewrite | null {
    const { call } = statement
    if (call === undefined || statement.kind !== 'query' || call.host !== this.host) return null
    const plan = planOf(call)
    if (plan === null || !statement.sql.includes(' ORDER BY ')) return null
    return refusing(call, () => this.cut(statement, call, plan))
  }

  inspect(statement: Statement): void {
    const { call, rows, kind } = statement
    if (kind !== 'query' || (call !== undefined && call.host !== this.host)) return
    if (rows <= this.maxRows) return
    throw refused(call, new DriverRowsError(fingerprintOf(statement.sql), rows, this.maxRows))
  }

  private cut(statement: Statement, call: Call, plan: CutPlan): Rewrite | null {
    const found = planned(statement, plan)
    if (found === null) {
      if (isMarked(statement.sql)) throw unknownForm(call)
      return null
    }
    const { read, cut, isLimited } = found
    if (isLimited) {
      const answer = (result: SqlAnswer) => refusing(call, () => checkCount(result, cut))
      return { query: { ...read.query, sql: unmarked(read) }, answer }
    }
    const rewritten = cutSql(read, cut, this.host.provider)
    if (rewritten === null) throw unknownForm(call)
    const { query, extra, rank } = rewritten
    return { query, answer: (result) => refusing(call, () => settle(result, cut, extra, rank)) }
  }
}

interface Planned {
  readonly read: ReadStatement
  readonly cut: RowCut
  /** Prisma has sent a LIMIT itself. */
  readonly isLimited: boolean
}

/** The cut that the plan has for a statement; null where it has none. */
function planned(statement: Statement, plan: CutPlan): Planned | null {
  const select = readSelect(statement.sql)
  const tableText = select === null ? undefined : TABLE.exec(select.from)?.[0]
  if (select === null || tableText === undefined) return null
  const mark = tableText.startsWith('`') ? '`' : '"'
  const table = unquoted(tableText, mark)
  const tiebreaker = plan.tiebreakerOf(table)
  if (tiebreaker === null) return null
  const alias = /^ AS ((["`]).+?\2)/.exec(select.from.slice(tableText.length))?.[1] ?? tableText
  const columns = tiebreaker.map((column) => `${alias}.${quote(column, mark)}`)
  const terms = splitList(select.orderBy)
  const copies = copiesAtEnd(terms, columns)
  const isLimited = hasLimit(select, statement)
  const marked = copies === 0 ? null : plan.find(table, copies)
  const cut = marked ?? (isLimited || !CURSOR.test(select.where) ? null : plan.findRoot(table))
  if (cut === null || cut.keep === Infinity) return null
  const own = marked === null ? terms : terms.slice(0, terms.length - copies * columns.length)
  const last =
    marked === null ? (cut.backward ? ' DESC' : ' ASC') : direction(terms[terms.length - 1] as string)
  const tied = columns.filter((column) => !own.some((term) => term.startsWith(column)))
  const query = { sql: statement.sql, args: [...statement.args], argTypes: [...statement.argTypes] }
  const order = [...own, ...tied.map((column) => `${column}${last}`)]
  const read = { query, select, tableText, alias, table, order, numbered: mark === '"' }
  return { read, cut, isLimited }
}

/** `"public"."User"` at the start of FROM. */
const TABLE = /^(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`)(?:\.(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`))*/
/** The comparison with a cursor's row. */
const CURSOR = /\(SELECT .* WHERE \([^()]+\) = \([^()]+\)\)/

function unquoted(text: string, mark: string): string {
  const last = new RegExp(`${mark}((?:[^${mark}]|${mark}${mark})+)${mark}$`).exec(text)?.[1] ?? text
  return last.replaceAll(mark + mark, mark)
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
function unmarked({ select, order }: ReadStatement): string {
  const { columns, from, where, tail, comment } = select
  return `SELECT ${columns} FROM ${from} WHERE ${where} ORDER BY ${order.join(', ')}${tail}${comment}`
}

/** Takes off what Prisma does not know, and fails where one parent has too many rows. */
function settle(result: SqlAnswer, cut: RowCut, extra: number, rank: boolean): SqlAnswer {
  const { rows } = result
  if (!rank) checkCount(result, cut)
  else if (cut.failAbove !== Infinity && rows.some((row) => Number(row[row.length - 1]) > cut.failAbove))
    throw cut.fail()
  if (extra === 0) return result
  for (const row of rows) row.length -= extra
  return {
    ...result,
    ...(result.columnNames === undefined ? {} : { columnNames: result.columnNames.slice(0, -extra) }),
    ...(result.columnTypes === undefined ? {} : { columnTypes: result.columnTypes.slice(0, -extra) }),
  }
}

function checkCount(result: SqlAnswer, cut: RowCut): SqlAnswer {
  if (result.rows.length > cut.failAbove) throw cut.fail()
  return result
}

const refusals = new WeakMap<object, Error>()

/** Prisma wraps errors of the driver; the call gets the one that was thrown. */
export function refusalOf(call: Call): Error | undefined {
  return refusals.get(call.notes)
}

function refused(call: Call | undefined, error: Error): Error {
  if (call !== undefined) refusals.set(call.notes, error)
  return error
}

function refusing<T>(call: Call, run: () => T): T {
  try {
    return run()
  } catch (error) {
    throw refused(call, error as Error)
  }
}

function unknownForm(call: Call): Error {
  const reason = 'this version of Prisma writes its statement in a form that is not known here'
  return new UnlimitableError(`${call.model}.${call.operation}`, reason)
}

/** Whether an unlimited statement has one of our marks, though it could not be read. */
function isMarked(sql: string): boolean {
  return /(\S.*? (?:ASC|DESC)), \1, \1(?!.* LIMIT )/s.test(sql.slice(sql.lastIndexOf(' ORDER BY ')))
}

/** Names a statement's text, whatever the number of its values. */
function fingerprintOf(sql: string): string {
  const text = sql
    .replace(/\/\*.*?\*\//gs, '')
    .replace(/\$\d+/g, '?')
    .replace(/\?(\s*,\s*\?)+/g, '?')
  return createHash('sha256').update(text.trim()).digest('hex').slice(0, 16)
}
