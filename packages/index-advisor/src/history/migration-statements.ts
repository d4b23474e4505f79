import { parse } from 'libpg-query'
import type { Node } from 'libpg-query'
import { splitStatements } from './postgres-statements.ts'
import { toPostgresSpelling } from '../sql/sql-dialect.ts'
import type { Provider } from '../catalog/catalog.ts'

export interface MigrationStatement {
  /** In PostgreSQL's spelling. */
  readonly sql: string
  readonly line: number
  /** Null where PostgreSQL's parser does not understand it. */
  readonly node: Node | null
}

/** A migration cut into statements, each parsed by itself where the whole is not PostgreSQL's. */
export async function readStatements(provider: Provider, script: string): Promise<MigrationStatement[]> {
  if (provider === 'postgresql') {
    try {
      return (await splitStatements(script)).map(({ sql, line, node }) => ({
        sql,
        line,
        node: node as unknown as Node,
      }))
    } catch {
      // One statement the parser does not know must not hide the others.
    }
  }
  return Promise.all(cut(script).map((each) => readOne(provider, each)))
}

async function readOne(
  provider: Provider,
  { text, line }: { text: string; line: number },
): Promise<MigrationStatement> {
  const sql = postgresForm(provider, toPostgresSpelling(text, provider))
  try {
    const [statement] = (await parse(sql)).stmts ?? []
    return { sql, line, node: statement?.stmt ?? null }
  } catch {
    return { sql, line, node: null }
  }
}

/** MySQL's own forms of what PostgreSQL says otherwise. */
function postgresForm(provider: Provider, sql: string): string {
  if (provider !== 'mysql') return sql
  return sql
    .replace(/\bdrop\s+index\s+("[^"]+")\s+on\s+"[^"]+"/i, 'DROP INDEX $1')
    .replace(/\bcreate\s+fulltext\s+index\b/i, 'CREATE INDEX')
    .replace(/\balter\s+table\s+"[^"]+"\s+drop\s+index\s+("[^"]+")\s*$/i, 'DROP INDEX $1')
    .replace(
      /\balter\s+table\s+("[^"]+")\s+add\s+(unique\s+)?index\s+("[^"]+")\s*\(/i,
      'CREATE $2INDEX $3 ON $1 (',
    )
    .replace(/\balter\s+table\s+"[^"]+"\s+rename\s+index\s+("[^"]+")\s+to\b/i, 'ALTER INDEX $1 RENAME TO')
    .replace(/\)\s*(?:(?:algorithm|lock)\s*=?\s*\w+\s*,?\s*)+$/i, ')')
}

/** Cut at the semicolons that stand outside of strings, names and comments. */
function cut(script: string): { text: string; line: number }[] {
  const statements: { text: string; line: number }[] = []
  const token =
    /'(?:[^'\\]|''|\\.)*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$|;/g
  let start = 0
  const add = (end: number) => {
    const text = script.slice(start, end)
    const code = text.replace(/^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, '')
    if (code.trim() !== '')
      statements.push({ text: code, line: script.slice(0, end - code.length).split('\n').length })
  }
  for (const match of script.matchAll(token)) {
    if (match[0] !== ';') continue
    add(match.index)
    start = match.index + 1
  }
  add(script.length)
  return statements
}
