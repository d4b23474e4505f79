import { defaultRangeExtractor } from '@tanstack/virtual-core'
import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { RequestRow } from '../../../src/index.ts'
import { requestList } from '../hub/request-list.ts'
import { openRequest, place } from '../state/place.ts'
import { useValue } from '../state/value.ts'
import { Badges } from '../ui/badges.tsx'
import { clock, count, milliseconds } from '../ui/format.ts'
import { useVirtualRows } from '../ui/virtual-rows.ts'
import { ListControls } from './list-controls.tsx'
import { filtered, listFilter } from './list-filter.ts'

const ROW_PX = 48
const COLUMNS = ['Request', 'Time', 'Database', 'SQL', 'Rows']

/** The requests as they come. Arrow keys move, Enter opens. */
export function RequestList() {
  const rows = useValue(requestList.rows)
  const filter = useValue(listFilter)
  const shown = useMemo(() => filtered(rows, filter), [rows, filter])
  return (
    <section class="list" aria-label="Requests">
      <h2 class="unseen">Requests</h2>
      <ListControls rows={rows} shown={shown.length} />
      <RequestGrid rows={shown} isEmpty={rows.length === 0} />
    </section>
  )
}

function RequestGrid({ rows, isEmpty }: { rows: readonly RequestRow[]; isEmpty: boolean }) {
  const { request: opened } = useValue(place)
  const scroller = useRef<HTMLDivElement>(null)
  /** The row that has the focus, or would get it; it is kept by its request, which moves as others come. */
  const [current, setCurrent] = useState<string | null>(null)
  const index = Math.max(0, indexOf(rows, current ?? opened))
  const virtual = useVirtualRows({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    getItemKey: (at) => rows[at]?.id ?? at,
    overscan: 8,
    // The row with the focus stays, however far away the list is scrolled.
    rangeExtractor: (range) => {
      const drawn = defaultRangeExtractor(range)
      return rows.length === 0 || drawn.includes(index) ? drawn : [...drawn, index].sort((a, b) => a - b)
    },
  })
  keepScrolled(rows, scroller)

  const wantsFocus = useRef(false)
  useLayoutEffect(() => {
    if (!wantsFocus.current) return
    wantsFocus.current = false
    scroller.current?.querySelector<HTMLElement>('[data-current]')?.focus({ preventScroll: true })
  })
  const move = (to: number): void => {
    const at = Math.min(rows.length - 1, Math.max(0, to))
    const row = rows[at]
    if (row === undefined) return
    wantsFocus.current = true
    setCurrent(row.id)
    virtual.scrollToIndex(at)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PX) - 1)
    const steps: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: rows.length - 1,
    }
    const to = steps[event.key]
    if (to !== undefined) move(to)
    else if (event.key === 'Enter' || event.key === ' ') openRequest(rows[index]?.id ?? null)
    else return
    event.preventDefault()
  }
  return (
    <div class="grid" role="grid" aria-label="Requests" aria-rowcount={rows.length + 1} onKeyDown={onKeyDown}>
      <div class="grid-head" role="rowgroup">
        <div class="row head" role="row" aria-rowindex={1}>
          {COLUMNS.map((name) => (
            <span key={name} role="columnheader">
              {name}
            </span>
          ))}
        </div>
      </div>
      <div class="grid-body" role="rowgroup" ref={scroller}>
        <div class="grid-space" role="presentation" style={{ height: `${virtual.getTotalSize()}px` }}>
          {virtual.getVirtualItems().map(({ index: at, key, start }) => {
            const row = rows[at]
            return row === undefined ? null : (
              <Row
                key={key}
                row={row}
                index={at}
                start={start}
                isCurrent={at === index}
                isOpened={row.id === opened}
                onOpen={() => {
                  setCurrent(row.id)
                  openRequest(row.id)
                }}
              />
            )
          })}
        </div>
        {rows.length === 0 && (
          <p class="hint" role="row">
            <span role="gridcell">
              {isEmpty
                ? 'Nothing so far. Each request of your application that asks the database appears here by itself.'
                : 'No request passes the filter.'}
            </span>
          </p>
        )}
      </div>
    </div>
  )
}

interface RowProps {
  readonly row: RequestRow
  readonly index: number
  readonly start: number
  readonly isCurrent: boolean
  readonly isOpened: boolean
  readonly onOpen: () => void
}

function Row({ row, index, start, isCurrent, isOpened, onOpen }: RowProps) {
  const { name, databaseMs, statements, rows, badges, time } = row
  const [method, path] = named(name)
  return (
    <div
      class="row"
      role="row"
      aria-rowindex={index + 2}
      aria-selected={isOpened}
      tabIndex={isCurrent ? 0 : -1}
      data-current={isCurrent ? '' : undefined}
      data-request={row.id}
      style={{ transform: `translateY(${start}px)` }}
      onClick={onOpen}
    >
      <span role="gridcell" class="what">
        <span class="name">
          <Status row={row} />
          {method !== '' && <span class="method">{method}</span>}
          <span class="path" title={name}>
            {path}
          </span>
        </span>
        <span class="under">
          <time dateTime={time}>{clock(time)}</time>
          <Badges badges={badges} />
        </span>
      </span>
      <span role="gridcell" class="number">
        {timeOf(row)}
      </span>
      <span role="gridcell" class="number database">
        {milliseconds(databaseMs)}
      </span>
      <span role="gridcell" class="number statements">
        {count(statements)}
      </span>
      <span role="gridcell" class="number rows">
        {count(rows)}
      </span>
    </div>
  )
}

/** The number of the response; a job has none, and what still runs has none yet. */
export function Status({ row: { status, ms, pid, badges } }: { row: RequestRow }) {
  if (badges.includes('aborted'))
    return (
      <span
        class="status of-5"
        role="img"
        aria-label="aborted"
        title="The caller hung up before the response was whole"
      >
        ✕
      </span>
    )
  if (status !== null) return <span class={`status of-${Math.floor(status / 100)}`}>{status}</span>
  return <span class="status">{ms === null && pid !== NO_PROCESS ? '…' : '–'}</span>
}

/** How long it took; what has not been seen to end is said to run, but a log does not say. */
export function timeOf({ ms, pid }: RequestRow): string {
  if (ms !== null) return milliseconds(ms)
  return pid === NO_PROCESS ? '–' : 'running'
}

/** The process of what was read from a log. */
const NO_PROCESS = 0

/** `['GET', '/posts']`; the name of a job has no method. */
export function named(name: string): [method: string, path: string] {
  const [, method = '', path = name] = /^([A-Z]+) (.*)$/.exec(name) ?? []
  return [method, path]
}

/** What is read stays where it is while rows come in above it. */
function keepScrolled(rows: readonly RequestRow[], scroller: { readonly current: HTMLElement | null }): void {
  const before = useRef<readonly RequestRow[]>(rows)
  useLayoutEffect(() => {
    const list = scroller.current
    const [youngest] = before.current
    before.current = rows
    if (list === null || youngest === undefined || list.scrollTop < ROW_PX / 2) return
    const moved = indexOf(rows, youngest.id)
    if (moved > 0) list.scrollTop += moved * ROW_PX
  }, [rows])
}

function indexOf(rows: readonly RequestRow[], id: string | null): number {
  return id === null ? -1 : rows.findIndex((row) => row.id === id)
}
