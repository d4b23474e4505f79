import { readPredicate } from '../sql/predicate.ts'
import { distinctValues, type TableStatistics } from '../statistics/statistics.ts'

/** Share of the rows that one bound of a range leaves, where nothing is known of its values. */
export const BOUND = 0.25
/** Of a predicate that cannot be read. */
const UNREAD = 0.5

/** Share of the rows that a partial index holds, by nulls and numbers of values; 1 for a whole index. */
export function keptShare(table: TableStatistics, predicate: string | null): number {
  if (predicate === null) return 1
  const conditions = readPredicate(predicate)
  if (conditions === null) return UNREAD
  return conditions.reduce((share, { column, operator, literals }) => {
    const statistics = table.columns.find((each) => each.name === column)?.statistics
    if (statistics == null) return share * UNREAD
    const { nullFraction } = statistics
    if (operator === 'is-null') return share * nullFraction
    if (operator === 'is-not-null') return share * (1 - nullFraction)
    if (operator === 'range') return share * (1 - nullFraction) * BOUND
    const values = operator === 'in' ? (literals?.length ?? 1) : 1
    return share * (1 - nullFraction) * Math.min(1, values / distinctValues(statistics, table.rows))
  }, 1)
}
