import type { ProblemView, RequestRow } from '../../../src/index.ts'
import { requestList } from '../hub/request-list.ts'
import { useAnswer } from '../hub/use-answer.ts'
import { useDirectory } from '../hub/use-directory.ts'
import { cardsOf } from '../problems/problem-text.ts'
import { ProblemCard } from '../problems/problems.tsx'
import { openRequest } from '../state/place.ts'
import { useValue } from '../state/value.ts'
import { count, counted, megabytes } from '../ui/format.ts'

/** What stands here while no request is open: what is wrong with all of them, one a place. */
export function Overview() {
  const rows = useValue(requestList.rows)
  const status = useValue(requestList.status)
  const { value } = useAnswer<ProblemView[]>('api/problems', rows)
  const cwd = useDirectory()
  const cards = cardsOf(value ?? [])
  return (
    <article class="tab">
      <header>
        <h2>What is wrong, and the mend</h2>
        <p class="about">
          {rows.length === 0
            ? 'Request a page of your application: what it asks the database appears here.'
            : `${counted(cards.length, 'problem')} in ${counted(rows.length, 'request')}, the most often seen first.`}
        </p>
      </header>
      {rows.length > 0 && value !== null && cards.length === 0 && (
        <p class="hint">
          Nothing was found: no loops, no duplicate reads, no lists without a limit, no whole tables read.
        </p>
      )}
      <FailedRequests rows={rows} />
      <ol class="cards">
        {cards.map((card) => (
          <ProblemCard
            key={`${card[0].kind} ${card[0].callSite} ${card[0].mend}`}
            problems={card}
            route={card[0].route}
            level={3}
            cwd={cwd}
          >
            {routesOf(card).map(({ route, latest, requests }) => (
              <span key={route} class="listed">
                <button class="link clamped" title={route} onClick={() => openRequest(latest)}>
                  {route}
                </button>
                <span class="soft"> · {counted(requests, 'request')}</span>
              </span>
            ))}
          </ProblemCard>
        ))}
      </ol>
      {status !== null && (
        <p class="hint">
          The hub holds requests in memory alone, up to {megabytes(status.maxBytes)}.
          {status.dropped > 0 && ` ${counted(status.dropped, 'older request')} had to be dropped.`}
          {status.refused > 0 && ` ${count(status.refused)} lines were no messages and are lost.`}
        </p>
      )}
    </article>
  )
}

/** Requests that failed or were given up, by route: which call failed is told by each. */
function FailedRequests({ rows }: { rows: readonly RequestRow[] }) {
  const failed = rows.filter(({ badges }) => badges.includes('failed') || badges.includes('aborted'))
  if (failed.length === 0) return null
  const routes = new Map<string, { latest: string; times: number }>()
  for (const { name, id } of failed) {
    const route = routes.get(name)
    if (route === undefined) routes.set(name, { latest: id, times: 1 })
    else route.times++
  }
  return (
    <ul class="cards" aria-label="Failed requests">
      <li class="problem failure">
        <h3 class="problem-title">{counted(failed.length, 'request')} failed or were given up</h3>
        <p class="seen">
          {[...routes].slice(0, SHOWN).map(([name, { latest, times }]) => (
            <span key={name} class="listed">
              <button class="link clamped" title={name} onClick={() => openRequest(latest)}>
                {name}
              </button>
              <span class="soft"> · {count(times)}</span>
            </span>
          ))}
          {routes.size > SHOWN && ` and ${counted(routes.size - SHOWN, 'more route')}`}
        </p>
      </li>
    </ul>
  )
}

/** Routes of failed requests. */
const SHOWN = 5

/** Of problems of one route the one seen most: how many of its requests have any of them is not known. */
function routesOf(problems: readonly ProblemView[]): ProblemView[] {
  const routes = new Map<string, ProblemView>()
  for (const problem of problems)
    if ((routes.get(problem.route)?.requests ?? 0) < problem.requests) routes.set(problem.route, problem)
  return [...routes.values()]
}
