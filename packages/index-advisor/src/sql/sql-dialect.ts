import type { Provider } from '../catalog/catalog.ts'
import { postgresForms } from './mysql-forms.ts'

/**
 * MySQL's and SQLite's spelling brought to PostgreSQL's, so that its parser can read the statement: back-ticked and
 * bracketed names, `?` placeholders, `#` comments, MySQL's own forms. Strings are left alone. What remains foreign fails to
 * parse.
 */
export function toPostgresSpelling(sql: string, provider: Provider): string {
  if (provider === 'postgresql') return sql
  let placeholders = 0
  const token =
    /'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*"|`((?:[^`]|``)*)`|--[^\n]*|\/\*[\s\S]*?\*\/|#[^\n]*|\[(\w+)\]|\?\d*/g
  const spelled = sql.replace(token, (found: string, ticked?: string, bracketed?: string) => {
    if (ticked !== undefined) return `"${ticked.replaceAll('``', '`').replaceAll('"', '""')}"`
    if (bracketed !== undefined) return provider === 'sqlite' ? `"${bracketed}"` : found
    if (found.startsWith('?')) return `$${found.length > 1 ? found.slice(1) : ++placeholders}`
    if (found.startsWith('#')) return provider === 'mysql' ? ' ' : found
    if (found.startsWith("'")) return `'${unescape(found.slice(1, -1), provider).replaceAll("'", "''")}'`
    if (found.startsWith('"') && provider === 'mysql')
      return `'${found.slice(1, -1).replaceAll('""', '"').replaceAll("'", "''")}'`
    return found
  })
  return provider === 'mysql' ? postgresForms(spelled) : spelled
}

function unescape(inner: string, provider: Provider): string {
  const plain = inner.replaceAll("''", "'")
  return provider === 'mysql' ? plain.replaceAll(/\\(.)/g, '$1') : plain
}
