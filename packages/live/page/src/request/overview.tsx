import type { ProblemView } from '../../../src/index.ts'
import { requestList } from '../hub/request-list.ts'
import { useAnswer } from '../hub/use-answer.ts'
import { ProblemCard } from '../problems/problems.tsx'
import { openRequest } from '../state/place.ts'
import { useValue } from '../state/value.ts'
import { count, counted, megabytes } from '../ui/format.ts'

/** What stands here while no request is open: what is wrong with all of them, one a place. */
export function Overview() {
  const rows = useValue(requestList.rows)
  const status = useValue(requestList.status)
  const { value } = useAnswer<ProblemView[]>('api/problems', rows)
  const problems = value ?? []
  return (
    <article class="tab">
      <header>
        <h2>What is wrong, and the mend</h2>
        <p class="about">
          {rows.length === 0
            ? 'Request a page of your application: what it asks the database appears here.'
            : `${counted(problems.length, 'problem')} in ${counted(rows.length, 'request')}, the most often seen first.`}
        </p>
      </header>
      {rows.length > 0 && value !== null && problems.length === 0 && (
        <p class="hint">
          Nothing was found: no loops, no duplicate reads, no lists without a limit, no whole tables read.
        </p>
      )}
      <ol class="cards">
        {problems.map((problem) => (
          <ProblemCard
            key={`${problem.kind} ${problem.callSite} ${problem.mend}`}
            problem={problem}
            route={problem.route}
            level={3}
            cwd={cwdOf(status?.processes)}
          >
            <button class="link" onClick={() => openRequest(problem.latest)}>
              {problem.route}
            </button>
            <span class="soft"> · {counted(problem.requests, 'request')}</span>
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

/** Where the application runs, if all processes run in one place. */
function cwdOf(processes: readonly object[] = []): string {
  const all = new Set(processes.map((each) => ('cwd' in each ? String(each.cwd) : '')))
  const [only = ''] = all
  return all.size === 1 ? only : ''
}
