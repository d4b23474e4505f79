import {
  AT,
  BACKTICK,
  BRACKET,
  BRACKET_END,
  COLON,
  DOLLAR,
  DOT,
  DOUBLE_QUOTE,
  HASH,
  MINUS,
  QUESTION,
  QUOTE,
  SLASH,
  STAR,
  isDigit,
  isSpace,
  isWordStart,
} from './sql-characters.ts'
import {
  Backslash,
  backslashBehind,
  backslashIn,
  blockCommentEnd,
  dollarTagEnd,
  lineEnd,
  numberEnd,
  parameterEnd,
  prefixedQuote,
  quotedEnd,
  startsLineComment,
  stringEnd,
  wordEnd,
  type SqlDialect,
} from './sql-lexer.ts'

export const enum Token {
  /** A keyword, or a name without quotes. */
  Word,
  /** A name in quotes. */
  Name,
  /** A string with its prefix, or what may hold one: a text in quotes that does not end, an unknown name. */
  Literal,
  Number,
  /** `$1`, `?`, `:name` or `@name`. */
  Parameter,
  Comment,
  /** Any other character. */
  Symbol,
}

/** The tokens of a statement, one after another; whitespace is passed over. */
export class SqlTokens {
  kind: Token = Token.Symbol
  /** The character it begins with. */
  first = 0
  start = 0
  end = 0
  /** Whether the last literal has no end. */
  isTorn = false

  constructor(
    private readonly sql: string,
    private readonly dialect: SqlDialect,
    private readonly schema: { readonly knows?: (name: string) => boolean },
  ) {}

  /** Goes to the next token; false at the end of the statement. */
  next(): boolean {
    const { sql } = this
    for (let at = this.end; at < sql.length; at++) {
      const code = sql.charCodeAt(at)
      if (isSpace(code)) continue
      this.start = at
      this.first = code
      if (isWordStart(code)) this.readWord()
      else if (isDigit(code) || (code === DOT && isDigit(sql.charCodeAt(at + 1))))
        this.read(Token.Number, numberEnd(sql, at))
      else this.readOther()
      return true
    }
    return false
  }

  /** Whatever begins with neither a letter nor a digit. */
  private readOther(): void {
    const { sql, dialect, start } = this
    switch (this.first) {
      case QUOTE:
        return this.readLiteral(stringEnd(sql, start, dialect, backslashIn(dialect)))
      case DOUBLE_QUOTE:
        return this.readDoubleQuoted()
      case BACKTICK:
        if (dialect === 'mysql' || dialect === 'sqlite') return this.readName(BACKTICK)
        break
      case BRACKET:
        if (dialect === 'sqlserver' || dialect === 'sqlite') return this.readName(BRACKET_END)
        break
      case MINUS:
        if (startsLineComment(sql, start, dialect))
          return this.read(Token.Comment, lineEnd(sql, start, dialect))
        break
      case HASH:
        if (dialect === 'mysql') return this.read(Token.Comment, lineEnd(sql, start, dialect))
        break
      case SLASH:
        if (sql.charCodeAt(start + 1) === STAR) return this.readBlockComment()
        break
      case DOLLAR:
        if (dialect === 'postgresql') return this.readDollar()
        return this.read(Token.Parameter, parameterEnd(sql, start))
      case QUESTION:
        if (dialect !== 'postgresql') return this.read(Token.Parameter, parameterEnd(sql, start))
        break
      case COLON:
        if (dialect === 'sqlite' && isWordStart(sql.charCodeAt(start + 1)))
          return this.read(Token.Parameter, parameterEnd(sql, start))
        break
      case AT:
        if (dialect === 'sqlite' || dialect === 'sqlserver')
          return this.read(Token.Parameter, parameterEnd(sql, start))
        break
    }
    this.read(Token.Symbol, start + 1)
  }

  private read(kind: Token, end: number): void {
    this.kind = kind
    this.end = end
  }

  /** A literal that does not end, -1, reaches to the end of the statement. */
  private readLiteral(end: number): void {
    if (end < 0) this.isTorn = true
    this.read(Token.Literal, end < 0 ? this.sql.length : end)
  }

  private readBlockComment(): void {
    const { sql, dialect, start } = this
    const end = blockCommentEnd(sql, start, dialect)
    if (dialect === 'mysql' && hidesItsEnd(sql.slice(start, end))) this.readLiteral(-1)
    else this.read(Token.Comment, end)
  }

  private readWord(): void {
    const { sql, dialect, start } = this
    const end = wordEnd(sql, start)
    // The letter before a quote belongs to the literal.
    const quote = end === start + 1 ? prefixedQuote(sql, start, dialect) : -1
    if (quote < 0) return this.read(Token.Word, end)
    this.readLiteral(stringEnd(sql, quote, dialect, backslashBehind(sql.charCodeAt(start), dialect)))
  }

  private readDoubleQuoted(): void {
    const { sql, dialect, start } = this
    if (dialect === 'mysql') return this.readLiteral(quotedEnd(sql, start, DOUBLE_QUOTE, Backslash.Unknown))
    if (dialect === 'sqlite') {
      const end = quotedEnd(sql, start, DOUBLE_QUOTE, Backslash.Plain)
      if (end < 0 || this.schema.knows?.(sql.slice(start + 1, end - 1)) !== true) return this.readLiteral(end)
    }
    this.readName(DOUBLE_QUOTE)
  }

  private readName(quote: number): void {
    const end = quotedEnd(this.sql, this.start, quote, Backslash.Plain)
    // An unterminated name may hold anything.
    if (end < 0) return this.readLiteral(end)
    this.read(Token.Name, end)
  }

  /** `$1` is a parameter, `$tag$…$tag$` a string. */
  private readDollar(): void {
    const { sql, start } = this
    if (isDigit(sql.charCodeAt(start + 1))) return this.read(Token.Parameter, parameterEnd(sql, start))
    const tagEnd = dollarTagEnd(sql, start)
    if (tagEnd < 0) return this.read(Token.Symbol, start + 1)
    const tag = sql.slice(start, tagEnd)
    const closing = sql.indexOf(tag, tagEnd)
    this.readLiteral(closing < 0 ? -1 : closing + tag.length)
  }
}

/**
 * MySQL and MariaDB run what stands in `/*! … *\/` and `/*M! … *\/`, unless their version is another: whether a string or
 * a comment in there holds the end of it, or a second comment, is then unknown.
 */
function hidesItsEnd(comment: string): boolean {
  const opening = /^\/\*M?!/.exec(comment)?.[0]
  if (opening === undefined) return false
  const inner = comment.slice(opening.length, -2)
  if (inner.includes('/*')) return true
  const tokens = new SqlTokens(inner, 'mysql', {})
  let last = Token.Symbol
  while (tokens.next()) last = tokens.kind
  return tokens.isTorn || last === Token.Comment
}
