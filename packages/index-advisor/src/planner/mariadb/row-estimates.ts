import { distinctValues, type TableStatistics, type ValueStatistics } from '../../statistics/statistics.ts'
import type { Comparison, ExplainedTable } from './explained-plan.ts'
import type { MariadbCopy } from './empty-copy.ts'

/** Of the rows, those that a range finds where nothing is known of its column. */
export const RANGE_SHARE = 0.1
/** Those that begin with what a LIKE gives. */
const PREFIX_SHARE = 0.01

/** How many rows conditions keep, by the statistics: what the server would look for in an index, which is empty in the copy. */
export class RowEstimates {
  readonly #copy: MariadbCopy

  constructor(copy: MariadbCopy) {
    this.#copy = copy
  }

  /** Null where the server need not look: equalities and lists, which the statistics tell, and a way from group to group. */
  rangeRows(table: TableStatistics, explained: ExplainedTable): number | null {
    const { key = '', access, usedKeys, comparisons, isGroupScan } = explained
    if (access !== 'range' || isGroupScan) return null
    const single: string[] = []
    let [lists, share] = [1, 1]
    let isLooked = false
    for (const column of this.#copy.keysOf(table.name, key).slice(0, usedKeys.length)) {
      const own = comparisons.filter((each) => each.column === column)
      const bounds = own.filter((each) => !isEqual(each))
      if (bounds.length > 0) isLooked = true
      if (bounds.length > 0 && !isOneValue(bounds)) {
        share = this.columnShare(table, column, comparisons)
        break
      }
      single.push(column)
      lists *= Math.max(1, ...own.filter((each) => each.operator === 'in').map((each) => each.values.length))
    }
    if (!isLooked) return null
    const found =
      single.length === 0 ? table.rows : Math.min(table.rows, this.#copy.rowsPerKey(table, single) * lists)
    return Math.max(1, found * share)
  }

  /** Rows that the equalities at the beginning of its key find by themselves; null where it begins with none. */
  equalRows(
    table: TableStatistics,
    explained: ExplainedTable,
  ): { rows: number; columns: readonly string[] } | null {
    const { key = '', usedKeys, comparisons } = explained
    const columns: string[] = []
    for (const column of this.#copy.keysOf(table.name, key).slice(0, usedKeys.length)) {
      if (
        !comparisons.some(
          (each) => each.column === column && (each.operator === '=' || each.operator === 'null'),
        )
      )
        break
      columns.push(column)
    }
    return columns.length === 0 ? null : { rows: this.#copy.rowsPerKey(table, columns), columns }
  }

  /** Entries before the first that the next column's bound keeps: the server takes the equalities alone, and reads them all. */
  skipped(
    table: TableStatistics,
    { access, key = '', usedKeys, rows, comparisons }: ExplainedTable,
    order: 'asc' | 'desc',
  ): number {
    const next = this.#copy.keysOf(table.name, key)[usedKeys.length]
    if (access !== 'ref' || next === undefined) return 0
    const side = order === 'asc' ? '>' : '<'
    const bounds = comparisons.filter(
      (each) => each.column === next && each.operator.startsWith(side) && each.operator !== '<>',
    )
    return bounds.length === 0 ? 0 : rows * (1 - this.columnShare(table, next, bounds))
  }

  /** Of the rows that its key finds, those that its other conditions keep. */
  restShare(table: TableStatistics, explained: ExplainedTable): number {
    const { access, key, usedKeys, comparisons, filtered, joined } = explained
    const used =
      access === 'ALL' || access === 'index' || key === undefined
        ? []
        : this.#copy.keysOf(table.name, key).slice(0, usedKeys.length)
    const columns = new Set(comparisons.map((each) => each.column).filter((each) => !used.includes(each)))
    let share = 1
    for (const column of columns) share *= this.columnShare(table, column, comparisons)
    share = Math.min(filtered, share)
    // Of a join by a buffer the server does not say how many of the pairs it keeps.
    for (const column of new Set(joined))
      if (!used.includes(column)) share /= table.rows / this.#copy.rowsPerKey(table, [column])
    return share
  }

  /** Of the rows, those whose column is as it is asked for, as if its values were spread evenly between its bounds. */
  columnShare(table: TableStatistics, name: string, comparisons: readonly Comparison[]): number {
    const own = comparisons.filter((each) => each.column === name)
    const column = table.columns.find((each) => each.name === name)
    const statistics = column?.statistics ?? null
    const filled = 1 - (statistics?.nullFraction ?? 0)
    const values = statistics === null ? null : distinctValues(statistics, table.rows)
    let share = 1
    const bounds: Comparison[] = []
    for (const each of own) {
      switch (each.operator) {
        case '=':
          share = Math.min(share, values === null ? 1 : filled / values)
          break
        case 'in':
          share = Math.min(share, values === null ? 1 : Math.min(1, each.values.length / values) * filled)
          break
        case '<>':
          share *= values === null ? 1 : Math.max(1 / table.rows, (1 - 1 / values) * filled)
          break
        case 'null':
          share = Math.min(share, 1 - filled)
          break
        case 'not null':
          share = Math.min(share, filled)
          break
        case 'like':
          share *= /^[%_]/.test(each.values[0] ?? '') ? RANGE_SHARE : PREFIX_SHARE
          break
        default:
          bounds.push(each)
      }
    }
    return bounds.length === 0 ? share : Math.min(share, filled * boundedShare(statistics, bounds))
  }
}

/** What the statistics tell of an index, without a look into it. */
function isEqual({ operator }: Comparison): boolean {
  return operator === '=' || operator === 'in' || operator === 'null'
}

/** Bounds between which one whole number lies: `few >= 2 and few < 3`. */
function isOneValue(bounds: readonly Comparison[]): boolean {
  let [from, to] = [-Infinity, Infinity]
  for (const { operator, values } of bounds) {
    const [value = ''] = values
    if (!/^-?\d+$/.test(value) || !/^[<>]=?$/.test(operator)) return false
    if (operator.startsWith('>')) from = Math.max(from, Number(value) + (operator === '>' ? 1 : 0))
    else to = Math.min(to, Number(value) - (operator === '<' ? 1 : 0))
  }
  return from === to
}

/** The share of the rows between the bounds that are asked for. */
function boundedShare(statistics: ValueStatistics | null, asked: readonly Comparison[]): number {
  const known = statistics?.bounds
  // Bounds that say nothing to numbers and times, as those of texts: each leaves a part.
  if (known === undefined) return RANGE_SHARE
  const quantiles = statistics?.quantiles ?? []
  const placed = quantiles.length === 0 ? measure : digits
  // Of whole numbers both ends count.
  const step = known.every((each) => /^-?\d+$/.test(each)) ? 1 : 0
  const [least, most] = known.map(placed) as [number, number]
  let [from, to] = [least, most]
  for (const each of asked) {
    const value = placed(each.values[0] ?? '')
    if (each.operator.startsWith('>')) from = Math.max(from, each.operator === '>' ? value + step : value)
    else to = Math.min(to, each.operator === '<' ? value - step : value)
  }
  if (!(most > least) || Number.isNaN(to - from)) return RANGE_SHARE
  const span = most - least + step
  const [before, after] = [(from - least) / span, (to - least + step) / span]
  if (after <= before) return 0
  return Math.min(1, Math.max(0, rowsBelow(quantiles, after) - rowsBelow(quantiles, before)))
}

/** The share of the rows below a place between the bounds; as if they were spread evenly where no histogram says more. */
function rowsBelow(quantiles: readonly number[], place: number): number {
  if (quantiles.length === 0 || place <= 0 || place >= 1) return place
  const at = quantiles.findIndex((end) => end > place)
  if (at === -1) return 1
  const [start, end] = [quantiles[at - 1] ?? 0, quantiles[at] ?? 1]
  return (at + (place - start) / Math.max(1e-9, end - start)) / quantiles.length
}

/** A number, or a time in milliseconds; NaN for text. */
export function measure(value: string): number {
  if (/^-?\d+(\.\d+)?$/.test(value)) return Number(value)
  return /^\d{4}-\d\d-\d\d/.test(value)
    ? Date.parse(`${value.replace(' ', 'T').replace(/Z?$/, '')}${value.length > 10 ? 'Z' : ''}`)
    : NaN
}

/** Where MariaDB's histograms have a time: at the number that its digits make. */
function digits(value: string): number {
  const [, time] = /^(\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d)?)/.exec(value) ?? []
  if (time === undefined) return measure(value)
  return Number(time.replace(/\D/g, '').padEnd(14, '0'))
}
