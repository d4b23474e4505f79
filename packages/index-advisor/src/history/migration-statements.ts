import { parse } from 'libpg-query'
import type { Node } from 'libpg-query'
import { splitStatements } from './postgres-statements.ts'
import { toPostgresSpelling } from '../sql/sql-dialect.ts'
import type { Provider } from '../catalog/catalog.ts'

export interface MigrationStatement {
  /** As it is written. */
  readonly text: string
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
        text: sql,
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
  // MySQL's has a reader of its own.
  if (provider === 'mysql') return { text, sql: text, line, node: null }
  const sql = toPostgresSpelling(text, provider)
  try {
    const [statement] = (await parse(sql)).stmts ?? []
    return { text, sql, line, node: statement?.stmt ?? null }
  } catch {
    return { text, sql, line, node: null }
  }
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
