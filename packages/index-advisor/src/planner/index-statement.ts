import { quoteIdentifier } from '@prisma-brisk/core'
import { qualifiedName } from '../statistics/sql-text.ts'
import type { HypotheticalIndex } from './planner.ts'

/** CREATE INDEX for PostgreSQL; `name` null where the server names it (HypoPG). */
export function createIndexStatement(index: HypotheticalIndex, name: string | null): string {
  const keys = index.keys.map((key) => {
    const what = key.column === null ? `(${key.expression ?? ''})` : quoteIdentifier(key.column)
    const operatorClass = key.operatorClass === null ? '' : ` ${key.operatorClass}`
    return `${what}${operatorClass}${key.sort === 'desc' ? ' desc' : ''}`
  })
  const table = qualifiedName(index.schema, index.table)
  const where = index.predicate === null ? '' : ` where ${index.predicate}`
  return `create index ${name === null ? '' : `${quoteIdentifier(name)} `}on ${table} using ${index.method} (${keys.join(', ')})${where}`
}
