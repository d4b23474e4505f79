import type { SqlDialect } from './sql-lexer.ts'

/** A statement as it may be shown: what is not left out or replaced is copied, up to a length. */
export class RedactedText {
  private out = ''
  /** How far the statement has been copied, or passed over. */
  private copied = 0
  private full = false
  private muted = false
  private nextParameter = 0

  constructor(
    private readonly sql: string,
    private readonly dialect: SqlDialect,
    private readonly maxLength: number,
  ) {}

  /** Puts a placeholder in the place of a literal. */
  replaceLiteral(start: number, end: number): void {
    this.copyTo(start)
    if (!this.silent) this.append(this.placeholder())
    this.copied = end
  }

  private placeholder(): string {
    if (this.dialect !== 'postgresql') return '?'
    if (this.nextParameter === 0) this.nextParameter = highestParameter(this.sql) + 1
    return `$${this.nextParameter++}`
  }

  /** Leaves a comment out; what stands around it stays apart. */
  dropComment(start: number, end: number): void {
    this.copyTo(start)
    if (!this.silent && !this.out.endsWith(' ')) this.append(' ')
    this.copied = end
  }

  /** Leaves out what follows. */
  mute(position: number): void {
    this.copyTo(position)
    this.muted = true
  }

  /** Shows again what follows, behind a note on what was left out. */
  unmute(position: number, note: string): void {
    this.muted = false
    this.copied = position
    if (!this.silent) this.append(note)
  }

  /** The whole text, once the statement has been read to its end. */
  finished(): string {
    this.copyTo(this.sql.length)
    const text = this.out.trim()
    return this.full ? `${text} …` : text
  }

  private get silent(): boolean {
    return this.full || this.muted
  }

  private copyTo(position: number): void {
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

/** The highest `$n`; one that stands in a literal is counted too, which only leaves a gap. */
function highestParameter(sql: string): number {
  let highest = 0
  for (const [, digits] of sql.matchAll(/\$(\d{1,5})(?!\d)/g)) highest = Math.max(highest, Number(digits))
  return highest
}
