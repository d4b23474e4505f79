import { DOT } from './sql-characters.ts'
import type { SqlDialect } from './sql-lexer.ts'
import { SqlTokens, Token } from './sql-tokenizer.ts'

/**
 * The tables that a statement writes, by their bare names, as far as its text says: not what triggers and functions do.
 * None for a read; null where it may write and does not say what (`CALL`, `DO`, DDL).
 */
export function writtenTables(sql: string, dialect: SqlDialect): ReadonlySet<string> | null {
  const plain = plainlyWritten(sql, dialect)
  if (plain !== null) return new Set([plain])
  // What stands in such a comment is carried out.
  if (dialect === 'mysql' && /\/\*M?!/.test(sql)) return null
  const words = wordsOf(sql, dialect)
  const [first] = words
  if (first === undefined || first.isQuoted) return NONE
  // MariaDB's `SET STATEMENT … FOR DELETE …` is the statement behind.
  if (first.text === 'SET' && words[1]?.text === 'STATEMENT') return null
  if (/;\s*\S/.test(sql) && words.some(({ text, isQuoted }) => !isQuoted && OPAQUE.has(text))) return null
  const tables = new Set<string>()
  for (let at = 0; at < words.length; at++) {
    const names = namesAt(words, at, dialect)
    if (names === null) return null
    for (const name of names) tables.add(name)
  }
  if (tables.size > 0) return tables
  return READS.has(first.text) || WRITES.has(first.text) ? NONE : null
}

/** The table of a statement that names it at once and holds no other verb, nor another statement; null of any other. */
function plainlyWritten(sql: string, dialect: SqlDialect): string | null {
  const head = (dialect === 'mysql' ? IN_BACKTICKS : IN_QUOTES).exec(sql)
  if (head === null) return null
  MORE.lastIndex = head[0].length
  return MORE.test(sql) ? null : (head[1] ?? folded(head[2] as string, dialect))
}

/** A name without quotes, as the database takes it. */
const folded = (name: string, dialect: SqlDialect): string =>
  dialect === 'postgresql' ? name.toLowerCase() : name

const headOf = (quoted: string): RegExp =>
  new RegExp(
    `^(?:INSERT INTO (?=\\S+ \\()|UPDATE (?=\\S+ SET )|DELETE FROM (?=\\S+(?: WHERE |$)))(?:${quoted}\\.)?(?:${quoted.replace('[', '([').replace('+', '+)')}|(\\w+))(?= |$)`,
  )
const IN_QUOTES = headOf('"[^"\\s]+"')
const IN_BACKTICKS = headOf('`[^`\\s]+`')
const MORE = /;|\b(?:INSERT|UPDATE|DELETE|REPLACE|MERGE|TRUNCATE|COPY)\b/gi

const NONE: ReadonlySet<string> = new Set()
/** Statements that change no rows. */
const READS = new Set(
  'SELECT VALUES TABLE WITH SHOW EXPLAIN DESCRIBE DESC PRAGMA SET RESET BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE LISTEN UNLISTEN NOTIFY ANALYZE VACUUM FETCH DECLARE CLOSE USE KILL LOCK UNLOCK CHECKPOINT DISCARD DEALLOCATE GRANT REVOKE COMMENT REINDEX'.split(
    ' ',
  ),
)
const WRITES = new Set(['INSERT', 'UPDATE', 'DELETE', 'REPLACE', 'MERGE', 'TRUNCATE', 'COPY'])
/** What may change any row, where it stands among several statements. */
const OPAQUE = new Set(['CALL', 'DO', 'EXEC', 'EXECUTE', 'CREATE', 'ALTER', 'DROP', 'LOAD', 'IMPORT'])
/** What may follow the one table of MySQL's DELETE. */
const AFTER_TABLE = new Set(['WHERE', 'ORDER', 'LIMIT', 'RETURNING'])
/** What TRUNCATE says of its tables; of CASCADE it cannot be said which it reaches. */
const TRUNCATING = new Set(['RESTART', 'CONTINUE', 'IDENTITY', 'RESTRICT', 'ONLY'])
/** Words before UPDATE and DELETE that make a clause of it: FOR UPDATE, DO UPDATE, ON DELETE, WHEN MATCHED THEN UPDATE. */
const CLAUSES = new Set(['FOR', 'KEY', 'DO', 'ON', 'THEN'])
const FILLERS = new Set([
  'INTO',
  'FROM',
  'ONLY',
  'TABLE',
  'IGNORE',
  'LOW_PRIORITY',
  'QUICK',
  'DELAYED',
  'HIGH_PRIORITY',
])

