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
  SLASH,
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

/** Where a quoted text ends, behind its quote; -1 where it does not. */
export function quotedEnd(sql: string, quoteAt: number, quote: number, backslashes: boolean): number {
  for (let at = quoteAt + 1; at < sql.length; at++) {
    const code = sql.charCodeAt(at)
    if (code === BACKSLASH && backslashes) at++
    else if (code === quote) {
      if (sql.charCodeAt(at + 1) !== quote) return at + 1
      at++
    }
  }
  return -1
}

/** Where a string in single quotes ends, with the pieces that continue it in PostgreSQL; -1 where it does not. */
export function stringEnd(sql: string, quoteAt: number, dialect: SqlDialect, backslashes: boolean): number {
  const continues = dialect === 'postgresql'
  let end = -1
  // 'one' <newline> 'string'
  for (let next = quoteAt; next >= 0; next = continues ? continuation(sql, end) : -1)
    end = quotedEnd(sql, next, QUOTE, backslashes)
  return end
}

/** Where the next piece of a string literal begins, or -1: only whitespace with a newline may stand between. */
function continuation(sql: string, from: number): number {
  if (from < 0) return -1
  let newline = false
  let at = from
  for (; isSpace(sql.charCodeAt(at)); at++) newline ||= sql.charCodeAt(at) === NEWLINE
  return newline && sql.charCodeAt(at) === QUOTE ? at : -1
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

/** Whether a backslash escapes in a string with this letter before its quote. */
export function prefixEscapes(letter: number, dialect: SqlDialect): boolean {
  if (dialect === 'postgresql') return lowerCase(letter) === LETTER_E
  return dialect === 'mysql' && lowerCase(letter) === LETTER_N
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
  return dialect !== 'mysql' || start + 2 >= sql.length || isSpace(sql.charCodeAt(start + 2))
}

export function lineEnd(sql: string, start: number): number {
  const newline = sql.indexOf('\n', start)
  return newline < 0 ? sql.length : newline
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
