import type { BinlogEvent } from './binlog-client.ts'

type Text = Readonly<Record<string, string | null | undefined>>
type Row = Readonly<Record<string, unknown>>

interface Column {
  readonly COLUMN_NAME: string
  readonly COLUMN_TYPE: string
}

/** A row as texts, before and after; of one that was made or deleted, the one that there is. */
export function rowOf(
  event: BinlogEvent,
  row: Row,
  columns: readonly Column[],
): { readonly before: Text; readonly after: Text | null } {
  const { columns_present_bitmap: first, columns_present_bitmap2: second } = event
  if (event.getEventName() !== 'updaterows') return { before: texts(row, columns, first), after: null }
  const { before, after } = row as unknown as { before: Row; after: Row }
  return { before: texts(before, columns, first), after: texts(after, columns, second) }
}

/** The client has null for columns that the log leaves out (`binlog_row_image = MINIMAL`): the bits tell them apart. */
function texts(row: Row, columns: readonly Column[], present: Uint8Array | undefined): Text {
  const found: Record<string, string | null | undefined> = {}
  for (const [at, { COLUMN_NAME: name, COLUMN_TYPE: type }] of columns.entries()) {
    const isPresent = ((present?.[at >> 3] ?? 0) & (1 << (at & 7))) !== 0
    found[name] = isPresent ? textOf(row[name], type) : undefined
  }
  return found
}

/** As the client of Prisma has it; undefined for what may be written in several ways. */
function textOf(value: unknown, type: string): string | null | undefined {
  if (value === null) return null
  // A boolean, or a number.
  if (/^(tinyint\(1\)|bit)/i.test(type)) return undefined
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)))
    return String(value)
  return undefined
}

/** Columns whose values differ, or are not known. */
export function changedColumns(columns: readonly string[], before: Text, after: Text): readonly string[] {
  return columns.filter((column) => before[column] === undefined || before[column] !== after[column])
}
