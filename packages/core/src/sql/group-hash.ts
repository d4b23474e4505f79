import { SPACE, lowerCase } from './sql-characters.ts'

export const enum TokenGroup {
  Plain,
  /** The items of an `IN (…)`: any number of them has one fingerprint. */
  List,
  /** A row of `VALUES`: its columns are named before it, so what it holds does not count. */
  Row,
  /** `varchar(20)`: the number belongs to the type. */
  TypeModifier,
}

/** What may stand between two groups. */
export const enum Connective {
  None,
  Or,
  And,
  Comma,
}

/** What is open between a parenthesis and its end. Hashes are per level, so that equal neighbours can be dropped. */
export class GroupHash {
  group: TokenGroup = TokenGroup.Plain
  /** Commas directly in this level. */
  commas = 0
  empty = true
  /** Whether the groups that follow are rows of `VALUES`, and how many there were. */
  inValues = false
  rows = 0
  /** Whether a group was the last that stood here. */
  afterGroup = false
  private a = 0
  private b = 0
  /** Hash of the group that ended last; it counts while only a connective has followed. */
  private lastA = 0
  private lastB = 0
  /** The connective that stands between two groups, not yet hashed. */
  private connective: Connective = Connective.None

  open(group: TokenGroup): void {
    this.a = 0x9e3779b9 | 0
    this.b = 0x85ebca6b | 0
    this.group = group
    this.connective = Connective.None
    this.lastA = this.lastB = this.commas = this.rows = 0
    this.afterGroup = this.inValues = false
    this.empty = true
  }

  addCharacter(code: number): void {
    this.beforeToken()
    this.mix(code)
  }

  /** Adds a word, in which capital letters do not count. */
  addWord(sql: string, start: number, end: number): void {
    this.beforeToken()
    for (let at = start; at < end; at++) this.mix(lowerCase(sql.charCodeAt(at)))
    this.mix(SPACE)
  }

  /** Adds a name in quotes, in which every character counts. */
  addName(sql: string, start: number, end: number): void {
    this.beforeToken()
    for (let at = start; at < end; at++) this.mix(sql.charCodeAt(at))
    this.mix(SPACE)
  }

  /** Adds a connective that follows a group; whether it counts depends on the group behind it. */
  addConnective(connective: Connective): void {
    this.afterGroup = false
    this.connective = connective
  }

  /** Adds a group that ended; one that repeats the group before it is dropped, together with the connective. */
  addGroup(ended: GroupHash): void {
    const counts = ended.group !== TokenGroup.List && ended.group !== TokenGroup.Row
    const a = counts ? ended.a : 0x1234567
    const b = counts ? ended.b : ended.group
    const repeats = this.connective !== Connective.None && this.lastA === a && this.lastB === b
    if (repeats) this.connective = Connective.None
    else {
      this.settleConnective()
      this.mix(a)
      this.mix(b)
    }
    this.afterGroup = true
    this.lastA = a
    this.lastB = b
    if (this.inValues) this.rows++
  }

  /** What comes before every token that is not a connective between two groups. */
  private beforeToken(): void {
    this.settleConnective()
    this.afterGroup = false
    this.empty = false
  }

  settleConnective(): void {
    if (this.connective === Connective.None) return
    this.mix(this.connective)
    this.connective = Connective.None
  }

  private mix(code: number): void {
    this.a = Math.imul(this.a ^ code, 0x9e3779b1)
    this.b = (Math.imul(this.b ^ code, 0x5f356495) + (this.a >>> 15)) | 0
  }

  /** 16 hexadecimal digits. */
  digits(): string {
    const { a, b } = this
    let x = Math.imul(a ^ (a >>> 16), 0x85ebca6b) ^ Math.imul(b ^ (b >>> 13), 0xc2b2ae35)
    let y = Math.imul(b ^ (b >>> 16), 0x85ebca6b) ^ Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
    x ^= x >>> 15
    y ^= y >>> 14
    return (x >>> 0).toString(16).padStart(8, '0') + (y >>> 0).toString(16).padStart(8, '0')
  }
}
