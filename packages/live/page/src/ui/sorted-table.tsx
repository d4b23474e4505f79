import type { ComponentChildren } from 'preact'
import { useMemo, useState } from 'preact/hooks'

/** A column of a {@link SortedTable}. */
export interface Column<Row> {
  readonly title: string
  /** What it is sorted by; numbers begin with the greatest. */
  readonly value: (row: Row) => number | string
  /** Default: the value. */
  readonly cell?: (row: Row) => ComponentChildren
  readonly isNumber?: boolean
  /** Takes what the others leave. */
  readonly isWide?: boolean
}

interface TableProps<Row> {
  /** What it is called for a screen reader. */
  readonly label: string
  readonly rows: readonly Row[]
  readonly columns: readonly Column<Row>[]
  readonly keyOf: (row: Row) => string
  /** Shown in place of rows. */
  readonly empty: string
}

/** Rows that are drawn at once. */
const SHOWN = 200

/** A table whose columns sort it; as it comes at first. */
export function SortedTable<Row>({ label, rows, columns, keyOf, empty }: TableProps<Row>) {
  const [by, setBy] = useState<{ readonly column: number; readonly isUp: boolean } | null>(null)
  const [shown, setShown] = useState(SHOWN)
  const sorted = useMemo(() => {
    const column = by === null ? undefined : columns[by.column]
    if (by === null || column === undefined) return rows
    const sign = by.isUp ? 1 : -1
    return rows.toSorted((a, b) => sign * compare(column.value(a), column.value(b)))
  }, [rows, by])
  const sort = (column: number): void => {
    const begins = columns[column]?.isNumber !== true
    setBy(by?.column === column ? { column, isUp: !by.isUp } : { column, isUp: begins })
  }
  return (
    <div class="table-scroll" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title, isNumber, isWide }, index) => (
              <th
                key={title}
                scope="col"
                class={`${isNumber === true ? 'number' : ''} ${isWide === true ? 'wide' : ''}`}
                aria-sort={by?.column === index ? (by.isUp ? 'ascending' : 'descending') : 'none'}
              >
                <button onClick={() => sort(index)}>
                  {title}
                  <span class="arrow" aria-hidden="true" />
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {sorted.slice(0, shown).map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ title, value, cell, isNumber, isWide }) => (
                <td
                  key={title}
                  class={`${isNumber === true ? 'number' : ''} ${isWide === true ? 'wide' : ''}`}
                >
                  {cell === undefined ? value(row) : cell(row)}
                </td>
              ))}
            </tr>
          ))}
          {rows.length === 0 && (
            <tr>
              <td class="soft" colSpan={columns.length}>
                {empty}
              </td>
            </tr>
          )}
        </tbody>
      </table>
      {rows.length > shown && (
        <button class="more" onClick={() => setShown(shown + SHOWN)}>
          Show more of {rows.length}
        </button>
      )}
    </div>
  )
}

function compare(a: number | string, b: number | string): number {
  return typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b))
}