interface SqlWord {
  /** In upper case, where it is not quoted. */
  readonly text: string
  /** Without quotes, as the database takes it; of a name in several parts the last. */
  readonly name: string
  readonly isQuoted: boolean
}

/** The tables of the verb that stands here; none where none does; null where it does not say. */
function namesAt(words: readonly SqlWord[], at: number, dialect: SqlDialect): readonly string[] | null {
  const verb = words[at] as SqlWord
  if (verb.isQuoted || !WRITES.has(verb.text)) return []
  const before = words[at - 1]
  if (before !== undefined && !before.isQuoted && CLAUSES.has(before.text)) return []
  let next = at + 1
  // INSERT OR REPLACE INTO, UPDATE OR IGNORE
  if (words[next]?.text === 'OR' && words[next]?.isQuoted === false) next += 2
  let fillers = 0
  while (words[next]?.isQuoted === false && FILLERS.has((words[next] as SqlWord).text)) {
    next++
    fillers++
  }
  if ((verb.text === 'REPLACE' || verb.text === 'COPY') && fillers === 0 && at > 0) return []
  const table = words[next]
  if (table === undefined) return at === 0 ? null : []
  if (verb.text === 'TRUNCATE')
    return words
      .slice(next)
      .filter(({ text, isQuoted }) => isQuoted || !TRUNCATING.has(text))
      .map(({ name }) => name)
  if (verb.text === 'UPDATE') return updatedNames(words, next, dialect)
  // MySQL's DELETE a, b FROM …
  if (verb.text === 'DELETE' && fillers === 0) return null
  // … and DELETE FROM a, b USING …
  const after = words[next + 1]
  if (verb.text === 'DELETE' && dialect === 'mysql' && after !== undefined && !AFTER_TABLE.has(after.text))
    return null
  return [table.name]
}

/** UPDATE a JOIN b … SET writes either. */
function updatedNames(
  words: readonly SqlWord[],
  from: number,
  dialect: SqlDialect,
): readonly string[] | null {
  const set = words.findIndex(({ text, isQuoted }, index) => index > from && text === 'SET' && !isQuoted)
  if (set < 0) return null
  const [table, ...rest] = words.slice(from, set)
  // UPDATE a AS b SET, UPDATE a b SET
  const isOne =
    rest.length === 0 ||
    (rest.length === 2 && isAs(rest[0])) ||
    // Of MySQL it may be another table.
    (rest.length === 1 && dialect !== 'mysql')
  return (isOne ? [table as SqlWord] : [table as SqlWord, ...rest]).map(({ name }) => name)
}

const isAs = (word: SqlWord | undefined): boolean => word?.text === 'AS' && !word.isQuoted

function wordsOf(sql: string, dialect: SqlDialect): readonly SqlWord[] {
  const tokens = new SqlTokens(sql, dialect, { knows: () => true })
  const words: SqlWord[] = []
  let isPart = false
  // Names, by a setting of MySQL and by the kindness of SQLite.
  const takesTexts = dialect === 'mysql' || dialect === 'sqlite'
  while (tokens.next()) {
    const { kind, start, end } = tokens
    if (kind === Token.Symbol && tokens.first === DOT) isPart = true
    else if (kind === Token.Word || kind === Token.Name || (kind === Token.Literal && takesTexts)) {
      const isQuoted = kind !== Token.Word
      const text = sql.slice(start, end)
      const name = isQuoted
        ? text.slice(1, -1).replace(/""|``|\]\]/g, (pair) => pair.charAt(0))
        : folded(text, dialect)
      const word = { text: isQuoted ? name : text.toUpperCase(), name, isQuoted: isQuoted || isPart }
      if (isPart) words.pop()
      words.push(word)
      isPart = false
    } else if (kind !== Token.Comment) isPart = false
  }
  return words
}
