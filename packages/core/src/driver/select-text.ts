/**
 * The parts of a SELECT as Prisma writes it. Prisma's SQL is machine-made and regular: quoted names, placeholders, no literals but in
 * LIKE patterns. Whatever does not fit is not guessed at.
 */
export interface SelectText {
  readonly columns: string
  /** From the first table on, joins included. */
  readonly from: string
  readonly where: string
  readonly orderBy: string
  /** LIMIT and OFFSET. */
  readonly tail: string
  /** What a commenter added behind the statement. */
  readonly comment: string
}

/** The parts of `SELECT … FROM … [WHERE …] ORDER BY … [LIMIT …] [OFFSET …]`, or null for a statement of another form. */
export function readSelect(sql: string): SelectText | null {
  if (!sql.startsWith('SELECT ') || sql.startsWith('SELECT DISTINCT ')) return null
  const end = sql.endsWith('*/') ? sql.lastIndexOf('/*') : sql.length
  const places = topLevel(sql, end)
  const from = places.get(' FROM ')
  const orderBy = places.get(' ORDER BY ')
  const where = places.get(' WHERE ') ?? orderBy
  if (from === undefined || where === undefined || orderBy === undefined) return null
  if (from > where || where > orderBy) return null
  if (places.has(' GROUP BY ') || places.has(' UNION ')) return null
  const tail = Math.min(places.get(' LIMIT ') ?? end, places.get(' OFFSET ') ?? end)
  return {
    columns: sql.slice('SELECT '.length, from),
    from: sql.slice(from + ' FROM '.length, where),
    where: where === orderBy ? '1=1' : sql.slice(where + ' WHERE '.length, orderBy),
    orderBy: sql.slice(orderBy + ' ORDER BY '.length, tail).trimEnd(),
    tail: sql.slice(tail, end).trimEnd(),
    comment: sql.slice(end),
  }
}

const KEYWORDS = [' FROM ', ' WHERE ', ' GROUP BY ', ' ORDER BY ', ' LIMIT ', ' OFFSET ', ' UNION '] as const

/** Where each keyword first stands outside parentheses and quotes. */
function topLevel(sql: string, end: number): Map<string, number> {
  const places = new Map<string, number>()
  for (const [index, depth] of outside(sql, end)) {
    if (depth !== 0 || sql[index] !== ' ') continue
    for (const keyword of KEYWORDS) {
      if (!places.has(keyword) && sql.startsWith(keyword, index)) places.set(keyword, index)
    }
  }
  return places
}

/** Every index outside quotes, with its depth in parentheses. */
function* outside(sql: string, end = sql.length): Generator<[index: number, depth: number]> {
  let depth = 0
  for (let index = 0; index < end; index++) {
    const char = sql[index]
    if (char === '"' || char === '`' || char === "'") {
      index = sql.indexOf(char, index + 1)
      if (index < 0) return
      continue
    }
    if (char === ')') depth--
    yield [index, depth]
    if (char === '(') depth++
  }
}

/** The terms of a list, split at its outermost commas. */
export function splitList(list: string): string[] {
  const terms: string[] = []
  let start = 0
  for (const [index, depth] of outside(list)) {
    if (depth !== 0 || list[index] !== ',') continue
    terms.push(list.slice(start, index).trim())
    start = index + 1
  }
  return [...terms, list.slice(start).trim()]
}

/** How many `?` placeholders a part of a statement has. */
export function countPlaceholders(part: string): number {
  let count = 0
  for (const [index] of outside(part)) if (part[index] === '?') count++
  return count
}
