/**
 * How many pages a b-tree takes when PostgreSQL builds it, from statistics alone. It follows `nbtsort.c`: tuples of
 * equal keys are merged into posting lists (since 13), leaves are filled to 90 %, upper levels to 70 %, and the tuple
 * that overflows a page becomes its high key. Sizes are in bytes, pages of 8 KiB.
 */
export interface BtreeKeyColumn {
  /** SQL type as `format_type` prints it; `enum` for every enum. */
  readonly type: string
  /** Average stored width, length header included, as `pg_stats.avg_width` counts. */
  readonly width: number
  readonly nullFraction: number
  /** Distinct values, null aside. */
  readonly distinct: number
  /** Shares of the rows of the most common values. */
  readonly frequencies: readonly number[]
}

export interface BtreeShape {
  readonly rows: number
  readonly keys: readonly BtreeKeyColumn[]
  /** Columns that are stored and not searched. */
  readonly include?: readonly BtreeKeyColumn[]
  /** Distinct combinations of the keys, where more is known than of each key alone. */
  readonly distinct?: number
  /** `server_version_num`. */
  readonly serverVersion: number
  readonly fillfactor?: number
}

export interface BtreeSize {
  readonly pages: number
  readonly leafPages: number
  /** Level of the root: 0 where the root is a leaf. */
  readonly level: number
}

const PAGE = 8192
const ITEM_POINTER = 4
const TUPLE_HEADER = 8
const ROW_POINTER = 6
/** Free bytes of an empty page, less the line pointer of the high key and the one the next tuple needs. */
const USABLE = PAGE - 24 - 16 - 2 * ITEM_POINTER
const MAX_POSTING = 812

export function btreeSize(shape: BtreeShape): BtreeSize {
  const rows = Math.max(0, shape.rows)
  if (rows < 1) return { pages: 1, leafPages: 0, level: 0 }
  const columns = [...shape.keys, ...(shape.include ?? [])]
  const merges =
    shape.serverVersion >= 130000 &&
    (shape.include ?? []).length === 0 &&
    shape.keys.every((key) => isMergeable(key.type))

  const leafRoom = USABLE - reserve(shape.fillfactor ?? 90)
  const leafBytes = merges
    ? mergedBytes(shape.keys, rows, shape.distinct, leafRoom)
    : plainBytes(columns, rows, leafRoom)
  const leafPages = Math.max(1, Math.ceil(leafBytes / leafRoom))

  const pivot =
    align(TUPLE_HEADER + keyBytes(pivotColumns(shape.keys, rows, leafPages), false), 8) + ITEM_POINTER
  const fanout = Math.max(2, Math.floor((USABLE - reserve(70)) / pivot))
  let pages = leafPages
  let level = 0
  for (let width = leafPages; width > 1; level++) {
    width = Math.ceil(width / fanout)
    pages += width
  }
  return { pages: pages + 1, leafPages, level }
}

function reserve(fillfactor: number): number {
  return Math.trunc((PAGE * (100 - fillfactor)) / 100)
}

/** Every row a tuple of its own. */
function plainBytes(columns: readonly BtreeKeyColumn[], rows: number, room: number): number {
  const nulls = 1 - columns.reduce((share, column) => share * (1 - column.nullFraction), 1)
  const whole = fitted(tupleBytes(columns, false), room)
  return rows * ((1 - nulls) * whole + nulls * fitted(tupleBytes(columns, true), room))
}

/**
 * Rows of equal keys share posting lists. Groups of rows: the null group of a single column, one for each common
 * value, and the rest in groups of the average size.
 */
function mergedBytes(
  keys: readonly BtreeKeyColumn[],
  rows: number,
  known: number | undefined,
  room: number,
): number {
  const [only] = keys
  if (keys.length === 1 && only !== undefined) {
    const nulls = rows * only.nullFraction
    const whole = tupleBytes(keys, false)
    let bytes = nulls >= 1 ? groupBytes(nulls, tupleBytes(keys, true), room) : 0
    let rest = rows - nulls
    let distinct = Math.min(known ?? only.distinct, rest)
    for (const frequency of only.frequencies) {
      const group = Math.min(rest, frequency * rows)
      if (group < 1 || distinct < 2) break
      bytes += groupBytes(group, whole, room)
      rest -= group
      distinct -= 1
    }
    return (
      bytes + (rest >= 1 ? Math.max(1, distinct) * groupBytes(rest / Math.max(1, distinct), whole, room) : 0)
    )
  }
  const distinct = Math.max(1, Math.min(rows, known ?? distinctCombinations(keys, rows)))
  const nulls = 1 - keys.reduce((share, key) => share * (1 - key.nullFraction), 1)
  const size = (1 - nulls) * tupleBytes(keys, false) + nulls * tupleBytes(keys, true)
  return distinct * groupBytes(rows / distinct, size, room)
}

