/** Whose lexical rules a statement follows. */
export type SqlDialect = 'postgresql' | 'mysql' | 'sqlite' | 'sqlserver'

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
  readonly knows?: (name: string) => boolean
  /** Characters of redacted SQL that are kept; default 16,384. The fingerprint always covers the whole. */
  readonly maxLength?: number
}

/**
 * Takes every value out of a statement, and names its shape.
 *
 * One pass over the characters: each is looked at a bounded number of times, so hostile text costs no more than
 * its length. What is not understood is redacted, never shown: an unterminated literal or comment reaches to the
 * end. In PostgreSQL literals become `$n` beyond the statement's own parameters, as `pg_stat_statements` writes
 * them, so that the result can be parsed again; elsewhere they become `?`.
 *
 * @example
 * redactSql(`SELECT * FROM t WHERE a = 'x' AND b IN (1, 2)`, 'postgresql').sql
 * // SELECT * FROM t WHERE a = $1 AND b IN ($2, $3)
 */
export function redactSql(sql: string, dialect: SqlDialect, options: RedactOptions = {}): RedactedSql {
  return new SqlScanner(sql, dialect, options).run()
}

/** The lexical rules of a client's database. */
export function dialectOf({ provider }: { readonly provider: string }): SqlDialect {
  return provider === 'mysql' || provider === 'sqlite' || provider === 'sqlserver' ? provider : 'postgresql'
}

/** Items of an `IN` list that are shown, and rows of `VALUES`. */
const SHOWN_ITEMS = 3
const SHOWN_ROWS = 2
/** Parentheses deeper than this are read as plain characters. */
const MAX_DEPTH = 256

const enum Group {
  Plain,
  /** The items of an `IN (…)`: any number of them has one fingerprint. */
  List,
  /** A row of `VALUES`: its columns are named before it, so what it holds does not count. */
  Row,
  /** `varchar(20)`: the number belongs to the type. */
  TypeModifier,
}

/** What is open between a parenthesis and its end. Hashes are per level, so that equal neighbours can be dropped. */
class Level {
  a = 0
  b = 0
  group: Group = Group.Plain
  /** Hash of the group that ended last, while only `,`, `or` or `and` may have followed. */
  lastA = 0
  lastB = 0
  afterGroup = false
  /** The connective that stands between two groups, not yet hashed: a character, `o` or `a`; 0 for none. */
  connective = 0
  /** Commas directly in this level. */
  commas = 0
  empty = true
  /** Whether the groups that follow are rows of `VALUES`, and how many there were. */
  inValues = false
  rows = 0

  open(group: Group): void {
    this.a = 0x9e3779b9 | 0
    this.b = 0x85ebca6b | 0
    this.group = group
    this.lastA = this.lastB = this.connective = this.commas = this.rows = 0
    this.afterGroup = this.inValues = false
    this.empty = true
  }
}

class SqlScanner {
  private readonly end: number
  private at = 0
  private out = ''
  private copied = 0
  private readonly maxLength: number
  private full = false
  private nextParameter = 0

  private readonly levels: Level[] = [new Level()]
  private depth = 0
  /** Parentheses beyond MAX_DEPTH. */
  private overflow = 0
  /** Depth of the level whose text is left out from here on; -1 for none. */
  private muted = -1
  /** The last word where it may give the following parenthesis a meaning, else ''. */
  private word = ''

  constructor(
    private readonly sql: string,
    private readonly dialect: SqlDialect,
    private readonly options: RedactOptions,
  ) {
    this.end = sql.length
    this.maxLength = options.maxLength ?? 16_384
    this.level.open(Group.Plain)
  }

  run(): RedactedSql {
    const { sql, end } = this
    while (this.at < end) this.token(sql.charCodeAt(this.at))
    while (this.depth > 0) this.close(false)
    this.endValues(this.level)
    this.settleConnective(this.level)
    this.emitTo(end)
    const text = this.out.trim()
    return { sql: this.full ? `${text} …` : text, fingerprint: hex(this.level.a, this.level.b) }
  }

  private get level(): Level {
    return this.levels[this.depth] as Level
  }

