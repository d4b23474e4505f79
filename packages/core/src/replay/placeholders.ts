/** The text of a statement between its parameters. */
export interface Fragments {
  readonly fragments: readonly string[]
  /** `$1`, `$2`, …, in the order in which they stand; else `?`. */
  readonly isNumbered: boolean
}

/**
 * Splits Prisma's SQL at its parameters; null where they are not `count` in their order. It reads quoted names and text, and
 * knows no comments, for Prisma writes none.
 */
export function fragmentsOf(sql: string, count: number): Fragments | null {
  const fragments: string[] = []
  let start = 0
  let isNumbered = false
  for (let at = 0; at < sql.length; at++) {
    const character = sql[at]
    if (character === '"' || character === "'" || character === '`') {
      const end = sql.indexOf(character, at + 1)
      if (end < 0) return null
      at = end
    } else if (character === '?') {
      fragments.push(sql.slice(start, at))
      start = at + 1
    } else if (character === '$') {
      const number = String(fragments.length + 1)
      if (!sql.startsWith(number, at + 1)) return null
      fragments.push(sql.slice(start, at))
      start = at + 1 + number.length
      if (/\d/.test(sql[start] ?? '')) return null
      isNumbered = true
      at = start - 1
    }
  }
  fragments.push(sql.slice(start))
  return fragments.length === count + 1 ? { fragments, isNumbered } : null
}
