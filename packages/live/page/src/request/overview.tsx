import type { ProblemView } from '../../../src/index.ts'
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

/** Of problems of one route the one seen most: how many of its requests have any of them is not known. */
function routesOf(problems: readonly ProblemView[]): ProblemView[] {
  const routes = new Map<string, ProblemView>()
  for (const problem of problems)
    if ((routes.get(problem.route)?.requests ?? 0) < problem.requests) routes.set(problem.route, problem)
  return [...routes.values()]
}
