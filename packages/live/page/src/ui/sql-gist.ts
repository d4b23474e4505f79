/** Columns up to this length are shown. */
const SHORT = 40

/** The statement on one line, without quotes, and without long lists of columns, which say least of it: of each `SELECT` by itself. */
export function gist(sql: string): string {
  const tokens = sql.match(/'(?:[^']|'')*'|"[^"]*"|`[^`]*`|\s+|\w+|./gs) ?? []
  let text = ''
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at] as string
    text += token
    if (!isWord(token, 'SELECT')) continue
    const from = fromOf(tokens, at)
    if (from === null) continue
    const columns = tokens.slice(at + 1, from).join('')
    if (columns.length <= SHORT || /^\s*(?:COUNT|EXISTS|1)\b/i.test(columns)) continue
    text += ' … '
    at = from - 1
  }
  return text.replaceAll(/\s+/g, ' ').replaceAll('"public".', '').replaceAll(/["`]/g, '').trim()
}

/** Where the `FROM` of the `SELECT` at `begin` stands, outside of brackets; null where it has none. */
function fromOf(tokens: readonly string[], begin: number): number | null {
  let depth = 0
  for (let at = begin + 1; at < tokens.length; at++) {
    const token = tokens[at] as string
    if (token === '(') depth++
    else if (token === ')' && --depth < 0) return null
    else if (depth === 0 && isWord(token, 'FROM')) return at
  }
  return null
}

function isWord(token: string, word: string): boolean {
  return token.toUpperCase() === word
}
