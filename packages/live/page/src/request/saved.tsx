import type { RequestView } from '../../../src/index.ts'
import { counted, milliseconds } from '../ui/format.ts'

/** What this request did not have to send. */
export function SavedView({ view }: { view: RequestView }) {
  const { merged, cached, ms, timed } = view.saved
  const all = merged + cached
  if (all === 0) return null
  const parts = [
    ...(merged > 0 ? [`${counted(merged, 'call')} merged into statements of others`] : []),
    ...(cached > 0 ? [`${counted(cached, 'read')} answered by the cache`] : []),
  ]
  return (
    <section class="saved" aria-labelledby="saved-title">
      <h3 id="saved-title">What the suite saved</h3>
      <p>
        <b>{counted(all, 'statement')}</b> not sent: {parts.join(', ')}.{' '}
        {ms === null
          ? 'How long that would have taken is not known: no call of these places was seen sent by itself.'
          : `${timed === all ? 'That' : counted(timed, 'of them', 'of them')} would have been ${milliseconds(ms)} more at the database, by the median of calls from the same places.`}
      </p>
    </section>
  )
}
