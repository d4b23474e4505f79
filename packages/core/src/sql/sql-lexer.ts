import {
  AMPERSAND,
  BACKSLASH,
  DOLLAR,
  DOT,
  LETTER_B,
  LETTER_E,
  LETTER_N,
  LETTER_U,
  LETTER_X,
  MINUS,
  NEWLINE,
  PLUS,
  QUOTE,
  RETURN,
  SLASH,
  SPACE,
  STAR,
  isDigit,
  isSpace,
  isWordPart,
  isWordStart,
  lowerCase,
} from './sql-characters.ts'

/** Whose lexical rules a statement follows. */
export type SqlDialect = 'postgresql' | 'mysql' | 'sqlite' | 'sqlserver'

/** The lexical rules of a client's database. */
export function dialectOf({ provider }: { readonly provider: string }): SqlDialect {
  return provider === 'mysql' || provider === 'sqlite' || provider === 'sqlserver' ? provider : 'postgresql'
}

export function wordEnd(sql: string, start: number): number {
  let at = start + 1
  while (at < sql.length && isWordPart(sql.charCodeAt(at))) at++
  return at
}

export function parameterEnd(sql: string, start: number): number {
  let at = start + 1
  while (at < sql.length && (isWordStart(sql.charCodeAt(at)) || isDigit(sql.charCodeAt(at)))) at++
  return at
}

export function numberEnd(sql: string, start: number): number {
  let at = start + 1
  for (;;) {
    const code = sql.charCodeAt(at)
    if (isWordStart(code) || isDigit(code)) at++
    else if (code === DOT && sql.charCodeAt(at + 1) !== DOT) at++
    else if ((code === MINUS || code === PLUS) && isExponent(sql, start, at)) at++
    else return at
  }
}

/** Whether the sign at `at` belongs to an exponent, as in `1e-9`; never in `0x1e-9`. */
function isExponent(sql: string, start: number, at: number): boolean {
  if (lowerCase(sql.charCodeAt(at - 1)) !== LETTER_E || !isDigit(sql.charCodeAt(at + 1))) return false
  return lowerCase(sql.charCodeAt(start + 1)) !== LETTER_X
}

/** What a backslash does in a quoted text. */
export const enum Backslash {
  /** It is a character like any other. */
  Plain,
  /** It escapes the character behind it. */
  Escapes,
  /** One or the other: the server has a setting (`standard_conforming_strings`, `NO_BACKSLASH_ESCAPES`, `ANSI_QUOTES`). */
  Unknown,
}

/** Where a quoted text ends, behind its quote; -1 where it does not, or where that is unknown. */
export function quotedEnd(sql: string, quoteAt: number, quote: number, backslash: Backslash): number {
  for (let at = quoteAt + 1; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === BACKSLASH && backslash !== Backslash.Plain) {
      at++
      // An escaped quote, or the end of the text.
      if (backslash === Backslash.Unknown && sql.charCodeAt(at) === quote) return -1
    } else if (code === quote) {
      if (sql.charCodeAt(at + 1) !== quote) return at + 1
      at++
    }
  }
  return -1
}

/** Where a string in single quotes ends, with the pieces that continue it in PostgreSQL; -1 where it does not. */
export function stringEnd(sql: string, quoteAt: number, dialect: SqlDialect, backslash: Backslash): number {
  const continues = dialect === 'postgresql'
  let end = -1
  // 'one' <newline> 'string'
  for (let next = quoteAt; next >= 0; next = continues ? continuation(sql, end) : -1)
    end = quotedEnd(sql, next, QUOTE, backslash)
  return end
}

/**
 * Where the next piece of a string literal begins, or -1: only whitespace with a newline, and comments to the end of a
 * line, may stand between.
 */
function continuation(sql: string, from: number): number {
  if (from < 0) return -1
  let newline = false
  let at = from
  for (;;) {
    const code = sql.charCodeAt(at)
    if (isSpace(code)) {
      newline ||= code === NEWLINE || code === RETURN
      at++
    } else if (code === MINUS && sql.charCodeAt(at + 1) === MINUS) at = lineEnd(sql, at, 'postgresql')
    else return newline && code === QUOTE ? at : -1
  }
}

/** Where the quote of a string with a prefix stands: `E'…'`, `B'…'`, `X'…'`, `N'…'`, `U&'…'`; else -1. */
export function prefixedQuote(sql: string, start: number, dialect: SqlDialect): number {
  const letter = lowerCase(sql.charCodeAt(start))
  const following = sql.charCodeAt(start + 1)
  if (following === QUOTE) {
    const known = letter === LETTER_B || letter === LETTER_X || letter === LETTER_N
    return known || (letter === LETTER_E && dialect === 'postgresql') ? start + 1 : -1
  }
  const unicode = letter === LETTER_U && following === AMPERSAND && dialect === 'postgresql'
  return unicode && sql.charCodeAt(start + 2) === QUOTE ? start + 2 : -1
}

/** What a backslash does in a string without a prefix. */
export function backslashIn(dialect: SqlDialect): Backslash {
  return dialect === 'postgresql' || dialect === 'mysql' ? Backslash.Unknown : Backslash.Plain
}

/** What a backslash does in a string with this letter before its quote. */
export function backslashBehind(letter: number, dialect: SqlDialect): Backslash {
  switch (lowerCase(letter)) {
    case LETTER_E:
      return Backslash.Escapes
    case LETTER_N:
      return backslashIn(dialect)
    default:
      return Backslash.Plain
  }
}

/** Where `$tag$` ends, the opening tag of a string; -1 where it is none. */
export function dollarTagEnd(sql: string, start: number): number {
  let at = start + 1
  while (at < sql.length && sql.charCodeAt(at) !== DOLLAR && isWordPart(sql.charCodeAt(at))) at++
  return sql.charCodeAt(at) === DOLLAR ? at + 1 : -1
}

export function startsLineComment(sql: string, start: number, dialect: SqlDialect): boolean {
  if (sql.charCodeAt(start + 1) !== MINUS) return false
  // MySQL: `5--3` is a subtraction.
  return dialect !== 'mysql' || start + 2 >= sql.length || sql.charCodeAt(start + 2) <= SPACE
}

/** Where a comment to the end of the line ends; PostgreSQL's lines end with a carriage return too. */
export function lineEnd(sql: string, start: number, dialect: SqlDialect): number {
  let at = start
  for (; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === NEWLINE || (code === RETURN && dialect === 'postgresql')) break
  }
  return at
}

export function blockCommentEnd(sql: string, start: number, dialect: SqlDialect): number {
  const nests = dialect === 'postgresql' || dialect === 'sqlserver'
  let open = 1
  let at = start + 2
  for (; at < sql.length && open > 0; at++) {
    const code = sql.charCodeAt(at)
    if (code === STAR && sql.charCodeAt(at + 1) === SLASH) {
      open--
      at++
    } else if (nests && code === SLASH && sql.charCodeAt(at + 1) === STAR) {
      open++
      at++
    }
  }
  return Math.min(at, sql.length)
}
