import { failuresOf } from '../../../src/answer/failures.ts'
import type { RequestView } from '../../../src/index.ts'
import { count } from '../ui/format.ts'
import { PlaceLink } from '../ui/place-link.tsx'

/** What failed, and what its code means; and that nobody waited for the response any more. */
export function Failures({ view }: { view: RequestView }) {
  const failures = failuresOf(view.timeline)
  const isAborted = view.badges.includes('aborted')
  if (failures.length === 0 && !isAborted) return null
  return (
    <section aria-labelledby="failures-title">
      <h3 id="failures-title">{failures.length === 0 ? 'Aborted' : 'What failed'}</h3>
      <ul class="cards">
        {isAborted && (
          <li class="problem failure">
            <p>The caller hung up before the response was whole: its status never left, or broke off.</p>
          </li>
        )}
        {failures.map(({ name, callSite, code, meaning, count: times, call }) => (
          <li key={call} class="problem failure">
            <h4 class="problem-title">
              {name} failed{times > 1 && ` ${count(times)} times`}: <span class="error-text">{code}</span>
            </h4>
            {callSite !== null && (
              <p class="problem-places">
                <PlaceLink callSite={callSite} cwd={view.process.cwd} />
              </p>
            )}
            {meaning !== null && <p class="mend">{meaning}</p>}
          </li>
        ))}
      </ul>
    </section>
  )
}
