import type { QueryShape } from '../shape/query-shape.ts'
import type { TableUpdate } from './table-writes.ts'

/** Updates read in the source, each call once: a row for each, as nobody says how many there are. */
export function sourceUpdates(shapes: readonly QueryShape[]): TableUpdate[] {
  const updates = new Map<string, TableUpdate>()
  for (const { sets = [], evidence } of shapes) {
    const weight = evidence.weight ?? 1
    if (sets.length === 0 || evidence.kind !== 'source' || weight <= 0) continue
    const name = [evidence.operation, evidence.at].filter((part) => part !== undefined).join(' at ')
    updates.set(name, { columns: new Set(sets), rows: weight, name })
  }
  return [...updates.values()]
}
