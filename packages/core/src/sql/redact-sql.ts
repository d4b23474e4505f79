import { RedactedText } from './redacted-text.ts'
import {
  CLOSE,
  COMMA,
  DOUBLE_QUOTE,
  HASH,
  MINUS,
  OPEN,
  QUESTION,
  SEMICOLON,
  SLASH,
} from './sql-characters.ts'
import { SqlFingerprint } from './sql-fingerprint.ts'
import { Ordinals } from './ordinals.ts'
import { TokenGroup, type GroupHash } from './group-hash.ts'
import type { SqlDialect } from './sql-lexer.ts'
import { SqlTokens, Token } from './sql-tokenizer.ts'

export interface RedactedSql {
  /** The statement without literals and comments; long lists are cut and say by how much. */
  readonly sql: string
  /** 16 hexadecimal digits, the same for statements that differ only in literals, list lengths and layout. */
  readonly fingerprint: string
}

export interface RedactOptions {
  /**
   * Whether a name exists in the schema. SQLite takes an unknown `"name"` for a string, so in SQLite a quoted
   * name that is not known is redacted.
   */
  readonly knows?: ((name: string) => boolean) | undefined
  /** Characters of redacted SQL that are kept; default 16,384. The fingerprint always covers the whole. */
  readonly maxLength?: number | undefined
}

/**
 * Takes every value out of a statement, and names its shape. Ordinals (`ORDER BY 2`) are no values.
 *
 * One pass over the characters: each is looked at a bounded number of times, so hostile text costs no more than
 * its length. What is not understood is redacted, never shown: an unterminated literal or comment reaches to the
 * end, and so does a string whose end depends on a setting of the server. In PostgreSQL literals become `$n` beyond the statement's own parameters, as `pg_stat_statements` writes
 * them, so that the result can be parsed again; elsewhere they become `?`.
 *
 * @example
 * redactSql(`SELECT * FROM t WHERE a = 'x' AND b IN (1, 2)`, 'postgresql').sql
 * // SELECT * FROM t WHERE a = $1 AND b IN ($2, $3)
 */
export function redactSql(sql: string, dialect: SqlDialect, options: RedactOptions = {}): RedactedSql {
  return new Redaction(sql, dialect, options).run()
}

/**
 * Names the shape of a statement by 16 hexadecimal digits, as {@link redactSql} does: statements that differ only in
 * values, list lengths, comments and layout have one name. A double-quoted text counts as a name, also where SQLite
 * takes it for a string.
 */
export function sqlFingerprint(sql: string, dialect: SqlDialect): string {
  return redactSql(sql, dialect, { maxLength: 0 }).fingerprint
}

/** Items of an `IN` list that are shown, and rows of `VALUES`. */
const SHOWN_ITEMS = 3
const SHOWN_ROWS = 2

/** Reads a statement once, token by token: each adds to the fingerprint and to the redacted text. */
class Redaction {
  private readonly tokens: SqlTokens
  private readonly fingerprint: SqlFingerprint
  private readonly text: RedactedText
  private readonly ordinals: Ordinals
  /** The level whose text is left out from here on. */
  private muted: GroupHash | null = null
  /** Whether a semicolon was the last token; one that ends the text says nothing. */
  private isEnded = false

  constructor(
    private readonly sql: string,
    private readonly dialect: SqlDialect,
    options: RedactOptions,
  ) {
    this.tokens = new SqlTokens(sql, dialect, options)
    this.fingerprint = new SqlFingerprint(sql, dialect)
    this.ordinals = new Ordinals(sql, dialect)
    this.text = new RedactedText(sql, dialect, options.maxLength ?? 16_384)
  }

  run(): RedactedSql {
    this.readTokens()
    this.endOpenGroups()
    return { sql: this.text.finished(), fingerprint: this.fingerprint.digits() }
  }

  /** A loop in a method of its own stays compiled when a statement ends in a way that was not seen before. */
  private readTokens(): void {
    const { tokens } = this
    while (tokens.next()) this.token(tokens)
  }

  private endOpenGroups(): void {
    const { sql, fingerprint } = this
    while (fingerprint.depth > 0) this.groupEnded(fingerprint.endGroup(), sql.length)
    this.endValues(fingerprint.level, sql.length)
  }

  private token({ kind, first, start, end }: SqlTokens): void {
    const { fingerprint, text, ordinals } = this
    const { level } = fingerprint
    if (this.isEnded && kind !== Token.Comment) this.goOn()
    if (level.inValues && !isAmongRows(first)) this.endValues(level, start)
    switch (kind) {
      case Token.Word:
        return ordinals.word(fingerprint.addWord(start, end))
      case Token.Name:
        ordinals.operand()
        return fingerprint.addName(start, end)
      case Token.Symbol:
        return this.symbol(first, start)
      case Token.Comment:
        return text.dropComment(start, end)
      case Token.Number:
        if (ordinals.has(start, end)) {
          ordinals.operand()
          return fingerprint.addName(start, end)
        }
        if (level.group !== TokenGroup.TypeModifier || end - start > 4) text.replaceLiteral(start, end)
        break
      case Token.Literal:
        text.replaceLiteral(start, end)
        // Who knows the schema and who does not must find the same fingerprint.
        if (first === DOUBLE_QUOTE && this.dialect === 'sqlite') {
          ordinals.operand()
          return fingerprint.addName(start, end)
        }
        break
      case Token.Parameter:
        break
    }
    ordinals.operand()
    // Every value is one and the same.
    fingerprint.addCharacter(QUESTION)
  }

  private symbol(code: number, at: number): void {
    const { fingerprint, ordinals } = this
    if (code === SEMICOLON) this.isEnded = true
    else if (code === OPEN) {
      fingerprint.open()
      ordinals.open()
    } else if (code === COMMA) {
      this.comma(at)
      ordinals.comma()
    } else if (code === CLOSE) {
      const ended = fingerprint.close()
      if (ended !== null) this.groupEnded(ended, at)
      ordinals.close()
    } else {
      fingerprint.addCharacter(code)
      ordinals.symbol()
    }
  }

  /** Another statement follows a semicolon. */
  private goOn(): void {
    this.isEnded = false
    this.ordinals.statementEnded()
    this.fingerprint.addCharacter(SEMICOLON)
  }

  /** Long lists and many rows are left out from a comma on. */
  private comma(at: number): void {
    const { level } = this.fingerprint
    if (!this.fingerprint.addComma() || this.muted !== null) return
    const enoughRows = level.inValues && level.rows === SHOWN_ROWS
    const enoughItems = level.group === TokenGroup.List && level.commas === SHOWN_ITEMS
    if (!enoughRows && !enoughItems) return
    this.muted = level
    this.text.mute(at)
  }

  private groupEnded(level: GroupHash, at: number): void {
    this.endValues(level, at)
    if (this.muted === level) this.unmute(at, ` /* ${level.commas + 1 - SHOWN_ITEMS} more */`)
  }

  /** What follows the rows of `VALUES` is shown again. */
  private endValues(level: GroupHash, at: number): void {
    if (!level.inValues) return
    level.inValues = false
    if (this.muted === level) this.unmute(at, ` /* ${level.rows - SHOWN_ROWS} more rows */ `)
  }

  private unmute(at: number, note: string): void {
    this.muted = null
    this.text.unmute(at, note)
  }
}

/** Whether rows of `VALUES` may go on behind a token that begins so: with a parenthesis, a comma or a comment. */
function isAmongRows(code: number): boolean {
  return (
    code === OPEN || code === COMMA || code === CLOSE || code === SLASH || code === MINUS || code === HASH
  )
}