  private token(code: number): void {
    const { sql, at } = this
    if (isSpace(code)) {
      this.at++
      return
    }
    if (
      this.level.inValues &&
      code !== OPEN &&
      code !== COMMA &&
      code !== CLOSE &&
      code !== SLASH &&
      code !== MINUS
    )
      this.endValues(this.level)
    if (isWordStart(code)) return this.readWord()
    if (isDigit(code) || (code === DOT && isDigit(sql.charCodeAt(at + 1)))) return this.readNumber()
    const following = sql.charCodeAt(at + 1)
    switch (code) {
      case QUOTE:
        return this.readString(at, this.dialect === 'mysql')
      case DOUBLE_QUOTE:
        return this.readDoubleQuoted()
      case BACKTICK:
        if (this.dialect === 'mysql' || this.dialect === 'sqlite') return this.readIdentifier(BACKTICK)
        break
      case BRACKET:
        if (this.dialect === 'sqlserver' || this.dialect === 'sqlite') return this.readIdentifier(BRACKET_END)
        break
      case MINUS:
        if (following === MINUS && this.startsLineComment()) return this.skipLine()
        break
      case HASH:
        if (this.dialect === 'mysql') return this.skipLine()
        break
      case SLASH:
        if (following === STAR) return this.skipBlockComment()
        break
      case DOLLAR:
        if (this.dialect === 'postgresql') return this.readDollar()
        return this.readParameter()
      case QUESTION:
        if (this.dialect !== 'postgresql') return this.readParameter()
        break
      case COLON:
        if (this.dialect === 'sqlite' && isWordStart(following)) return this.readParameter()
        break
      case AT:
        if (this.dialect === 'sqlite' || this.dialect === 'sqlserver') return this.readParameter()
        break
      case OPEN:
        return this.open()
      case CLOSE:
        this.close(true)
        return
      case COMMA:
        return this.comma()
    }
    this.at++
    this.hashToken(code)
  }

  private readWord(): void {
    const { sql, end } = this
    const start = this.at
    let at = start + 1
    while (at < end && isWordPart(sql.charCodeAt(at))) at++
    const length = at - start
    if (sql.charCodeAt(at) === QUOTE && length === 1 && this.readPrefixedString(start, at)) return
    if (
      this.dialect === 'postgresql' &&
      length === 1 &&
      (sql.charCodeAt(start) | 32) === 0x75 &&
      sql.charCodeAt(at) === AMPERSAND &&
      sql.charCodeAt(at + 1) === QUOTE
    ) {
      this.at = at + 1
      return this.readString(start, false)
    }
    this.at = at
    const word = length <= 11 ? sql.slice(start, at).toLowerCase() : ''
    const { level } = this
    if (level.afterGroup && (word === 'or' || word === 'and')) {
      level.afterGroup = false
      level.connective = word === 'or' ? 1 : 2
      return
    }
    if (level.empty && level.group === Group.List && subqueryWords.has(word)) level.group = Group.Plain
    this.beforeToken(level)
    for (let i = start; i < at; i++) {
      const code = sql.charCodeAt(i)
      this.mix(level, code >= 0x41 && code <= 0x5a ? code | 32 : code)
    }
    this.mix(level, SPACE)
    this.word = word
    if (word === 'values' || word === 'value') level.inValues = true
  }

  /** `E'…'`, `B'…'`, `X'…'`, `N'…'`: the letter belongs to the literal. */
  private readPrefixedString(start: number, quote: number): boolean {
    const letter = this.sql.charCodeAt(start) | 32
    const escapes = letter === 0x65 && this.dialect === 'postgresql'
    const known = letter === 0x62 || letter === 0x78 || letter === 0x6e
    if (!escapes && !known) return false
    this.at = quote
    this.readString(start, escapes || (this.dialect === 'mysql' && letter === 0x6e))
    return true
  }

  /** Reads a string whose quote stands at `this.at`; the literal began at `start`, its prefix included. */
  private readString(start: number, backslashes: boolean, quote = QUOTE): void {
    let at = this.stringEnd(this.at, quote, backslashes)
    if (this.dialect === 'postgresql') {
      // 'one' <newline> 'string'
      for (let next = this.continuation(at); next >= 0; next = this.continuation(at))
        at = this.stringEnd(next, quote, backslashes)
    }
    this.literal(start, at < 0 ? this.end : at)
  }

  /** Where a quoted text ends, behind its quote; -1 where it does not. */
  private stringEnd(quoteAt: number, quote: number, backslashes: boolean): number {
    const { sql, end } = this
    for (let at = quoteAt + 1; at < end; at++) {
      const code = sql.charCodeAt(at)
      if (code === BACKSLASH && backslashes) at++
      else if (code === quote) {
        if (sql.charCodeAt(at + 1) !== quote) return at + 1
        at++
      }
    }
    return -1
  }

  /** Where the next piece of a string literal begins, or -1: only whitespace with a newline may stand between. */
  private continuation(from: number): number {
    if (from < 0) return -1
    const { sql } = this
    let newline = false
    let at = from
    for (; isSpace(sql.charCodeAt(at)); at++) newline ||= sql.charCodeAt(at) === NEWLINE
    return newline && sql.charCodeAt(at) === QUOTE ? at : -1
  }

