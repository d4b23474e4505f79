/** The character that a database quotes names with. */
export type QuoteMark = '"' | '`'

export function quoteMarkOf(provider: string): QuoteMark {
  return provider === 'mysql' ? '`' : '"'
}

/** A name as SQL text, whatever characters it holds. */
export function quoteIdentifier(name: string, mark: QuoteMark = '"'): string {
  return `${mark}${name.replaceAll(mark, mark + mark)}${mark}`
}
