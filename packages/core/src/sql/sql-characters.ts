/** The characters that mean something in SQL, and the letters that may stand before a string, in lower case. */
export const NEWLINE = 0x0a
export const RETURN = 0x0d
export const SPACE = 0x20
export const DOUBLE_QUOTE = 0x22
export const HASH = 0x23
export const DOLLAR = 0x24
export const AMPERSAND = 0x26
export const QUOTE = 0x27
export const OPEN = 0x28
export const CLOSE = 0x29
export const STAR = 0x2a
export const PLUS = 0x2b
export const COMMA = 0x2c
export const MINUS = 0x2d
export const DOT = 0x2e
export const SLASH = 0x2f
export const COLON = 0x3a
export const SEMICOLON = 0x3b
export const QUESTION = 0x3f
export const AT = 0x40
export const BRACKET = 0x5b
export const BACKSLASH = 0x5c
export const BRACKET_END = 0x5d
export const BACKTICK = 0x60
export const LETTER_B = 0x62
export const LETTER_E = 0x65
export const LETTER_N = 0x6e
export const LETTER_U = 0x75
export const LETTER_X = 0x78

export function isSpace(code: number): boolean {
  return code === SPACE || (code >= 0x09 && code <= 0x0d)
}

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

export function isWordStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || code >= 0x80
}

export function isWordPart(code: number): boolean {
  return isWordStart(code) || isDigit(code) || code === DOLLAR
}

/** A letter of ASCII in lower case; other characters are returned as they are. */
export function lowerCase(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code | 32 : code
}
