import type { Args } from '@prisma-brisk/core'

/** Tags and models that a raw statement invalidates. */
export type RawWriteTags =
  readonly string[] | { readonly tags?: readonly string[]; readonly models?: readonly string[] }

/** What `$executeRaw` does to the cache; see {@link CacheOptions.onRawWrite}. */
export type RawWriteAction = 'warn' | 'invalidateAll' | 'ignore' | ((sql: string) => RawWriteTags)

/** The text of a raw statement, with placeholders where the caller used a template; '' where it cannot be told. */
export function sqlOf(args: Args): string {
  if (typeof args !== 'object' || args === null) return ''
  const first: unknown = Array.isArray(args) ? args[0] : args
  if (typeof first === 'string') return first
  const { sql, strings, text } = (first ?? {}) as { sql?: unknown; strings?: unknown; text?: unknown }
  if (typeof sql === 'string') return sql
  if (typeof text === 'string') return text
  return Array.isArray(strings) ? strings.join('?') : ''
}

/**
 * Whether a statement sent through `$queryRaw` writes, as `INSERT … RETURNING` and `WITH … AS (DELETE …)` do. Functions
 * that write are beyond this. Comments and quoted text do not count.
 */
export function writes(sql: string): boolean {
  const bare = sql.replace(/'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|--[^\n]*|\/\*[\s\S]*?\*\//g, ' ')
  const [first = ''] = /[a-z]+/i.exec(bare) ?? []
  if (/^(select|values|table|show|explain|pragma|describe|desc)$/i.test(first)) {
    return /^\s*\(*\s*select\b[\s\S]*\binto\b/i.test(bare)
  }
  if (!/^with$/i.test(first)) return first !== ''
  return /\b(insert|update|delete|merge|replace|truncate)\b/i.test(
    bare.replace(/\bfor\s+(no\s+key\s+)?update\b/gi, ''),
  )
}

/** The first line of a V8 stack that is the application's own, for a warning; null where there is none. */
export function callSiteOf(stack: string | null): string | null {
  const lines = (stack ?? '').split('\n').slice(1)
  const own = lines.find(
    (line) => !/node_modules|node:internal|prisma-brisk|\bpackages\/[a-z-]+\/src\//.test(line),
  )
  return own?.trim().replace(/^at /, '') ?? null
}
