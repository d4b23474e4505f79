/** A text that is the same for all texts which a column may hold equal; null where that is not certain. */
export type TextFold = (text: string) => string | null

/** A deterministic collation: equal bytes. */
export const byteForByte: TextFold = (text) => text

/** Trailing blanks do not count: `char(n)`, and MySQL's collations that pad. */
export const sameBlanks: TextFold = (text) => text.replace(/ +$/, '')

/** Case of ASCII letters and trailing blanks do not count, nothing else is equal: SQLite's collations. */
export const asciiCase: TextFold = (text) =>
  sameBlanks(text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()))

/** The same, and what other characters are equal to is not certain: MySQL's `*_ci`. */
export const onlyAscii: TextFold = (text) => (/^[ -~]*$/.test(text) ? asciiCase(text) : null)

/**
 * Case does not count, in whatever language (`citext`). Every pair of a letter and its lower case, in any locale, has one
 * fold: decomposed, without marks (Turkish has four kinds of i), up, down and up again (`ẞ`, `ß`, `SS`).
 */
export const anyCase: TextFold = (text) =>
  text.normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase().toLowerCase().toUpperCase()

/** A UUID in one of the spellings PostgreSQL takes; anything else may be refused. */
export const uuid: TextFold = (text) =>
  /^(\{[0-9a-f-]+\}|[0-9a-f-]+)$/i.test(text) &&
  /^[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}$/i.test(text.replace(/[{}]/g, ''))
    ? text.replace(/[^0-9a-f]/gi, '').toLowerCase()
    : null
