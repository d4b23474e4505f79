import {
  quoteIdentifier,
  type QuoteMark,
  countPlaceholders,
  splitList,
  type Provider,
  type SelectText,
  type SqlQuery,
} from '@prisma-brisk/core'
import type { ComparedColumn, RowLimit } from './row-limit.ts'

/** A statement with its limit, and what has to be taken off its answer. */
export interface LimitedSql {
  readonly query: SqlQuery
  /** Columns at the end of each row that Prisma does not know. */
  readonly extra: number
  /** Which column from the end is the row's number among those of its parent; null where all rows are of one parent. */
  readonly rowNumberAt: number | null
  /** Which column from the end is the number of the row that the list begins with; null where it begins with the first. */
  readonly startAt: number | null
}

/** A statement as the driver got it, read. */
export interface ReadStatement {
  readonly query: SqlQuery
  readonly select: SelectText
  /** The first table, as the statement writes it: `"public"."User"`. */
  readonly tableText: string
  /** What its columns are written with: the alias, where it has one. */
  readonly alias: string
  readonly table: string
  /** The order's terms, the marks taken off, ties decided. */
  readonly order: readonly string[]
  /** Placeholders are `$1`, `$2`, … and can be moved; else they are `?`, and their values must move with them. */
  readonly numbered: boolean
}

/**
 * Puts a limit around a statement.
 *
 * - one parent: `LIMIT`
 * - several parents, one key, PostgreSQL: the parents' keys, and for each of them the statement with a `LIMIT` (LATERAL), which reads
 *   an index no further than it must
 * - otherwise: the statement with `ROW_NUMBER()` over each parent's rows, kept by it
 *
 * Null where the statement is not of a form that this is right for.
 */
export function limitSql(statement: ReadStatement, limit: RowLimit, provider: Provider): LimitedSql | null {
  const link = limit.link === null ? [] : linkTexts(statement, limit)
  if (link === null) return null
  const simple = limit.distinct.length === 0 && !limit.fromCursor
  const keys = limit.link !== null && link.length === 1 ? keysOf(statement, link[0] as string) : null
  if (simple && keys !== null) {
    if (keys.list.length === 1 && limit.link?.columns[0]?.comparableAs === 'value')
      return limited(statement, limit)
    // Subqueries that count or aggregate are not to be run for each parent.
    if (
      provider === 'postgresql' &&
      limit.failAbove === Infinity &&
      !statement.select.from.includes(' JOIN (SELECT ')
    )
      return lateral(statement, limit, link[0] as string, keys)
  }
  return simple && limit.link !== null
    ? numbered(statement, limit, link, provider)
    : staged(statement, limit, link, provider)
}

const ROW_NUMBER = '@row'

/** The statement with a LIMIT. */
function limited(statement: ReadStatement, limit: RowLimit): LimitedSql | null {
  const { select, query } = statement
  const { columns, from, where, tail, comment } = select
  const head = `SELECT ${columns} FROM ${from} WHERE ${where} ORDER BY ${statement.order.join(', ')}`
  // SQLite's own form of "no limit": the value is -1.
  if (tail.startsWith(' LIMIT ?')) {
    const args = [...query.args]
    args[args.length - countPlaceholders(tail)] = limit.keep
    return whole({ ...query, sql: `${head}${tail}${comment}`, args })
  }
  return whole({ ...query, sql: `${head} LIMIT ${limit.keep}${tail}${comment}` })
}

/** A statement whose answer is as Prisma expects it. */
export function whole(query: SqlQuery): LimitedSql {
  return { query, extra: 0, rowNumberAt: null, startAt: null }
}

/** For each parent the statement with a LIMIT. Parents are read by their key, which gives the placeholders their type. */
function lateral(statement: ReadStatement, limit: RowLimit, link: string, keys: Keys): LimitedSql | null {
  const { select, query, order } = statement
  const { parent, columns: linkColumns } = limit.link as NonNullable<RowLimit['link']>
  const schema =
    parent.dbSchema === null
      ? statement.tableText.slice(0, -quoteIdentifier(statement.table, '"').length)
      : `${quoteIdentifier(parent.dbSchema, '"')}.`
  const key = `"@parent".${quoteIdentifier(parent.columns[0] as string, '"')}`
  const same =
    linkColumns[0]?.comparableAs === 'value'
      ? ''
      : ` AND ${comparable(link, 'text', 'postgresql')} = ${comparable(key, 'text', 'postgresql')}`
  const where = `${select.where.slice(0, keys.start)}(${link} = ${key}${same})${select.where.slice(keys.end)}`
  const inner = `SELECT ${select.columns} FROM ${select.from} WHERE ${where} ORDER BY ${order.join(', ')} LIMIT ${limit.keep}`
  const sql =
    `SELECT "@cut".* FROM ${schema}${quoteIdentifier(parent.table, '"')} AS "@parent" CROSS JOIN LATERAL (${inner}) AS "@cut" ` +
    `WHERE ${key} IN (${keys.list.join(',')})${select.tail}${select.comment}`
  return whole({ ...query, sql })
}

