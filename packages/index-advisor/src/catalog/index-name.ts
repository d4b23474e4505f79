import type { Provider } from './catalog.ts'

/** Bytes an identifier may have. SQLite sets no limit that Prisma minds. */
const LIMIT: Record<Provider, number> = { postgresql: 63, mysql: 64, sqlite: 10_000 }

export type NameSuffix = '_pkey' | '_key' | '_idx' | '_fkey'

/**
 * The name Prisma gives an index or constraint that has no `map:`: table, columns, suffix, the front cut (in bytes, at
 * a character's boundary) so that the whole fits. Any other name must stand in `map:`, or Prisma renames the index.
 */
export function prismaIndexName(
  provider: Provider,
  table: string,
  columns: readonly string[],
  suffix: NameSuffix,
): string {
  const front = suffix === '_pkey' ? table : [table, ...columns].join('_')
  const room = LIMIT[provider] - suffix.length
  return cut(front, room) + suffix
}

/**
 * Prisma's own name where it is free, else the same with a number, cut to fit.
 * @param taken names already used where this one must be unique
 */
export function freeIndexName(
  provider: Provider,
  table: string,
  columns: readonly string[],
  taken: ReadonlySet<string>,
): { name: string; isDefault: boolean } {
  const preferred = prismaIndexName(provider, table, columns, '_idx')
  if (!taken.has(preferred)) return { name: preferred, isDefault: true }
  for (let number = 1; ; number++) {
    const suffix = `_idx${number}`
    const name = cut([table, ...columns].join('_'), LIMIT[provider] - suffix.length) + suffix
    if (!taken.has(name)) return { name, isDefault: false }
  }
}

function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text
  let out = ''
  let used = 0
  for (const char of text) {
    used += Buffer.byteLength(char)
    if (used > bytes) break
    out += char
  }
  return out
}
