import { parseArrayLiteral, printArrayLiteral } from '../statistics/array-literal.ts'
import { standInValues } from '../statistics/stand-in-values.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics, TableColumn, ValueStatistics } from '../statistics/statistics.ts'
import { type Binding, genericBinding } from './binding.ts'
import { compareText } from '../text-order.ts'
import type { ParameterRole } from './parameter-roles.ts'

type Frequency = 'common' | 'median' | 'rare'

export interface BindingContext {
  readonly statistics: Statistics
  /** Mean rows of a call, from the workload: what a LIMIT probably was. */
  readonly rows: number | null
  /** Parameters, from 0, that are the same value in each call, and nobody knows how often it occurs. Default: none. */
  readonly constants?: ReadonlySet<number> | undefined
}

/** The share of the rows that a range finds. */
const rangeShare: Readonly<Record<Frequency, number>> = { common: 0.5, median: 0.1, rare: 0.01 }
const usualPage = 50

/**
 * The values a query is judged with. A column's most common value, one that is neither common nor rare, and one of
 * those too rare to be listed; ranges that find half, a tenth and a hundredth of the rows. Where the values of a
 * parameter are not known the generic plan alone is left. What is the same in each call and not known may be the most common
 * value: it is taken for that, as the rules take it.
 */
export function bindingsOf(roles: readonly ParameterRole[], context: BindingContext): readonly Binding[] {
  if (roles.length === 0) return [{ kind: 'common', values: [] }]
  const paired = pairedColumns(roles)
  const bindings: Binding[] = []
  for (const kind of ['common', 'median', 'rare'] as const) {
    const values = roles.map((role, at) =>
      valueOf(role, context.constants?.has(at) === true ? 'common' : kind, context, paired),
    )
    if (values.every((value) => value !== undefined)) bindings.push({ kind, values })
  }
  const distinct = bindings.filter(
    (binding, at) => !bindings.slice(0, at).some((other) => same(other, binding)),
  )
  const isConstant = context.constants !== undefined && distinct.length > 0
  return isConstant ? distinct : [...distinct, genericBinding]
}

function same(a: Binding, b: Binding): boolean {
  return a.values.every((value, at) => value === b.values[at])
}

/** Columns bounded from both sides: their window ends where the values end. */
function pairedColumns(roles: readonly ParameterRole[]): ReadonlySet<string> {
  const of = (kind: 'from' | 'to') =>
    new Set(roles.flatMap((role) => (role.kind === kind ? [columnKey(role)] : [])))
  const to = of('to')
  return new Set([...of('from')].filter((key) => to.has(key)))
}

function columnKey(role: { schema: string | null; table: string; column: string }): string {
  return `${role.schema}.${role.table}.${role.column}`
}

/** Undefined where no value can be given. */
function valueOf(
  role: ParameterRole,
  frequency: Frequency,
  context: BindingContext,
  paired: ReadonlySet<string>,
): string | null | undefined {
  switch (role.kind) {
    case 'indifferent':
      return null
    case 'limit':
      return String(
        Math.max(1, Math.ceil(context.rows ?? 0)) > 1 ? Math.ceil(context.rows ?? usualPage) : usualPage,
      )
    case 'offset':
      return '0'
    case 'unknown':
      return undefined
  }
  const column = findTable(context.statistics, role.schema, role.table)?.columns.find(
    (each) => each.name === role.column,
  )
  const values = column?.statistics ?? column?.inheritedStatistics
  if (column === undefined || !values) return undefined
  const known = new KnownValues(context.statistics, column, values)
  switch (role.kind) {
    case 'equal':
      return known.value(frequency, role.position)
    case 'any': {
      const items = [0, 1, 2].map((position) => known.value(frequency, position))
      return items.some((item) => item === undefined) ? undefined : printArrayLiteral(items as string[])
    }
    case 'from':
      return known.quantile(1 - rangeShare[frequency])
    case 'to':
      return known.quantile(paired.has(columnKey(role)) ? 1 : rangeShare[frequency])
    case 'like': {
      // Whether the pattern began with % is not in the log; the dearer case is assumed.
      const value = known.value(frequency, 0)
      return value === undefined ? undefined : `%${value.slice(0, 8).replace(/[%_\\]/g, '')}%`
    }
    case 'contains':
      return known.element(frequency)
  }
}

class KnownValues {
  readonly #common: readonly string[]
  readonly #histogram: readonly string[]
  readonly #values: ValueStatistics

  constructor(statistics: Statistics, column: TableColumn, values: ValueStatistics) {
    const common =
      values.common?.values ??
      (values.common === null ? null : standInValues(statistics, column, values.common))
    this.#common = common === null ? [] : present(parseArrayLiteral(common))
    this.#histogram = values.histogram === null ? [] : present(parseArrayLiteral(values.histogram))
    this.#values = values
    if (this.#common.length === 0 && this.#histogram.length === 0 && !statistics.values) {
      // Nothing is known but that there are values: any that is not listed will do.
      const stand = standInValues(statistics, column, {
        values: null,
        frequencies: Array.from({ length: 16 }, () => 0),
      })
      this.#histogram = stand === null ? [] : present(parseArrayLiteral(stand))
    }
  }

  value(frequency: Frequency, position: number): string | undefined {
    const common = this.#common
    const histogram = this.#histogram
    const middle = (list: readonly string[]) => list[(Math.floor(list.length / 2) + position) % list.length]
    switch (frequency) {
      case 'common':
        return common.length > 0 ? common[position % common.length] : middle(histogram)
      case 'median':
        return common.length > 2 ? middle(common) : histogram.length > 0 ? middle(histogram) : common.at(-1)
      case 'rare':
        return histogram.length > 0
          ? middle(histogram)
          : common.at(-1 - (position % Math.max(1, common.length)))
    }
  }

  /** The value below which this share of the rows lies. */
  quantile(share: number): string | undefined {
    const bounds = this.#histogram.length > 1 ? this.#histogram : [...this.#common].sort(byValue)
    return bounds[Math.min(bounds.length - 1, Math.max(0, Math.round(share * (bounds.length - 1))))]
  }

  /** A one-element array for `@>` and `&&`. */
  element(frequency: Frequency): string | undefined {
    const listed = this.#values.elements?.values
    const elements = listed === null || listed === undefined ? [] : present(parseArrayLiteral(listed))
    const shares = this.#values.elements?.frequencies ?? []
    const ranked = elements
      .map((element, at) => ({ element, share: shares[at] ?? 0 }))
      .sort((a, b) => b.share - a.share || (a.element < b.element ? -1 : 1))
    const at =
      frequency === 'common' ? 0 : frequency === 'median' ? Math.floor(ranked.length / 2) : ranked.length - 1
    const found = ranked[at]?.element
    return found === undefined ? undefined : printArrayLiteral([found])
  }
}

function present(values: readonly (string | null)[]): string[] {
  return values.filter((value): value is string => value !== null)
}

function byValue(a: string, b: string): number {
  const difference = Number(a) - Number(b)
  return Number.isNaN(difference) ? compareText(a, b) : difference
}
