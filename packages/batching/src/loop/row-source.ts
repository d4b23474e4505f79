import { areSame, type RowList, type ValuePath } from './row-list.ts'

/** Where the values come from: the list, its row, and for each value that varies the path in that row. */
export interface RowSource {
  readonly list: RowList
  readonly paths: readonly (readonly [key: number, path: ValuePath])[]
  /** The row of the last call. */
  place: number
  /** The row of the call that is being looked at; -1 where there is none behind the last. */
  next: number
}

/** The next row of a source that has all of the values. */
export function nextPlace({ list, paths, place }: RowSource, values: readonly unknown[]): number {
  const [first] = paths
  if (first === undefined) return -1
  const [key, path] = first
  let next = list.find(path, values[key], place + 1)
  while (next >= 0 && !paths.every(([each, other]) => areSame(list.valueAt(next, other), values[each])))
    next = list.find(path, values[key], next + 1)
  return next
}

/** The paths of a list by which both calls' values stand in rows one behind the other. */
export function* follow(
  list: RowList,
  varying: readonly number[],
  from: readonly unknown[],
  to: readonly unknown[],
): Generator<RowSource> {
  const [first, ...others] = varying as readonly [number, ...number[]]
  for (const path of list.pathsOf(to[first])) {
    const start = list.find(path, from[first], 0)
    if (start < 0) continue
    const place = list.find(path, to[first], start + 1)
    if (place < 0) continue
    const paths: [number, ValuePath][] = [[first, path]]
    for (const key of others) {
      for (const other of list.pathsOf(to[key])) {
        if (!areSame(list.valueAt(place, other), to[key]) || !areSame(list.valueAt(start, other), from[key]))
          continue
        paths.push([key, other])
        break
      }
    }
    if (paths.length === varying.length) yield { list, paths, place, next: -1 }
  }
}