  private readDoubleQuoted(): void {
    if (this.dialect === 'mysql') return this.readString(this.at, true, DOUBLE_QUOTE)
    if (this.dialect === 'sqlite') {
      const end = this.stringEnd(this.at, DOUBLE_QUOTE, false)
      const name = this.sql.slice(this.at + 1, end - 1)
      if (end < 0 || this.options.knows?.(name) !== true)
        return this.literal(this.at, end < 0 ? this.end : end)
    }
    this.readIdentifier(DOUBLE_QUOTE)
  }

  private readIdentifier(quote: number): void {
    const start = this.at
    const end = this.stringEnd(start, quote, false)
    // An unterminated name may hold anything.
    if (end < 0) return this.literal(start, this.end)
    this.at = end
    const { level } = this
    this.beforeToken(level)
    for (let i = start; i < end; i++) this.mix(level, this.sql.charCodeAt(i))
    this.mix(level, SPACE)
  }

  private readNumber(): void {
    const { sql } = this
    const start = this.at
    let at = start + 1
    for (;;) {
      const code = sql.charCodeAt(at)
      if (isWordStart(code) || isDigit(code) || (code === DOT && sql.charCodeAt(at + 1) !== DOT)) at++
      else if ((code === MINUS || code === PLUS) && isExponent(sql, start, at)) at++
      else break
    }
    if (this.level.group === Group.TypeModifier && at - start <= 4) {
      this.at = at
      this.hashToken(QUESTION)
    } else this.literal(start, at)
  }

  /** `$1` is a parameter, `$tag$…$tag$` a string. */
  private readDollar(): void {
    const { sql, end } = this
    const start = this.at
    let at = start + 1
    if (isDigit(sql.charCodeAt(at))) return this.readParameter()
    while (at < end && sql.charCodeAt(at) !== DOLLAR && isWordPart(sql.charCodeAt(at))) at++
    if (sql.charCodeAt(at) !== DOLLAR) {
      this.at = start + 1
      return this.hashToken(DOLLAR)
    }
    const tag = sql.slice(start, at + 1)
    const closing = sql.indexOf(tag, at + 1)
    this.literal(start, closing < 0 ? end : closing + tag.length)
  }

  private readParameter(): void {
    const { sql, end } = this
    let at = this.at + 1
    while (at < end && (isWordStart(sql.charCodeAt(at)) || isDigit(sql.charCodeAt(at)))) at++
    this.at = at
    this.hashToken(QUESTION)
  }

  private literal(start: number, end: number): void {
    this.at = end
    this.hashToken(QUESTION)
    this.emitTo(start)
    if (!this.silent) this.append(this.placeholder())
    this.copied = Math.max(this.copied, end)
  }

  private placeholder(): string {
    if (this.dialect !== 'postgresql') return '?'
    if (this.nextParameter === 0) this.nextParameter = highestParameter(this.sql) + 1
    return `$${this.nextParameter++}`
  }

  private startsLineComment(): boolean {
    // MySQL: `5--3` is a subtraction.
    return this.dialect !== 'mysql' || this.at + 2 >= this.end || isSpace(this.sql.charCodeAt(this.at + 2))
  }

  private skipLine(): void {
    const newline = this.sql.indexOf('\n', this.at)
    this.comment(newline < 0 ? this.end : newline)
  }

  private skipBlockComment(): void {
    const { sql, end } = this
    const nests = this.dialect === 'postgresql' || this.dialect === 'sqlserver'
    let open = 1
    let at = this.at + 2
    for (; at < end && open > 0; at++) {
      const code = sql.charCodeAt(at)
      if (code === STAR && sql.charCodeAt(at + 1) === SLASH) {
        open--
        at++
      } else if (nests && code === SLASH && sql.charCodeAt(at + 1) === STAR) {
        open++
        at++
      }
    }
    this.comment(Math.min(at, end))
  }

  private comment(end: number): void {
    this.emitTo(this.at)
    this.copied = Math.max(this.copied, end)
    if (!this.silent && !this.out.endsWith(' ')) this.append(' ')
    this.at = end
  }

  private open(): void {
    const { word } = this
    const parent = this.level
    if (this.depth >= MAX_DEPTH || this.overflow > 0) {
      this.overflow++
      this.at++
      return this.hashToken(OPEN)
    }
    const group = parent.inValues
      ? Group.Row
      : word === 'in'
        ? Group.List
        : this.dialect === 'postgresql' && typeWords.has(word)
          ? Group.TypeModifier
          : Group.Plain
    parent.afterGroup = false
    parent.empty = false
    this.word = ''
    this.depth++
    this.at++
    const level = (this.levels[this.depth] ??= new Level())
    level.open(group)
  }

