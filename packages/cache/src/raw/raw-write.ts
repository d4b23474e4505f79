import {
  dialectOf,
  stackHere,
  writtenTables,
  type Args,
  type Call,
  type Next,
  type SchemaModel,
  type SqlDialect,
} from '@prisma-brisk/core'
import { checkedSelection, type CacheSelection } from '../cache-selection.ts'
import { checkTags } from '../cache-strategy.ts'
import { modelsOfTables } from './models-of-tables.ts'
import type { RawWriteAction, RawWriteTags, ResolvedCacheOptions } from '../options.ts'

/** The text of a raw statement, with placeholders where the caller used a template; '' where it cannot be told. */
export function sqlOf(args: Args): string {
  if (typeof args !== 'object' || args === null) return ''
  const first: unknown = Array.isArray(args) ? args[0] : args
  if (typeof first === 'string') return first
  // A template of a client that the suite is not mounted on: its texts, then its values.
  if (Array.isArray(first)) return first.join('?')
  const { sql, strings, text } = (first ?? {}) as { sql?: unknown; strings?: unknown; text?: unknown }
  if (typeof sql === 'string') return sql
  if (typeof text === 'string') return text
  return Array.isArray(strings) ? strings.join('?') : ''
}

const PLAIN = String.raw`'(?:[^']|'')*'|"(?:[^"]|"")*"|` + '`[^`]*`'
const ESCAPED = String.raw`'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|` + '`[^`]*`'
const DOLLAR = String.raw`\$(\w*)\$[\s\S]*?\$\1\$`
const STANDARD = String.raw`--[^\n]*|\/\*[\s\S]*?\*\/`
const MYSQL = String.raw`--[^\n]*|#[^\n]*|\/\*(?![!M])[\s\S]*?\*\/`

/**
 * Whether a statement sent through `$queryRaw` writes, as `INSERT … RETURNING`, `WITH … AS (DELETE …)` and `EXPLAIN ANALYZE
 * DELETE …` do. Functions that write are beyond this. Comments and quoted text do not count.
 */
export function writes(sql: string): boolean {
  // What cannot be read may do anything.
  if (sql.trim() === '') return true
  return READINGS.some((unread) => writesBare(sql.replace(unread, ' ')))
}

/**
 * What is quoted or a comment. A backslash may or may not escape a quote, by the dialect and the server's settings; of MySQL
 * and MariaDB `#` begins a comment, and what stands in `/*! … *\/` is carried out. Any reading may be the right one.
 */
const READINGS = [PLAIN, ESCAPED].flatMap((quoted) =>
  [STANDARD, MYSQL].map((comment) => new RegExp(`${quoted}|${DOLLAR}|${comment}`, 'g')),
)

