import type { RouteView } from '../../../src/index.ts'
import { requestList } from '../hub/request-list.ts'
import { useAnswer } from '../hub/use-answer.ts'
import { listFilter, NO_FILTER } from '../list/list-filter.ts'
import { openRequest } from '../state/place.ts'
import { useValue } from '../state/value.ts'
import { count, milliseconds } from '../ui/format.ts'
import { SortedTable, type Column } from '../ui/sorted-table.tsx'
import { Tab } from './tab.tsx'

/** Requests by route. */
export function RoutesTab() {
  const { value } = useAnswer<RouteView[]>('api/routes', useValue(requestList.rows))
  const routes = value ?? []
  const most = Math.max(...routes.map(({ p99 }) => p99), 0)
  const columns: Column<RouteView>[] = [
    {
      title: 'Route',
      isWide: true,
      value: ({ route }) => route,
      cell: ({ route }) => (
        <button class="link clamped" title={route} onClick={() => showRoute(route)}>
          {route}
        </button>
      ),
    },
    { title: 'Requests', isNumber: true, value: (each) => each.count, cell: (each) => count(each.count) },
    { title: 'p50', isNumber: true, value: ({ p50 }) => p50, cell: ({ p50 }) => milliseconds(p50) },
    { title: 'p95', isNumber: true, value: ({ p95 }) => p95, cell: ({ p95 }) => milliseconds(p95) },
    { title: 'p99', isNumber: true, value: ({ p99 }) => p99, cell: ({ p99 }) => milliseconds(p99) },
    {
      title: 'Spread',
      value: ({ p99 }) => p99,
      isNumber: true,
      cell: (each) => <Spread route={each} most={most} />,
    },
    {
      title: 'Statements',
      isNumber: true,
      value: ({ statements }) => statements,
      cell: ({ statements }) => statements.toFixed(1),
    },
    {
      title: 'Problems',
      isNumber: true,
      value: ({ problems }) => problems,
      cell: ({ problems }) => <span class={problems > 0 ? 'warn-text' : 'soft'}>{count(problems)}</span>,
    },
    {
      title: 'Over budget',
      isNumber: true,
      value: ({ overBudget }) => overBudget,
      cell: ({ overBudget }) => (
        <span class={overBudget > 0 ? 'warn-text' : 'soft'}>{count(overBudget)}</span>
      ),
    },
  ]
  return (
    <Tab
      title="Routes"
      about="Times of whole requests, statements a request on average. A budget is the option requestBudget of slowQuery; without one nothing is over it."
    >
      <SortedTable
        label="Routes"
        rows={routes}
        columns={columns}
        keyOf={({ route }) => route}
        empty="No request so far."
      />
    </Tab>
  )
}

/** From p50 to p99 with a mark at p95, on one scale for all routes. */
function Spread({ route: { p50, p95, p99 }, most }: { route: RouteView; most: number }) {
  const x = (ms: number): number => (most === 0 ? 0 : (96 * ms) / most) + 2
  return (
    <svg
      class="spread"
      width="100"
      height="12"
      role="img"
      aria-label={`from ${milliseconds(p50)} to ${milliseconds(p99)}`}
    >
      <line x1={x(p50)} x2={Math.max(x(p99), x(p50) + 1)} y1="6" y2="6" />
      <circle cx={x(p50)} cy="6" r="2.5" />
      <rect x={x(p95) - 1} y="2" width="2" height="8" />
    </svg>
  )
}

function showRoute(route: string): void {
  listFilter.set({ ...NO_FILTER, route })
  openRequest(null)
}