/** The statement's rows numbered within each parent. */
function numbered(
  statement: ReadStatement,
  limit: RowLimit,
  link: readonly string[],
  provider: Provider,
): LimitedSql | null {
  const { select, order } = statement
  const q = quoteOf(provider)
  const partition = link.map((text, index) =>
    comparable(text, limit.link?.columns[index]?.comparableAs ?? 'text', provider),
  )
  const numbered = `ROW_NUMBER() OVER (PARTITION BY ${partition.join(', ')} ORDER BY ${order.join(', ')}) AS ${quoteIdentifier(ROW_NUMBER, q)}`
  const base = `SELECT ${select.columns}, ${numbered} FROM ${select.from} WHERE ${select.where}`
  const sql = `SELECT * FROM (${base}) AS ${quoteIdentifier('@cut', q)} WHERE ${quoteIdentifier(ROW_NUMBER, q)} <= ${limit.keep} ORDER BY ${quoteIdentifier(ROW_NUMBER, q)}${select.tail}${select.comment}`
  const values = valuesOf(statement)
  if (values === null) return null
  const query = rewritten(statement, sql, [
    values.columns,
    values.order,
    values.from,
    values.where,
    values.tail,
  ])
  return { query, extra: 1, rowNumberAt: 1, startAt: null }
}

/**
 * The same in steps, as Prisma does it in Node: number all rows, keep the first of each distinct group, number what is left within
 * each parent, find the cursor's row, keep what follows.
 */
function staged(
  statement: ReadStatement,
  limit: RowLimit,
  link: readonly string[],
  provider: Provider,
): LimitedSql | null {
  const { select, order, alias } = statement
  const q = quoteOf(provider)
  const name = (text: string) => quoteIdentifier(text, q)
  const linked = link.map((text, index) => ({
    name: name(`@link${index}`),
    text: comparable(text, limit.link?.columns[index]?.comparableAs ?? 'text', provider),
  }))
  const distinct = limit.distinct.map(({ column, comparableAs: by }, index) => ({
    name: name(`@distinct${index}`),
    text: comparable(`${alias}.${quoteIdentifier(column, q)}`, by, provider),
  }))
  const cursor = limit.fromCursor ? cursorOf(statement) : null
  if (limit.fromCursor && cursor === null) return null
  const parents = linked.length === 0 ? '' : `PARTITION BY ${linked.map((each) => each.name).join(', ')}`
  const added = [
    ...linked,
    ...distinct,
    ...(cursor === null ? [] : [{ name: name('@hit'), text: cursor.hit }]),
  ]

  let extra = added.length + 1
  let rows =
    `SELECT ${[select.columns, ...added.map(({ name: as, text }) => `${text} AS ${as}`)].join(', ')}, ` +
    `ROW_NUMBER() OVER (ORDER BY ${order.join(', ')}) AS ${name('@place')} FROM ${select.from} WHERE ${select.where}`
  let step = 0
  const over = (column: string, as: string, condition = '') => {
    extra++
    rows = `SELECT ${name(`@step${step}`)}.*, ${column} AS ${name(as)} FROM (${rows}) AS ${name(`@step${step}`)}${condition}`
    step++
  }
  if (distinct.length > 0) {
    const group = [...linked, ...distinct].map((each) => each.name).join(', ')
    over(`ROW_NUMBER() OVER (PARTITION BY ${group} ORDER BY ${name('@place')})`, '@first')
  }
  const isFirst = distinct.length > 0 ? ` WHERE ${name('@first')} = 1` : ''
  over(`ROW_NUMBER() OVER (${parents} ORDER BY ${name('@place')})`, ROW_NUMBER, isFirst)
  let kept = `${name(ROW_NUMBER)} <= ${limit.keep}`
  if (cursor !== null) {
    over(`MIN(CASE WHEN ${name('@hit')} THEN ${name(ROW_NUMBER)} END) OVER (${parents})`, '@start')
    kept = `${name(ROW_NUMBER)} >= ${name('@start')} AND ${name(ROW_NUMBER)} < ${name('@start')} + ${limit.keep}`
  }
  const sql = `SELECT * FROM (${rows}) AS ${name('@cut')} WHERE ${kept} ORDER BY ${name('@place')}${select.tail}${select.comment}`
  const values = valuesOf(statement)
  if (values === null) return null
  const { columns, from, where, order: ordered, tail } = values
  const query = rewritten(statement, sql, [columns, cursor?.values ?? none, ordered, from, where, tail])
  return {
    query,
    extra,
    ...(cursor === null ? { rowNumberAt: 1, startAt: null } : { rowNumberAt: 2, startAt: 1 }),
  }
}

