import type { Candidate } from '../candidate/candidate.ts'
import { fieldOf } from '../candidate/candidate.ts'
import { readPredicate } from '../sql/predicate.ts'
import type { TableUpdate } from './table-writes.ts'

/** Updates that are no longer heap-only (HOT) once an index is there. */
export interface UnsettledRows {
  /** Columns of the index that updates set. */
  readonly columns: readonly string[]
  /** `Job.updateMany at src/job.ts:3:20`. */
  readonly updates: readonly string[]
  /** Rows of them while the workload ran; null where nobody has counted. */
  readonly rows: number | null
}

/** By the schema alone: updates of columns that no index holds yet. */
export function unsettledBy(
  candidate: Candidate,
  updates: readonly TableUpdate[],
): UnsettledRows | undefined {
  const settled = new Set(candidate.table.indexes.flatMap(columnsHeld))
  const held = columnsHeld(candidate)
  const lost = updates
    .filter((each) => ![...each.columns].some((column) => settled.has(column)))
    .map(({ name, columns }) => ({ name, columns: held.filter((column) => columns.has(column)) }))
    .filter(({ columns }) => columns.length > 0)
  return lost.length === 0
    ? undefined
    : {
        columns: [...new Set(lost.flatMap((each) => each.columns))],
        updates: lost.map((each) => each.name),
        rows: null,
      }
}

/** One sentence for people. */
export function unsettledSaid({ table }: Candidate, { columns, updates, rows }: UnsettledRows): string {
  const fields = columns.map((column) => fieldOf(table, column)).join(', ')
  const named = [...new Set(updates)]
  const places = named.slice(0, MOST_PLACES).join(', ')
  const more = named.length > MOST_PLACES ? ` and ${named.length - MOST_PLACES} more` : ''
  const count = rows === null ? 'Updates' : `${Math.round(rows).toLocaleString('en')} updates`
  return `${count} of ${fields} (${places}${more}) stop being heap-only (HOT) with it: each then writes to every index of ${table.model}.`
}

const MOST_PLACES = 3

function columnsHeld({
  keys,
  predicate,
}: {
  readonly keys: readonly { readonly column: string | null }[]
  readonly predicate: string | null
}): string[] {
  const named = predicate === null ? [] : (readPredicate(predicate) ?? []).map((each) => each.column)
  return [...new Set([...keys.flatMap((key) => key.column ?? []), ...named])]
}
