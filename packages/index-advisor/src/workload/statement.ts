import { dialectOf, sqlFingerprint } from '@prisma-brisk/core'
import { normalize, parse, scan } from 'libpg-query'
import type { Node } from 'libpg-query'

import type { Provider } from '../catalog/catalog.ts'
import { toPostgresSpelling } from '../sql/sql-dialect.ts'

export type SkipReason =
  /** DDL, BEGIN, SET and everything else that is no query. */
  | 'utility'
  /** It reads the system catalogs. */
  | 'catalog'
  /** Prisma's own table of migrations. */
  | 'migrations'
  /** The log kept only its beginning. */
  | 'truncated'
  /** It reads no table: `SELECT 1`. */
  | 'no-table'
  /** No parser of ours understands it. */
  | 'unreadable'

export interface Skipped {
  readonly skip: SkipReason
  /** Of an unreadable one: where it was not understood, for people; without any value in it. */
  readonly form?: string
}

export interface ReadStatement {
  /** Of the original, as the slow-query log and the limits at the driver name it. */
  readonly fingerprint: string
  readonly sql: string
  readonly parameters: number
  readonly kind: 'select' | 'insert' | 'update' | 'delete' | 'merge'
  readonly isReferential: boolean
}

/**
 * One statement of a log, brought to one form: PostgreSQL's spelling, `$1 … $n` without gaps for all values, no
 * comments. List lengths do not change the fingerprint. The text holds no value of the original.
 */
export async function readStatement(original: string, provider: Provider): Promise<ReadStatement | Skipped> {
  // A digest writes the second number of `LIMIT 5, 10` so; nothing is cut there.
  const text = original.trim().replace(/\bLIMIT\s+\?\s*,\s*\.\.\.\s*$/i, 'LIMIT ?, ?')
  if (isTruncated(text)) return { skip: 'truncated' }
  let sql: string
  let parsed
  try {
    sql = await withoutComments(parseable(toPostgresSpelling(expandDigest(text), provider)))
    parsed = await parse(sql)
  } catch (error) {
    return UTILITY.test(text) ? { skip: 'utility' } : { skip: 'unreadable', form: formIn(error) }
  }
  const [first, ...more] = parsed.stmts ?? []
  if (first?.stmt === undefined || more.length > 0)
    return first === undefined ? { skip: 'utility' } : { skip: 'unreadable', form: 'several statements' }
  const kind = kindOf(first.stmt)
  if (kind === null) return { skip: 'utility' }
  const tables = tablesOf(first.stmt)
  if (tables.length === 0) return { skip: 'no-table' }
  if (tables.some((table) => table.name === '_prisma_migrations')) return { skip: 'migrations' }
  if (tables.every(isCatalog)) return { skip: 'catalog' }
  try {
    const numbered = await withDenseParameters(await expandLists(await normalize(sql)))
    return {
      fingerprint: sqlFingerprint(text, dialectOf({ provider })),
      ...numbered,
      kind,
      isReferential: isReferential(sql),
    }
  } catch (error) {
    return { skip: 'unreadable', form: formIn(error) }
  }
}

const UTILITY =
  /^\s*(create|alter|drop|set|show|use|grant|revoke|analyze|pragma|vacuum|optimize|lock|unlock|begin|start|commit|rollback|savepoint|release|call|do|handler|flush|kill|load|truncate|rename|describe|desc|prepare|execute|deallocate|check|repair)\b/i

/** Where the parser stopped, if that is a word: a number or a text could be a value. */
function formIn(error: unknown): string {
  const near = /at or near "([A-Za-z_]+)"/.exec((error as Error).message)?.[1]
  return near === undefined ? 'not understood' : `at ${near.toUpperCase()}`
}

/** Why a text is not exactly one SELECT, INSERT, UPDATE, DELETE or MERGE; null when it is. */
export async function assertQuery(sql: string): Promise<string | null> {
  try {
    const [first, ...more] = (await parse(sql)).stmts ?? []
    if (first?.stmt === undefined || more.length > 0) return 'it is not one statement'
    return kindOf(first.stmt) === null ? 'it is no query' : null
  } catch {
    return 'PostgreSQL’s parser does not understand it'
  }
}

