import { isDecimal, isPlain } from '@prisma-brisk/core'
import { isKeyValue } from '../key/argument-value.ts'

export type Row = Readonly<Record<string, unknown>>

/** Where a value stands in a row: `['id']`, `['author', 'id']`. */
export type ValuePath = readonly string[]

/** Rows of one list that are looked through for a value, from where the search begins. */
const SEARCHED = 2000
/** Relations of one row that are followed to a value, and rows that are read to learn what paths there are. */
const DEPTH = 2
const SAMPLED = 3
const MOST_PATHS = 60

/**
 * Rows that a read has answered, in their order, and a loop may go through. They are their caller's: nothing is kept of what they
 * hold, and whatever becomes of them, the worst is a loop that is not seen.
 */
export class RowList {
  private paths: readonly (readonly [ValuePath, string])[] | null = null
  private within: readonly RowList[] | null = null

  constructor(
    readonly rows: readonly Row[],
    /** Whose rows they are; null where that is not known. */
    readonly model: string | null,
    /** The lists that lead to them, from the rows of the answer: `['messages']`. */
    readonly prefix: readonly string[] = [],
  ) {}

  /** The list, and the lists within its rows, each as one long list. */
  *all(): Generator<RowList> {
    yield this
    for (const list of (this.within ??= this.nested())) yield* list.all()
  }

  valueAt(place: number, path: ValuePath): unknown {
    let value: unknown = this.rows[place]
    for (const name of path) {
      if (typeof value !== 'object' || value === null) return undefined
      value = (value as Row)[name]
    }
    return value
  }

  /** The first row at or behind `from` with the value; -1 where none of the next has it. */
  find(path: ValuePath, value: unknown, from: number): number {
    const end = Math.min(this.rows.length, from + SEARCHED)
    const [only] = path
    if (path.length === 1 && only !== undefined && typeof value !== 'object') {
      for (let place = from; place < end; place++) if (this.rows[place]?.[only] === value) return place
      return -1
    }
    for (let place = from; place < end; place++) if (areSame(this.valueAt(place, path), value)) return place
    return -1
  }

  /** The paths at which values of this kind stand. */
  *pathsOf(value: unknown): Generator<ValuePath> {
    const kind = typeof value
    for (const [path, found] of (this.paths ??= pathsIn(this.rows))) if (found === kind) yield path
  }

  private nested(): readonly RowList[] {
    if (this.prefix.length >= DEPTH) return []
    const names = new Set<string>()
    for (const row of this.rows.slice(0, SAMPLED))
      for (const name in row) if (Array.isArray(row[name])) names.add(name)
    return Array.from(names, (name) => {
      const rows: Row[] = []
      for (const row of this.rows) {
        const list = row[name]
        if (Array.isArray(list)) for (const each of list) if (isPlain(each)) rows.push(each)
      }
      return new RowList(rows, null, [...this.prefix, name])
    }).filter(({ rows }) => rows.length > 1)
  }
}

function pathsIn(rows: readonly Row[]): readonly (readonly [ValuePath, string])[] {
  const found = new Map<string, readonly [ValuePath, string]>()
  const visit = (row: Row, path: ValuePath): void => {
    for (const name in row) {
      if (found.size >= MOST_PATHS) return
      const value = row[name]
      if (isKeyValue(value)) {
        const own = [...path, name]
        found.set(own.join('\0'), [own, typeof value])
      } else if (path.length < DEPTH && isPlain(value)) visit(value, [...path, name])
    }
  }
  for (const row of rows.slice(0, SAMPLED)) visit(row, [])
  return [...found.values()]
}

/** Whether two values of keys are the same, whoever made the objects. */
export function areSame(one: unknown, other: unknown): boolean {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (one instanceof Date) return other instanceof Date && one.getTime() === other.getTime()
  if (ArrayBuffer.isView(one))
    return ArrayBuffer.isView(other) && Buffer.compare(bytesOf(one), bytesOf(other)) === 0
  return isDecimal(one) && isDecimal(other) && one.toFixed() === other.toFixed()
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)
