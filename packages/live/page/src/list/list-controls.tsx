import type { Badge, RequestRow } from '../../../src/index.ts'
import { requestList } from '../hub/request-list.ts'
import { useValue } from '../state/value.ts'
import { BADGES, toneOf } from '../ui/badges.tsx'
import { count } from '../ui/format.ts'
import { badgesIn, listFilter, routesIn, type ListFilter } from './list-filter.ts'

/** Filter, pause and clear. */
export function ListControls({ rows, shown }: { rows: readonly RequestRow[]; shown: number }) {
  const filter = useValue(listFilter)
  const isPaused = useValue(requestList.isPaused)
  const waiting = useValue(requestList.waiting)
  const change = (part: Partial<ListFilter>): void => listFilter.set({ ...filter, ...part })
  const badges = badgesIn(rows)
  const toggle = (badge: Badge): void =>
    change({
      badges: filter.badges.includes(badge)
        ? filter.badges.filter((each) => each !== badge)
        : [...filter.badges, badge],
    })
  return (
    <div class="list-controls" role="search" aria-label="Filter requests">
      <div class="line">
        <input
          id="filter"
          type="search"
          placeholder="Filter  /"
          aria-label="Filter requests by text"
          aria-keyshortcuts="/"
          value={filter.text}
          onInput={({ currentTarget }) => change({ text: currentTarget.value })}
        />
        <select
          aria-label="Route"
          value={filter.route}
          onChange={({ currentTarget }) => change({ route: currentTarget.value })}
        >
          <option value="">All routes</option>
          {routesIn(rows).map(([name, times]) => (
            <option key={name} value={name}>
              {`${name} (${times})`}
            </option>
          ))}
        </select>
        <button
          class="quiet"
          aria-pressed={isPaused}
          onClick={() => (isPaused ? requestList.resume() : requestList.pause())}
        >
          {isPaused ? (waiting > 0 ? `Resume · ${count(waiting)} new` : 'Resume') : 'Pause'}
        </button>
        <button class="quiet" onClick={() => void requestList.clear()} disabled={rows.length === 0}>
          Clear
        </button>
      </div>
      <div class="line chips" role="group" aria-label="Filter by badge">
        {BADGES.filter((badge) => badges.has(badge) || filter.badges.includes(badge)).map((badge) => (
          <button
            key={badge}
            class={`chip badge ${toneOf(badge)}`}
            aria-pressed={filter.badges.includes(badge)}
            onClick={() => toggle(badge)}
          >
            {badge} <span class="times">{count(badges.get(badge) ?? 0)}</span>
          </button>
        ))}
        <span class="count" role="status">
          {shown === rows.length
            ? `${count(rows.length)} requests`
            : `${count(shown)} of ${count(rows.length)}`}
        </span>
      </div>
    </div>
  )
}
