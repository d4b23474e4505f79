import { CLOSE, COMMA, SEMICOLON, isDigit } from './sql-characters.ts'
import type { SqlDialect } from './sql-lexer.ts'
import { SqlTokens, Token } from './sql-tokenizer.ts'

const enum Place {
  /** Before any SELECT of this level: a window's ORDER BY knows no ordinals. */
  Outside,
  Select,
  /** Behind GROUP or ORDER. */
  Clause,
  /** Behind BY, or a comma of its list. */
  Item,
  /** In an item, behind an operator. */
  Open,
  /** In an item, behind an operand. */
  Operand,
}

/** Hostile text opens parentheses without end. */
const DEEPEST = 100
/** A select list is no longer than four digits count. */
const LONGEST = 4

/**
 * Tells ordinals, which name a column of the select list (`GROUP BY 1 ORDER BY 2 DESC`), from values: whole numbers
 * that are an item of such a list by themselves. Where it is not sure, it takes a number for a value.
 */
export class Ordinals {
  private place = Place.Outside
  /** Those of the enclosing parentheses. */
  private readonly outer: Place[] = []
  /** Parentheses open below the deepest whose place is kept: behind such a one a number is a value. */
  private overflow = 0

  constructor(
    private readonly sql: string,
    private readonly dialect: SqlDialect,
  ) {}

  /** @param word in lower case, '' for one that is too short or too long to be a keyword here */
  word(word: string): void {
    if (word === 'select') this.place = Place.Select
    else if (this.place === Place.Outside) return
    else if (this.place === Place.Item || this.place === Place.Open) this.place = Place.Operand
    else if (this.place === Place.Clause) this.place = word === 'by' ? Place.Item : Place.Select
    else if (word === 'group' || word === 'order') this.place = Place.Clause
    else if (this.place === Place.Operand && !modifiers.has(word)) this.place = Place.Select
  }

  operand(): void {
    if (this.place === Place.Item || this.place === Place.Open) this.place = Place.Operand
    else if (this.place !== Place.Outside) this.place = Place.Select
  }

  symbol(): void {
    if (this.place >= Place.Item) this.place = Place.Open
    else if (this.place === Place.Clause) this.place = Place.Select
  }

  comma(): void {
    if (this.place >= Place.Item) this.place = Place.Item
  }

  open(): void {
    if (this.outer.length === DEEPEST) this.overflow++
    else {
      this.symbol()
      this.outer.push(this.place === Place.Open ? Place.Operand : this.place)
    }
    this.place = Place.Outside
  }

  close(): void {
    if (this.overflow === 0) this.place = this.outer.pop() ?? Place.Outside
    else {
      this.overflow--
      this.place = Place.Outside
    }
  }

  statementEnded(): void {
    this.place = Place.Outside
    this.outer.length = 0
    this.overflow = 0
  }

  /** Whether the number is an ordinal. */
  has(start: number, end: number): boolean {
    if (this.place !== Place.Item || end - start > LONGEST) return false
    for (let at = start; at < end; at++) if (!isDigit(this.sql.charCodeAt(at))) return false
    const next = new SqlTokens(this.sql, this.dialect, {})
    next.end = end
    do if (!next.next()) return true
    while (next.kind === Token.Comment)
    if (next.kind === Token.Word) return followers.has(this.sql.slice(next.start, next.end).toLowerCase())
    return (
      next.kind === Token.Symbol && (next.first === COMMA || next.first === CLOSE || next.first === SEMICOLON)
    )
  }
}

/** Words that go on with an item. */
const modifiers = new Set(['asc', 'desc', 'nulls', 'first', 'last', 'collate'])

/** Words that end an ordinal, and make no expression of it. */
const followers = new Set([
  'asc',
  'desc',
  'except',
  'fetch',
  'for',
  'having',
  'intersect',
  'into',
  'limit',
  'lock',
  'nulls',
  'offset',
  'on',
  'option',
  'order',
  'returning',
  'union',
  'window',
  'with',
])
