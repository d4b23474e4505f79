import type { Provider } from '../catalog/catalog.ts'
import type { MigrationStatement } from './migration-statements.ts'

export interface EmbeddedStatements {
  /** In the order in which they stand. */
  readonly statements: readonly string[]
  /** False where an index is made by a text that is put together as it runs. */
  readonly isReadWhole: boolean
  /** Row level security is turned on for tables that such a text names. Default: for none. */
  readonly securesRows?: true
}

/** `CREATE INDEX …`, `DROP INDEX …`, `ALTER TABLE … ADD UNIQUE …`: what changes which indexes there are. */
const CHANGES_INDEX =
  /^\s*(?:create\s+(?:unique\s+|fulltext\s+|spatial\s+)?index\b|drop\s+index\b|alter\s+(?:index|table)\b|create\s+table\b|drop\s+table\b|create\s+policy\b)/i
const MENTIONS_INDEX = /\b(?:create|add|drop|rename)\s+(?:unique\s+|fulltext\s+|spatial\s+)?(?:index|key)\b/i

const ROW_SECURITY = /\benable\s+row\s+level\s+security\b/i

/**
 * Statements inside a statement: the body of a DO block, the text of an EXECUTE or of MySQL's PREPARE. Null where the
 * statement holds none. The body of a function is not run by being made; it is only looked at for indexes.
 */
export function embeddedStatements(
  { text, node }: MigrationStatement,
  provider: Provider,
): EmbeddedStatements | null {
  if (provider === 'mysql') {
    if (!/^\s*(?:set|prepare|execute)\b/i.test(text)) return null
    const found = literalsOf(text).filter((each) => CHANGES_INDEX.test(each))
    const isMentioned = MENTIONS_INDEX.test(text)
    return found.length > 0 || isMentioned ? { statements: found, isReadWhole: found.length > 0 } : null
  }
  if (node !== null && 'CreateFunctionStmt' in node)
    return MENTIONS_INDEX.test(text) ? { statements: [], isReadWhole: false } : null
  if (node === null || !('DoStmt' in node)) return null
  const body = /\$(\w*)\$([\s\S]*)\$\1\$/.exec(text)?.[2] ?? literalsOf(text)[0] ?? ''
  if (
    !MENTIONS_INDEX.test(body) &&
    !/\badd\s+constraint\b|\bcreate\s+policy\b/i.test(body) &&
    !ROW_SECURITY.test(body)
  )
    return null
  const statements: string[] = []
  let isReadWhole = true
  let securesRows = false
  for (const piece of piecesOf(body)) {
    const executed = /\bexecute\b/i.test(withoutLiterals(piece))
    const own = executed ? onlyLiteral(piece) : statementIn(piece)
    if (own !== null && CHANGES_INDEX.test(own)) statements.push(own)
    else if (ROW_SECURITY.test(piece)) securesRows = true
    else if (MENTIONS_INDEX.test(piece)) isReadWhole = false
  }
  return { statements, isReadWhole, ...(securesRows ? { securesRows: true as const } : {}) }
}

/** The text of `EXECUTE '…'`; null where it is put together: `format('…')`, `'…' || name`. */
function onlyLiteral(piece: string): string | null {
  const rest = /\bexecute\b([\s\S]*)$/i.exec(piece)?.[1] ?? ''
  if (/\|\||\bformat\s*\(|\bquote_ident\b|\bconcat\b/i.test(withoutLiterals(rest))) return null
  return literalsOf(rest)[0] ?? null
}

/** What stands behind `IF … THEN`, `BEGIN`, `ELSE`: the statement itself. */
function statementIn(piece: string): string | null {
  const bare = withoutLiterals(piece)
  const at = bare.search(
    /\b(?:create\s+(?:unique\s+)?(?:index|table)|drop\s+(?:index|table)|alter\s+(?:index|table)|create\s+policy)\b/i,
  )
  return at === -1 ? null : piece.slice(at)
}

/** Cut at semicolons outside of strings, names and comments. */
function piecesOf(body: string): string[] {
  const bare = withoutLiterals(body)
  const pieces: string[] = []
  let start = 0
  for (let at = bare.indexOf(';'); at !== -1; at = bare.indexOf(';', at + 1)) {
    pieces.push(body.slice(start, at))
    start = at + 1
  }
  pieces.push(body.slice(start))
  return pieces
}

const LITERAL = /'((?:[^'\\]|''|\\.)*)'|\$(\w*)\$([\s\S]*?)\$\2\$|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?\*\//g

/** The texts of the strings in it. */
function literalsOf(sql: string): string[] {
  return [...sql.matchAll(LITERAL)].flatMap(([, quoted, , dollared]) =>
    quoted === undefined ? (dollared ?? []) : quoted.replaceAll("''", "'").replaceAll(/\\(.)/g, '$1'),
  )
}

/** Strings and comments as blanks of the same length. */
function withoutLiterals(sql: string): string {
  return sql.replace(LITERAL, (found) => ' '.repeat(found.length))
}
