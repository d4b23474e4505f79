import { printArrayLiteral } from './array-literal.ts'
import type { CommonValues, Statistics, TableColumn } from './statistics.ts'

/**
 * Values that take the place of most-common ones where an export left them out: the planner then knows how often the
 * first, the second, … value occurs, and a query can be bound to it, though nobody knows what it is.
 */
export function standInValues(
  statistics: Statistics,
  column: TableColumn | null,
  common: CommonValues,
): string | null {
  if (column === null) return null
  const make = maker(statistics, column.type)
  if (make === null) return null
  const values: string[] = []
  for (let index = 0; index < common.frequencies.length; index++) {
    const value = make(index)
    if (value === null) return null
    values.push(value)
  }
  return printArrayLiteral(values)
}

function maker(statistics: Statistics, type: string): ((index: number) => string | null) | null {
  const base = type.replace(/\(.*?\)/g, '').trim()
  const bare = base.replace(/^.*\./, '').replace(/"/g, '')
  const user = statistics.types.find((each) => each.name === bare)
  if (user !== undefined) {
    return user.kind === 'enum' ? (index) => user.labels[index] ?? null : maker(statistics, user.base)
  }
  switch (base) {
    case 'smallint':
    case 'integer':
    case 'bigint':
    case 'numeric':
    case 'real':
    case 'double precision':
      return (index) => String(index + 1)
    case 'boolean':
      return (index) => ['t', 'f'][index] ?? null
    case 'uuid':
      return (index) => `00000000-0000-4000-8000-${String(index + 1).padStart(12, '0')}`
    case 'date':
    case 'timestamp without time zone':
    case 'timestamp with time zone':
      return (index) => new Date(Date.UTC(2000, 0, 1 + index)).toISOString().slice(0, 10)
    case 'text':
    case 'character varying':
    case 'character':
      return (index) => String(index + 1)
    default:
      return null
  }
}
