import type { RequestView } from '../../../src/index.ts'
import { Aborted } from './aborted.tsx'
import { requestList } from '../hub/request-list.ts'
import { useAnswer } from '../hub/use-answer.ts'
import { named, Status, timeOf } from '../list/request-list.tsx'
import { openRequest } from '../state/place.ts'
import { useValue } from '../state/value.ts'
import { Badges } from '../ui/badges.tsx'
import { clock, count, milliseconds } from '../ui/format.ts'
import { cardsOf } from '../problems/problem-text.ts'
import { ProblemCard } from '../problems/problems.tsx'
import { Overview } from './overview.tsx'
import { SavedView } from './saved.tsx'
import { Waterfall } from './waterfall.tsx'

export function RequestPane({ id }: { id: string | null }) {
  return id === null ? <Overview /> : <OpenRequest id={id} />
}

function OpenRequest({ id }: { id: string }) {
  const row = useValue(requestList.rows).find((each) => each.id === id)
  const { value: view, error } = useAnswer<RequestView>(`api/requests/${id}`, row)
  if (error !== null)
    return <p class="hint">This request is not held any more: memory was full, or the list was cleared.</p>
  if (view === null) return <p class="hint" aria-busy="true" />
  return <RequestDetail key={id} view={view} />
}

function RequestDetail({ view }: { view: RequestView }) {
  const { name, databaseMs, statements, calls, rows, badges, time, process } = view
  const [method, path] = named(name)
  return (
    <article class="request">
      <header>
        <button class="quiet back" onClick={() => openRequest(null)} aria-keyshortcuts="Escape">
          Close
        </button>
        <h2 class="clamped" title={name}>
          <Status row={view} />
          {method !== '' && <span class="method">{method}</span>} {path}
        </h2>
        <p class="about">
          <time dateTime={time}>{clock(time)}</time> ·{' '}
          {process.pid === 0 ? `read from ${process.name}` : `${process.name}, process ${process.pid}`}
          {view.traceId !== undefined && ` · trace ${view.traceId}`} <Badges badges={badges} />
        </p>
      </header>
      <dl class="figures">
        <Figure name="Time" value={timeOf(view)} />
        <Figure name="In the database" value={milliseconds(databaseMs)} />
        <Figure name="Calls" value={count(calls)} />
        <Figure name="Statements" value={count(statements)} />
        <Figure name="Rows read" value={count(rows)} />
      </dl>
      {view.lacks.length > 0 && (
        <p class="lacks" role="note">
          A log does not say: {view.lacks.join('; ')}.
        </p>
      )}
      {view.badges.includes('aborted') && <Aborted />}
      {view.problems.length > 0 && (
        <section aria-labelledby="problems-title">
          <h3 id="problems-title">What is wrong, and the mend</h3>
          <ol class="cards">
            {cardsOf(view.problems).map((problems) => (
              <ProblemCard
                key={`${problems[0].kind} ${problems[0].callSite} ${problems[0].mend}`}
                problems={problems}
                route={name}
                level={4}
                cwd={process.cwd}
              />
            ))}
          </ol>
        </section>
      )}
      <Waterfall view={view} />
      <SavedView view={view} />
    </article>
  )
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