interface Keys {
  /** Where the condition stands in the WHERE part. */
  readonly start: number
  readonly end: number
  readonly list: readonly string[]
}

/** The parents' keys that the statement asks for, or null where it does not say them in the usual way. */
function keysOf({ select: { where } }: ReadStatement, link: string): Keys | null {
  const text = `${link} IN (`
  const start = where.lastIndexOf(text)
  if (start < 0) return null
  const end = where.indexOf(')', start)
  const list = splitList(where.slice(start + text.length, end))
  return list.every((key) => /^(\$\d+|\?)$/.test(key)) ? { start, end: end + 1, list } : null
}

/** The columns that name the parent, as the statement writes them. */
export function linkTexts({ select, alias }: ReadStatement, { link }: RowLimit): readonly string[] | null {
  if (link === null) return []
  const q = alias.startsWith('`') ? '`' : '"'
  if (link.joinTable === null)
    return link.columns.map(({ column }) => `${alias}.${quoteIdentifier(column, q)}`)
  const join = `${quoteIdentifier(link.joinTable, q)} AS `
  const at = select.from.indexOf(join)
  const joined = /^["`]t\d+["`]/.exec(select.from.slice(at + join.length))?.[0]
  if (at < 0 || joined === undefined) return null
  return link.columns.map(({ column }) => `${joined}.${quoteIdentifier(column, q)}`)
}

/** Whether a row is the one that the statement's cursor names: the comparison that Prisma put into its WHERE. */
function cursorOf(statement: ReadStatement): { hit: string; values: Values } | null {
  const { select, numbered, alias, query } = statement
  const found = [...select.where.matchAll(/ WHERE (\([^()]+\)) = (\([^()]+\))\)/g)].at(-1)
  if (found === undefined) return null
  const [text, left, right] = found as unknown as [string, string, string]
  if (!left.startsWith(`(${alias}.`)) return null
  const hit = `${left} = ${right}`
  if (numbered) return { hit, values: none }
  const until = select.where.slice(0, found.index + text.length)
  const end = [select.columns, select.from, until].reduce((sum, part) => sum + countPlaceholders(part), 0)
  return { hit, values: valuesAt(query, end - countPlaceholders(right), end) }
}

/** The values of some placeholders. */
interface Values {
  readonly args: readonly unknown[]
  readonly types: readonly unknown[]
}

const none: Values = { args: [], types: [] }

function valuesAt({ args, argTypes }: SqlQuery, start: number, end: number): Values {
  return { args: args.slice(start, end), types: argTypes.slice(start, end) }
}

/** The values of each part of the statement; null where there are not as many as placeholders. */
function valuesOf({ query, select, order, numbered }: ReadStatement) {
  if (numbered) return { columns: none, from: none, where: none, order: none, tail: none }
  let start = 0
  const take = (part: string): Values => {
    const from = start
    start += countPlaceholders(part)
    return valuesAt(query, from, start)
  }
  const values = {
    columns: take(select.columns),
    from: take(select.from),
    where: take(select.where),
    order: take(order.join(', ')),
    tail: take(select.tail),
  }
  return start === query.args.length ? values : null
}

/** The query as rewritten, with the values in the order in which their placeholders now stand. */
function rewritten({ query, numbered }: ReadStatement, sql: string, values: readonly Values[]): SqlQuery {
  if (numbered) return { ...query, sql }
  return { sql, args: values.flatMap(({ args }) => args), argTypes: values.flatMap(({ types }) => types) }
}

/** A column as Node tells its values apart: by the text the driver prints. */
function comparable(text: string, by: ComparedColumn['comparableAs'], provider: Provider): string {
  if (by === 'value') return text
  if (provider === 'mysql') return `CAST(${text} AS BINARY)`
  if (provider === 'sqlite') return `${text} COLLATE BINARY`
  return `(${text})::text COLLATE "C"`
}

function quoteOf(provider: Provider): QuoteMark {
  return provider === 'postgresql' || provider === 'cockroachdb' ? '"' : '`'
}
