/**
 * PostgreSQL's text of a one-dimensional array: `{a,"b c",NULL}`. Statistics keep most-common values and histograms
 * so, whatever the type of the element.
 */
export function parseArrayLiteral(literal: string): (string | null)[] {
  const values: (string | null)[] = []
  let at = literal.startsWith('[') ? literal.indexOf('=') + 2 : 1
  while (at < literal.length && literal[at] !== '}') {
    if (literal[at] === ',') at++
    let value = ''
    if (literal[at] === '"') {
      at++
      while (at < literal.length && literal[at] !== '"') {
        if (literal[at] === '\\') at++
        value += literal[at++] ?? ''
      }
      at++
      values.push(value)
    } else {
      while (at < literal.length && literal[at] !== ',' && literal[at] !== '}') {
        if (literal[at] === '\\') at++
        value += literal[at++] ?? ''
      }
      values.push(value.toUpperCase() === 'NULL' ? null : value)
    }
  }
  return values
}

export function printArrayLiteral(values: readonly (string | null)[]): string {
  const items = values.map((value) => (value === null ? 'NULL' : `"${value.replace(/["\\]/g, '\\$&')}"`))
  return `{${items.join(',')}}`
}