/**
 * Combinations seen when `rows` rows draw theirs from all there could be. Independence is assumed; a pair of columns
 * of which one decides the other has fewer.
 */
export function distinctCombinations(keys: readonly BtreeKeyColumn[], rows: number): number {
  const possible = keys.reduce((product, key) => product * (key.distinct + (key.nullFraction > 0 ? 1 : 0)), 1)
  const atLeast = Math.max(...keys.map((key) => key.distinct))
  if (possible >= rows * 1000) return rows
  return Math.min(rows, Math.max(atLeast, possible * -Math.expm1(-rows / possible)))
}

/** Bytes for one group of equal keys; a fraction of a row lies between the two whole numbers beside it. */
function groupBytes(rows: number, single: number, room: number): number {
  const below = Math.max(1, Math.floor(rows))
  const share = Math.max(0, rows - below)
  const wholeGroup = (size: number) => {
    const most = Math.max(1, Math.floor((alignDown(MAX_POSTING, 8) - single) / ROW_POINTER))
    const full = Math.floor(size / most)
    const rest = size - full * most
    return (
      full * fitted(postingBytes(single, most), room) +
      (rest > 0 ? fitted(postingBytes(single, rest), room) : 0)
    )
  }
  return share === 0 ? wholeGroup(below) : (1 - share) * wholeGroup(below) + share * wholeGroup(below + 1)
}

function postingBytes(single: number, rows: number): number {
  return rows < 2 ? single : align(single + ROW_POINTER * rows, 8)
}

/** With its line pointer, and with its share of what is left empty at the end of a page when no other fits. */
function fitted(bytes: number, room: number): number {
  const item = bytes + ITEM_POINTER
  const perPage = Math.max(1, Math.floor(room / item))
  return Math.min(room, Math.max(item, perPage > 16 ? item : room / perPage))
}

function tupleBytes(columns: readonly BtreeKeyColumn[], hasNulls: boolean): number {
  const header = hasNulls ? 16 : TUPLE_HEADER
  return align(header + keyBytes(columns, hasNulls), 8)
}

function keyBytes(columns: readonly BtreeKeyColumn[], skipNulls: boolean): number {
  let offset = 0
  for (const column of columns) {
    const present =
      skipNulls && column.nullFraction > 0 ? (columns.length === 1 ? 0 : 1 - column.nullFraction) : 1
    const { size, alignment } = storage(column)
    if (present > 0) offset = align(offset, alignment) + size * present
  }
  return Math.ceil(offset)
}

/** Keys that later columns need not tell apart are cut from the upper levels. */
function pivotColumns(
  keys: readonly BtreeKeyColumn[],
  rows: number,
  leafPages: number,
): readonly BtreeKeyColumn[] {
  for (let kept = 1; kept < keys.length; kept++) {
    const prefix = keys.slice(0, kept)
    if (distinctCombinations(prefix, rows) > leafPages * 50) return prefix
  }
  return keys
}

/** Bytes and alignment of a value in an index tuple. */
function storage(column: BtreeKeyColumn): { size: number; alignment: number } {
  const fixed = fixedStorage(column.type)
  if (fixed !== null) return { size: fixed[0], alignment: fixed[1] }
  // Values under 127 bytes have a header of one byte and no alignment.
  return { size: Math.max(1, column.width), alignment: column.width < 127 ? 1 : 4 }
}

function fixedStorage(type: string): readonly [size: number, alignment: number] | null {
  const base = type.replace(/\(.*?\)/g, '').trim()
  if (base.endsWith('[]')) return null
  switch (base) {
    case 'boolean':
    case '"char"':
      return [1, 1]
    case 'smallint':
      return [2, 2]
    case 'integer':
    case 'date':
    case 'real':
    case 'oid':
    case 'enum':
      return [4, 4]
    case 'bigint':
    case 'double precision':
    case 'money':
    case 'timestamp without time zone':
    case 'timestamp with time zone':
    case 'time without time zone':
    case 'pg_lsn':
      return [8, 8]
    case 'time with time zone':
      return [12, 8]
    case 'interval':
      return [16, 8]
    case 'uuid':
      return [16, 1]
    case 'macaddr':
      return [6, 4]
    default:
      return null
  }
}

/** Types whose equal values may differ in bytes are not merged. */
function isMergeable(type: string): boolean {
  const base = type.replace(/\(.*?\)/g, '').trim()
  return (
    !base.endsWith('[]') &&
    !base.endsWith('range') &&
    !['numeric', 'real', 'double precision', 'jsonb', 'interval', 'citext', 'record'].includes(base)
  )
}

function align(bytes: number, to: number): number {
  return Math.ceil(bytes / to) * to
}

function alignDown(bytes: number, to: number): number {
  return Math.floor(bytes / to) * to
}
