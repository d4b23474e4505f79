import type { TableIndex } from '../../statistics/statistics.ts'
import type { ExplainNode } from '../explain-json.ts'

/**
 * PostgreSQL 18 can jump through a b-tree whose first keys the query does not name; older servers read all of it. A
 * plan of 18 shows it only by its shape: a key is compared, and one before it is not compared for equality.
 * Returns the position of the first such gap, null where there is none.
 */
export function skippedKey(node: ExplainNode, keys: readonly (string | null)[]): number | null {
  const condition = node['Index Cond']
  if (typeof condition !== 'string') return null
  const compared = keys.map((key) => key !== null && mentions(condition, key))
  const last = compared.lastIndexOf(true)
  for (let position = 0; position < last; position++) {
    const key = keys[position]
    if (key === null || key === undefined || !comparesForEquality(condition, key)) return position
  }
  return null
}

/** Every index scan of a plan, by the name of its index. */
export function* indexScans(node: ExplainNode): Generator<ExplainNode & { readonly 'Index Name': string }> {
  if (node['Index Name'] !== undefined) yield node as ExplainNode & { readonly 'Index Name': string }
  for (const child of node.Plans ?? []) yield* indexScans(child)
}

export function keysOf(index: TableIndex): readonly (string | null)[] {
  return index.method === 'btree' ? index.keys : []
}

function mentions(condition: string, column: string): boolean {
  return columnPattern(column, '').test(condition)
}

/** `a = …`, `a = ANY (…)`, `a IS NULL`, `(a)::text = …`. */
function comparesForEquality(condition: string, column: string): boolean {
  return (
    columnPattern(column, '\\)*(?:::[\\w ."]+)?\\)*\\s*(?:=|IS NULL|IS NOT DISTINCT)').test(condition) ||
    columnPattern(column, '\\)*(?:::[\\w ."]+)?\\)*\\s*OPERATOR\\([\\w."]*\\.=\\)').test(condition)
  )
}

function columnPattern(column: string, after: string): RegExp {
  const escaped = column.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const quoted = `"${escaped.replace(/"/g, '""')}"`
  const plain = /^[a-z_][a-z0-9_]*$/.test(column) ? `|(?<![\\w".])${escaped}(?![\\w"(.])` : ''
  return new RegExp(`(?:(?<!\\.)${quoted}(?!\\.)${plain})${after}`)
}