  /** Ends a group; `real` is false for one that is still open at the end of the text. */
  private close(real: boolean): void {
    if (real && (this.depth === 0 || this.overflow > 0)) {
      if (this.overflow > 0) this.overflow--
      this.at++
      return this.hashToken(CLOSE)
    }
    const { level } = this
    this.endValues(level)
    this.settleConnective(level)
    if (this.muted === this.depth) {
      this.muted = -1
      this.copied = real ? this.at : this.end
      if (!this.silent) this.append(` /* ${level.commas + 1 - SHOWN_ITEMS} more */`)
    }
    this.depth--
    if (real) this.at++
    this.word = ''
    const counts = level.group !== Group.List && level.group !== Group.Row
    const a = counts ? level.a : 0x1234567
    const b = counts ? level.b : level.group
    const parent = this.level
    const repeats = parent.connective !== 0 && parent.lastA === a && parent.lastB === b
    if (repeats) parent.connective = 0
    else {
      this.settleConnective(parent)
      this.mix(parent, a)
      this.mix(parent, b)
    }
    parent.afterGroup = true
    parent.lastA = a
    parent.lastB = b
    if (parent.inValues) parent.rows++
  }

  private comma(): void {
    const { level } = this
    if (this.overflow > 0) {
      this.at++
      return this.hashToken(COMMA)
    }
    level.commas++
    if (level.inValues && level.rows === SHOWN_ROWS && this.muted < 0) this.mute(this.depth)
    else if (level.group === Group.List && level.commas === SHOWN_ITEMS && this.muted < 0)
      this.mute(this.depth)
    this.at++
    if (level.afterGroup) {
      level.afterGroup = false
      level.connective = 3
      this.word = ''
      return
    }
    this.hashToken(COMMA)
  }

  private mute(depth: number): void {
    this.emitTo(this.at)
    this.muted = depth
  }

  /** What follows the rows of `VALUES` is shown again. */
  private endValues(level: Level): void {
    if (!level.inValues) return
    level.inValues = false
    if (this.muted !== this.depth) return
    this.muted = -1
    this.copied = this.at
    if (!this.silent) this.append(` /* ${level.rows - SHOWN_ROWS} more rows */ `)
  }

  private hashToken(code: number): void {
    const { level } = this
    this.beforeToken(level)
    this.mix(level, code)
    this.word = ''
  }

  /** What comes before every token that is not a connective between two groups. */
  private beforeToken(level: Level): void {
    this.settleConnective(level)
    level.afterGroup = false
    level.empty = false
  }

  private settleConnective(level: Level): void {
    if (level.connective === 0) return
    this.mix(level, level.connective)
    level.connective = 0
  }

  private mix(level: Level, code: number): void {
    level.a = Math.imul(level.a ^ code, 0x9e3779b1)
    level.b = Math.imul(level.b ^ code, 0x5f356495) + (level.a >>> 15)
  }

  private get silent(): boolean {
    return this.full || this.muted >= 0
  }

  private emitTo(position: number): void {
    if (position <= this.copied) return
    if (!this.silent) this.append(this.sql.slice(this.copied, position))
    this.copied = position
  }

  private append(text: string): void {
    this.out += text
    if (this.out.length <= this.maxLength) return
    this.out = this.out.slice(0, this.maxLength)
    this.full = true
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

const NEWLINE = 0x0a
const SPACE = 0x20
const DOUBLE_QUOTE = 0x22
const HASH = 0x23
const DOLLAR = 0x24
const AMPERSAND = 0x26
const QUOTE = 0x27
const OPEN = 0x28
const CLOSE = 0x29
const STAR = 0x2a
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const SLASH = 0x2f
const COLON = 0x3a
const QUESTION = 0x3f
const AT = 0x40
const BRACKET = 0x5b
const BACKSLASH = 0x5c
const BRACKET_END = 0x5d
const BACKTICK = 0x60

function isSpace(code: number): boolean {
  return code === SPACE || (code >= 0x09 && code <= 0x0d)
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

function isWordStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || code >= 0x80
}

function isWordPart(code: number): boolean {
  return isWordStart(code) || isDigit(code) || code === DOLLAR
}

/** Whether the sign at `at` belongs to an exponent, as in `1e-9`; never in `0x1e-9`. */
function isExponent(sql: string, start: number, at: number): boolean {
  if ((sql.charCodeAt(at - 1) | 32) !== 0x65 || !isDigit(sql.charCodeAt(at + 1))) return false
  return (sql.charCodeAt(start + 1) | 32) !== 0x78
}

/** The highest `$n`; one that stands in a literal is counted too, which only leaves a gap. */
function highestParameter(sql: string): number {
  let highest = 0
  for (const [, digits] of sql.matchAll(/\$(\d{1,5})(?!\d)/g)) highest = Math.max(highest, Number(digits))
  return highest
}

function hex(a: number, b: number): string {
  let x = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
  let y = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  x ^= x >>> 15
  y ^= y >>> 14
  return (x >>> 0).toString(16).padStart(8, '0') + (y >>> 0).toString(16).padStart(8, '0')
}
