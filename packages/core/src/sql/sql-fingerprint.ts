import { CLOSE, COMMA, OPEN } from './sql-characters.ts'
import { Connective, TokenGroup, GroupHash } from './group-hash.ts'
import type { SqlDialect } from './sql-lexer.ts'

/** Parentheses deeper than this are read as plain characters. */
const MAX_DEPTH = 256
/** How long the words are that mean something here; others are not cut out. */
const SHORTEST_WORD = 2
const LONGEST_WORD = 11

/** The shape of a statement: its tokens are hashed one after another, each in the level of its parentheses. */
export class SqlFingerprint {
  /** The innermost level that is open. */
  level = new GroupHash()
  depth = 0
  private readonly levels = [this.level]
  /** Parentheses beyond MAX_DEPTH. */
  private overflow = 0
  /** The last word where it may give the following parenthesis a meaning, else ''. */
  private word = ''

  constructor(
    private readonly sql: string,
    private readonly dialect: SqlDialect,
  ) {
    this.level.open(TokenGroup.Plain)
  }

  addCharacter(code: number): void {
    this.level.addCharacter(code)
    this.word = ''
  }

  addName(start: number, end: number): void {
    this.level.addName(this.sql, start, end)
  }

  /** Returns it in lower case where it may mean something, else ''. */
  addWord(start: number, end: number): string {
    const { sql, level } = this
    const length = end - start
    const hasMeaning = length >= SHORTEST_WORD && length <= LONGEST_WORD
    const word = hasMeaning ? sql.slice(start, end).toLowerCase() : ''
    if (level.afterGroup && (word === 'or' || word === 'and')) {
      level.addConnective(word === 'or' ? Connective.Or : Connective.And)
      return word
    }
    if (level.empty && level.group === TokenGroup.List && subqueryWords.has(word))
      level.group = TokenGroup.Plain
    level.addWord(sql, start, end)
    this.word = word
    if (word === 'values' || word === 'value') level.inValues = true
    return word
  }

  /** Adds a comma; false where it stands deeper than levels are told apart. */
  addComma(): boolean {
    const { level } = this
    const counts = this.overflow === 0
    if (counts) level.commas++
    if (counts && level.afterGroup) {
      level.addConnective(Connective.Comma)
      this.word = ''
    } else this.addCharacter(COMMA)
    return counts
  }

  open(): void {
    if (this.depth >= MAX_DEPTH || this.overflow > 0) {
      this.overflow++
      return this.addCharacter(OPEN)
    }
    const { level } = this
    const group = this.nextGroup()
    level.afterGroup = false
    level.empty = false
    this.word = ''
    this.depth++
    this.level = this.levels[this.depth] ??= new GroupHash()
    this.level.open(group)
  }

  /** What the parenthesis that opens here holds. */
  private nextGroup(): TokenGroup {
    const { word } = this
    if (this.level.inValues) return TokenGroup.Row
    if (word === 'in') return TokenGroup.List
    return this.dialect === 'postgresql' && typeWords.has(word) ? TokenGroup.TypeModifier : TokenGroup.Plain
  }

  /** Ends the innermost group and returns it; null where the parenthesis ends none. */
  close(): GroupHash | null {
    if (this.depth > 0 && this.overflow === 0) return this.endGroup()
    if (this.overflow > 0) this.overflow--
    this.addCharacter(CLOSE)
    return null
  }

  /** Ends the innermost group, also one that is still open at the end of the text. */
  endGroup(): GroupHash {
    const ended = this.level
    ended.settleConnective()
    this.depth--
    this.level = this.levels[this.depth] as GroupHash
    this.level.addGroup(ended)
    this.word = ''
    return ended
  }

  /** 16 hexadecimal digits, once every group has ended. */
  digits(): string {
    this.level.settleConnective()
    return this.level.digits()
  }
}

/** Words that make the parenthesis after `IN` a subquery. */
const subqueryWords = new Set(['select', 'with', 'values', 'table'])

const typeWords = new Set([
  'bit',
  'bpchar',
  'char',
  'character',
  'decimal',
  'float',
  'interval',
  'numeric',
  'time',
  'timestamp',
  'timestamptz',
  'varbit',
  'varchar',
  'varying',
])
