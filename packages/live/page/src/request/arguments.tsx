import { useState } from 'preact/hooks'
import type { RequestView } from '../../../src/index.ts'
import { argumentText, kindText } from '../ui/argument-text.ts'
import type { Call } from './waterfall-rows.ts'

/** The arguments of a call; their values when somebody asks for them. */
export function Arguments({ call, process }: { call: Call; process: RequestView['process'] }) {
  const [shows, setShows] = useState(false)
  const { args, model } = call
  if (args === undefined)
    return (
      <p class="hint-line">
        {model === null
          ? 'Raw SQL: the statement says what may be said.'
          : 'The log does not hold its arguments.'}
      </p>
    )
  const hasValues = process.args === 'values'
  return (
    <figure>
      <figcaption>
        Arguments
        {hasValues ? (
          <button class="small" aria-pressed={shows} onClick={() => setShows(!shows)}>
            {shows ? 'Hide values' : 'Show values'}
          </button>
        ) : (
          <span> · kinds alone: the application keeps its values, unless it is started with --values</span>
        )}
      </figcaption>
      <pre class="code" tabIndex={0}>
        {hasValues ? argumentText(args, shows) : kindText(args)}
      </pre>
    </figure>
  )
}
