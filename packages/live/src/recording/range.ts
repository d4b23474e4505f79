/** A count, or the least and the most of one that a race can change: `3`, `"1-3"`. */
export type Count = number | `${number}-${number}`

/** The least and the most. */
export interface Range {
  readonly least: number
  readonly most: number
}

export function rangeOf(count: Count): Range {
  if (typeof count === 'number') return { least: count, most: count }
  const [least = 0, most = least] = count.split('-').map(Number)
  return { least, most }
}

export function countOf({ least, most }: Range): Count {
  return least === most ? most : `${least}-${most}`
}

/** What holds both. */
export function widened(a: Range, b: Range): Range {
  return { least: Math.min(a.least, b.least), most: Math.max(a.most, b.most) }
}