function writesBare(bare: string): boolean {
  if (SEVERAL.test(bare)) return bare.split(';').some((each) => each.trim() !== '' && writesBare(each))
  const [first = ''] = /[a-z]+/i.exec(bare) ?? []
  // EXPLAIN alone plans; with ANALYZE it carries the statement out.
  if (/^(explain|analyze)$/i.test(first)) return /\banaly[sz]e\b/i.test(bare) && hasVerb(bare)
  if (/^(select|values|table|show|pragma|describe|desc)$/i.test(first)) {
    return /^\s*\(*\s*select\b[\s\S]*\binto\b/i.test(bare)
  }
  return /^with$/i.test(first) ? hasVerb(bare) : first !== ''
}

const SEVERAL = /;\s*\S/

function hasVerb(bare: string): boolean {
  return /\b(insert|update|delete|merge|replace|truncate)\b|\bcreate\s+table\b/i.test(
    bare.replace(/\bfor\s+(no\s+key\s+)?update\b/gi, ''),
  )
}

/**
 * Whether a raw statement changes no rows for certain, though it was sent as a write: it sets a parameter, or reads no table and
 * calls nothing but functions that are known to change none, such as `set_config`.
 */
export function changesNoRows(sql: string, dialect: SqlDialect): boolean {
  if (sql.trim() === '') return false
  if (writtenTables(sql, dialect)?.size !== 0) return false
  if (SETS.test(sql) || (SAYS.test(sql) && !SEVERAL.test(sql))) return true
  if (writes(sql) || /\bfrom\b/i.test(sql)) return false
  const calls = Array.from(sql.matchAll(/([^\s(),;]*)\s*\(/g), ([, name]) => (name ?? '').toLowerCase())
  return calls.every((name) => HARMLESS.has(name.replace(/^pg_catalog\./, '')))
}

const SETS = /^\s*SET\s+(LOCAL\s+|SESSION\s+)?[\w.]+\s*(=|TO\b)[^;(]*;?\s*$/i
/** What writes no rows, and is no query. */
const SAYS =
  /^\s*(NOTIFY|LISTEN|UNLISTEN|LOCK|UNLOCK|SHOW|SAVEPOINT|RELEASE|ANALYZE|VACUUM|RESET|DISCARD|CHECKPOINT|PRAGMA)\b/i
const HARMLESS = new Set([
  'set_config',
  'current_setting',
  'pg_notify',
  'pg_sleep',
  'pg_advisory_lock',
  'pg_advisory_lock_shared',
  'pg_advisory_xact_lock_shared',
  'pg_advisory_unlock_shared',
  'pg_advisory_unlock_all',
  'pg_try_advisory_lock_shared',
  'pg_try_advisory_xact_lock_shared',
  'hashtext',
  'hashtextextended',
  'get_lock',
  'release_lock',
  'pg_advisory_unlock',
  'pg_advisory_xact_lock',
  'pg_try_advisory_lock',
  'pg_try_advisory_xact_lock',
  'now',
])

/** Whether a statement may commit a part of its work before it fails: procedures and anonymous blocks can. */
export function mayCommitByItself(sql: string): boolean {
  return /^\s*(call|do|exec|execute|begin|declare)\b/i.test(sql)
}

/** How names become tags. */
export interface Tagging {
  readonly everything: string
  own(tag: string): string
  readonly schema: SchemaModel | null
  /** @throws InvalidCacheStrategyError for a model that does not exist */
  models(names: readonly string[], path: string): readonly string[]
}

/** The tags that a raw write which has been run invalidates. */
export function rawTagsOf(action: RawWriteAction, call: Call, tagging: Tagging): readonly string[] {
  if (action === 'ignore' || action === 'warn') return []
  if (action === 'invalidateAll') return [tagging.everything]
  if (action === 'derive') return derivedTags(call, tagging)
  try {
    const { tags = [], models = [] } = selectionOf(action(sqlOf(call.args)))
    return [...tags.map((tag) => tagging.own(tag)), ...tagging.models(models, 'onRawWrite(sql).models')]
  } catch (error) {
    // What the statement changes is not known, and its caller has done nothing wrong.
    emit(`onRawWrite failed, so everything is invalidated: ${String(error)}`)
    return [tagging.everything]
  }
}

/** The tags of the models whose tables the statement names as written; everything where it does not say. */
function derivedTags(call: Call, { schema, everything, models }: Tagging): readonly string[] {
  const sql = sqlOf(call.args)
  const dialect = dialectOf(call.host)
  const tables = sql.trim() === '' ? null : writtenTables(sql, dialect)
  // None: it may be a function that writes.
  const written =
    schema === null || tables === null || tables.size === 0 ? null : modelsOfTables(schema, tables, dialect)
  return written === null ? [everything] : models([...written], 'onRawWrite')
}

/** A promise, or a name that is none of ours, must not pass for "nothing has changed". */
function selectionOf(given: RawWriteTags): CacheSelection {
  if (isList(given)) {
    checkTags(given, 'onRawWrite(sql)')
    return { tags: given }
  }
  const isEmpty = Object.keys(given).length === 0 && !('then' in given)
  return isEmpty ? given : checkedSelection(given, 'onRawWrite(sql)')
}

/** Says, once a call site, that a raw write is not seen by the cache. */
export class RawWriteWarning {
  private readonly sites = new Set<string>()

  constructor(
    private readonly options: ResolvedCacheOptions,
    private readonly isUsed: () => boolean,
  ) {}

  /**
   * Sends a raw write, and warns of it unless the option `onRawWrite` says what it does to the cache. Prisma records no call
   * site of raw SQL: the line that awaits it can be found once it settles.
   */
  send(call: Call, next: Next): Promise<unknown> {
    const answer = next(call)
    return this.options.onRawWrite === 'warn' ? answer.finally(() => this.warn(call)) : answer
  }

  private warn(call: Call): void {
    // A client that caches nothing is not to be troubled.
    const caches = this.isUsed() || !this.options.models.isEmpty || this.options.store !== null
    if (!caches) return
    const site = call.callSite(stackHere()) ?? 'an unknown place'
    if (this.sites.has(site) || this.sites.size >= 1000) return
    this.sites.add(site)
    emit(
      `${call.operation} at ${site} may change rows that are cached, and the cache cannot tell which. ` +
        "Call prisma.$cache.invalidate({ models: […] }) after it, or set the option `onRawWrite` ('derive', 'invalidateAll', a function, or 'ignore').",
    )
  }
}

function emit(message: string): void {
  process.emitWarning(`prisma-brisk: ${message}`, { type: 'PrismaBriskWarning', code: 'W_CACHE_RAW_WRITE' })
}

function isList(given: RawWriteTags): given is readonly string[] {
  return Array.isArray(given)
}
