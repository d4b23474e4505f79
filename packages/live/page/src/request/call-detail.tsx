import type { ComponentChildren } from 'preact'
import type { RequestView } from '../../../src/index.ts'
import { count, counted, milliseconds } from '../ui/format.ts'
import { reachText } from '../ui/reach-text.ts'
import { PlaceLink } from '../ui/place-link.tsx'
import { Arguments } from './arguments.tsx'
import { StatementView } from './statement.tsx'
import type { Call } from './waterfall-rows.ts'

/** Statements of one call that are shown at once. */
const SHOWN = 20

/** Everything that is known of one call. */
export function CallDetail({ call, view }: { call: Call; view: RequestView }) {
  const { callSite, rowsRead, rowsReturned, ms, waitMs, transactionMs, error, statements, limit, batch } =
    call
  return (
    <div class="call-detail">
      <dl class="facts">
        <Fact name="Place">
          {callSite === null ? (
            'Prisma recorded none'
          ) : (
            <>
              <PlaceLink callSite={callSite} cwd={view.process.cwd} />
              {call.isSiteAssumed === true && ' (as the calls of this shape before it)'}
            </>
          )}
        </Fact>
        <Fact name="Time">
          {milliseconds(ms)}
          {waitMs > 0 && `, and ${milliseconds(waitMs)} of waiting for a connection`}
          {transactionMs > 0 && `, and ${milliseconds(transactionMs)} of BEGIN and COMMIT`}
        </Fact>
        <Fact name="Rows">
          {count(rowsRead)} read, {count(rowsReturned)} returned
        </Fact>
        <CacheFacts call={call} view={view} />
        {batch !== undefined && batch.calls > 1 && (
          <Fact name="Batch">
            {statements.length === 0
              ? `answered by a statement of the ${counted(batch.calls, 'call')} that waited together`
              : `${counted(batch.calls, 'call')} waited together`}
          </Fact>
        )}
        {limit !== undefined && (
          <Fact name="Limit">
            {limit.limit === null ? 'lifted' : `${counted(limit.limit, 'row')} (${limit.rule})`}
            {limit.cut === true && '; there were more, which were cut off'}
          </Fact>
        )}
        {error !== undefined && (
          <Fact name="Error">
            <span class="error-text">{[error.code, error.name].filter(Boolean).join(' ')}</span>
          </Fact>
        )}
      </dl>
      <Arguments call={call} process={view.process} />
      {statements.slice(0, SHOWN).map((statement, index) => (
        <StatementView key={index} statement={statement} request={view.id} call={call.call} />
      ))}
      {statements.length > SHOWN && (
        <p class="hint-line">{counted(statements.length - SHOWN, 'more statement')} are not shown.</p>
      )}
      {statements.length === 0 && <p class="hint-line">It sent no statement of its own.</p>}
    </div>
  )
}

/** What the cache said to a read, and what a write of it dropped. */
function CacheFacts({ call, view }: { call: Call; view: RequestView }) {
  const events = view.cache.filter((event) => event.call === call.call)
  const read = events.find(({ event }) => event === 'read')
  const invalidations = events.filter(({ event }) => event === 'invalidate')
  return (
    <>
      {call.cache !== undefined && (
        <Fact name="Cache">
          {call.cache}
          {read?.reason !== undefined && `: ${read.reason}`}
          {read?.age !== undefined && `, read ${Math.round(read.age)} s before`}
        </Fact>
      )}
      {invalidations.length > 0 && (
        <Fact name="Invalidated">
          {counted(
            invalidations.reduce((sum, { tags = 0 }) => sum + tags, 0),
            'tag',
          )}
          {invalidations.map(({ reach }) => (reach === undefined ? '' : `: ${reachText(reach)}`))}
        </Fact>
      )}
    </>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
