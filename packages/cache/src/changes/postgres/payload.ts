import type { TableChange } from '../../change-source.ts'
import { VERSION } from './trigger-sql.ts'

/** What a trigger tells: table, version, transaction, columns, rows. */
interface Payload {
  readonly t: readonly [string, string]
  /** Missing of the first. */
  readonly v?: number
  readonly x: string
  readonly c: readonly string[]
  readonly r: readonly (readonly (string | null)[])[] | null
}

/** A change as a trigger has told it; null where it was somebody else who spoke on the channel. */
export function readPayload(text: string): TableChange | null {
  let told: Partial<Payload>
  try {
    told = JSON.parse(text) as Partial<Payload>
  } catch {
    return null
  }
  if (!Array.isArray(told?.t) || !Array.isArray(told.c)) return null
  const [schema, table] = told.t
  if (typeof schema !== 'string' || typeof table !== 'string') return null
  const transaction = typeof told.x === 'string' ? told.x : undefined
  return {
    schema,
    table,
    transaction,
    columns: told.c,
    rows: Array.isArray(told.r) ? told.r : null,
    isWhole: told.v === VERSION,
  }
}
