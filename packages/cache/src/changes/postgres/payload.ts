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

/** A change as a trigger has told it; null where it was somebody else who spoke on the channel, as any role may. */
export function readPayload(text: string): TableChange | null {
  let told: Partial<Payload>
  try {
    told = JSON.parse(text) as Partial<Payload>
  } catch {
    return null
  }
  if (!areTexts(told?.t, 2) || !Array.isArray(told.c) || !areTexts(told.c, told.c.length)) return null
  const { c: columns, r: rows = null } = told
  if (rows !== null && !(Array.isArray(rows) && rows.every((row) => isRow(row, columns.length)))) return null
  const [schema, table] = told.t as Payload['t']
  const transaction = typeof told.x === 'string' ? told.x : undefined
  return { schema, table, transaction, columns, rows, isWhole: told.v === VERSION }
}

const isRow = (row: unknown, length: number): boolean =>
  Array.isArray(row) &&
  row.length === length &&
  row.every((value) => value === null || typeof value === 'string')

const areTexts = (list: unknown, length: number): boolean =>
  Array.isArray(list) && list.length === length && list.every((each) => typeof each === 'string')