/** MySQL ends a digest that was cut with `...`, the slow-query log with `…`. */
function isTruncated(text: string): boolean {
  return /(?:…|[^(]\.\.\.)$/.test(text)
}

/** MySQL's digests write `(...)` for a list of any length and a comment for further rows. */
function expandDigest(text: string): string {
  return text.replace(/\(\s*\.\.\.\s*\)/g, '(?)')
}

/** pg_stat_statements writes `interval $1` for `interval '1 day'`, which PostgreSQL itself cannot read back. */
function parseable(sql: string): string {
  return sql
    .replace(/,\s*(?=\/\* \d{1,7} more )/g, ' ')
    .replace(/\b(interval|timestamptz|timestamp|date|time)\s+(\$\d+)/gi, '$2::$1')
}

/**
 * Values of sqlcommenter and the like go. What the slow-query log says of a list it cut short stays: it is the length
 * of the list.
 */
async function withoutComments(sql: string): Promise<string> {
  if (!sql.includes('--') && !sql.includes('/*')) return sql
  const bytes = Buffer.from(sql)
  const parts: string[] = []
  let at = 0
  for (const token of (await scan(sql)).tokens) {
    if (token.tokenName !== 'C_COMMENT' && token.tokenName !== 'SQL_COMMENT') continue
    parts.push(bytes.subarray(at, token.start).toString())
    const comment = bytes.subarray(token.start, token.end).toString()
    parts.push(cutList.test(comment) ? comment : ' ')
    at = token.end
  }
  parts.push(bytes.subarray(at).toString())
  return parts.join('').trim()
}

const cutList = /^\/\* \d{1,7} more (?:rows )?\*\/$/
const MOST_ITEMS = 1000

/** `IN ($1, $2, $3, /* 97 more *\/)` → as many items as there were. */
async function expandLists(sql: string): Promise<string> {
  if (!sql.includes(' more */') && !sql.includes(' more rows */')) return sql
  return sql
    .replace(/,?\s*\/\* (\d{1,7}) more \*\//g, (_, more: string) =>
      ', $0'.repeat(Math.min(MOST_ITEMS, Number(more))),
    )
    .replace(/,?\s*\/\* \d{1,7} more rows \*\//g, '')
}

/** Gaps in the numbers of parameters leave PostgreSQL without a type for them. */
async function withDenseParameters(sql: string): Promise<{ sql: string; parameters: number }> {
  const bytes = Buffer.from(sql)
  const numbers = new Map<string, number>()
  const parts: string[] = []
  let at = 0
  let next = 0
  for (const token of (await scan(sql)).tokens) {
    if (token.tokenName !== 'PARAM') continue
    const name = bytes.subarray(token.start, token.end).toString()
    const known = name === '$0' ? undefined : numbers.get(name)
    const number = known ?? ++next
    if (name !== '$0') numbers.set(name, number)
    parts.push(bytes.subarray(at, token.start).toString(), `$${number}`)
    at = token.end
  }
  parts.push(bytes.subarray(at).toString())
  return { sql: parts.join('').replace(/\s+/g, ' ').replace(/;\s*$/, '').trim(), parameters: next }
}

function kindOf(statement: Node): ReadStatement['kind'] | null {
  // SELECT INTO makes a table.
  if ('SelectStmt' in statement) return statement.SelectStmt.intoClause === undefined ? 'select' : null
  if ('InsertStmt' in statement) return 'insert'
  if ('UpdateStmt' in statement) return 'update'
  if ('DeleteStmt' in statement) return 'delete'
  if ('MergeStmt' in statement) return 'merge'
  return null
}

interface TableName {
  readonly schema: string | null
  readonly name: string
}

/** Every table the statement names, common table expressions aside. */
export function tablesOf(statement: Node): TableName[] {
  const tables: TableName[] = []
  const common = new Set<string>()
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (node === null || typeof node !== 'object') return
    for (const [key, value] of Object.entries(node)) {
      if (key === 'CommonTableExpr') {
        const name = (value as { ctename?: string }).ctename
        if (name !== undefined) common.add(name)
      }
      if (key === 'RangeVar' || key === 'relation') {
        const { schemaname, relname } = (key === 'RangeVar' ? value : value) as {
          schemaname?: string
          relname?: string
        }
        if (relname !== undefined) tables.push({ schema: schemaname ?? null, name: relname })
      }
      visit(value)
    }
  }
  visit(statement)
  return tables.filter((table) => table.schema !== null || !common.has(table.name))
}

function isCatalog(table: TableName): boolean {
  const systems = ['pg_catalog', 'information_schema', 'performance_schema', 'mysql', 'sys']
  if (table.schema !== null) return systems.includes(table.schema.toLowerCase())
  return /^(pg_|sqlite_)/i.test(table.name)
}

/** The statements of PostgreSQL's `ri_triggers.c`. */
function isReferential(sql: string): boolean {
  return (
    /\bOPERATOR\s*\(\s*pg_catalog\.=\s*\)/i.test(sql) &&
    /^(select .+ from only .+ for key share of x|delete from only |update only )/is.test(sql.trim())
  )
}
