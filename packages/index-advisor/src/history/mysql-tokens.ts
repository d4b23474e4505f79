export interface MysqlToken {
  /** `name`: in backticks; `mark`: one character that is none of the others. */
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'mark'
  /** A word in lower case, a name without its ticks, a string without its quotes. */
  readonly text: string
  /** Where it stands in the statement. */
  readonly from: number
  readonly to: number
}

const TOKEN =
  /`((?:[^`]|``)*)`|'((?:[^'\\]|''|\\.)*)'|"((?:[^"\\]|""|\\.)*)"|--[^\n]*|#[^\n]*|\/\*!\d*|\*\/|\/\*[\s\S]*?\*\/|(\d+(?:\.\d+)?)|([A-Za-z_$][\w$]*)|(\S)/g

/** The tokens of a statement of MySQL or MariaDB, comments left out; what stands in `/*!50100 … *\/` is run, so it stays. */
export function mysqlTokens(sql: string): MysqlToken[] {
  const tokens: MysqlToken[] = []
  for (const match of sql.matchAll(TOKEN)) {
    const [found, name, single, double, number, word, mark] = match
    const at = { from: match.index, to: match.index + found.length }
    if (name !== undefined) tokens.push({ kind: 'name', text: name.replaceAll('``', '`'), ...at })
    else if (single !== undefined || double !== undefined)
      tokens.push({ kind: 'string', text: single ?? double ?? '', ...at })
    else if (number !== undefined) tokens.push({ kind: 'number', text: number, ...at })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word.toLowerCase(), ...at })
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark, ...at })
  }
  return tokens
}

/** Reads tokens one after the other. */
export class TokenReader {
  private at = 0

  constructor(
    private readonly sql: string,
    private readonly tokens: readonly MysqlToken[],
  ) {}

  get isAtEnd(): boolean {
    return this.at >= this.tokens.length
  }

  /** Whether the next tokens are these words or marks; they are passed then. */
  take(...texts: readonly string[]): boolean {
    const isNext = texts.every((text, offset) => {
      const token = this.tokens[this.at + offset]
      return token !== undefined && (token.kind === 'word' || token.kind === 'mark') && token.text === text
    })
    if (isNext) this.at += texts.length
    return isNext
  }

  /** The next token that is one of the words; null where it is not. */
  takeOneOf(...words: readonly string[]): string | null {
    return words.find((word) => this.take(word)) ?? null
  }

  /** A name, with or without ticks, as it is written; null where none comes. */
  name(): string | null {
    const token = this.tokens[this.at]
    if (token === undefined || (token.kind !== 'name' && token.kind !== 'word')) return null
    this.at++
    return token.kind === 'name' ? token.text : this.sql.slice(token.from, token.to)
  }

  /** The last part of `db`.`table`. */
  table(): string | null {
    let name = this.name()
    while (name !== null && this.take('.')) name = this.name()
    return name
  }

  /** The rest up to the next mark that stands outside of brackets, and passes it; the bracket's own end stays. */
  upTo(...marks: readonly string[]): TokenReader {
    const start = this.at
    let depth = 0
    for (; this.at < this.tokens.length; this.at++) {
      const { kind, text } = this.tokens[this.at] as MysqlToken
      if (kind === 'mark' && depth === 0 && marks.includes(text)) break
      if (kind === 'mark' && text === '(') depth++
      if (kind === 'mark' && text === ')') depth--
    }
    const part = this.tokens.slice(start, this.at)
    this.at++
    return new TokenReader(this.sql, part)
  }

  /** The parts between the commas of a bracket that comes next; null where none comes. */
  list(): TokenReader[] | null {
    if (!this.take('(')) return null
    const inside = this.upTo(')')
    const parts: TokenReader[] = []
    while (!inside.isAtEnd) parts.push(inside.upTo(','))
    return parts
  }

  /** What is left, as it is written. */
  text(): string {
    const [first, last] = [this.tokens[this.at], this.tokens.at(-1)]
    return first === undefined || last === undefined ? '' : this.sql.slice(first.from, last.to)
  }

  /** Whether the words stand somewhere in what is left. */
  holds(...words: readonly string[]): boolean {
    const rest = this.tokens.slice(this.at)
    return rest.some((_, at) =>
      words.every((word, offset) => rest[at + offset]?.kind === 'word' && rest[at + offset]?.text === word),
    )
  }
}
