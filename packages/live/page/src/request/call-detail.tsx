import type { RequestView } from '../../../src/index.ts'
import { count, counted, milliseconds } from '../ui/format.ts'
import { PlaceLink } from '../ui/place-link.tsx'
import { Sql } from '../ui/sql.tsx'
import type { Call, Statement } from './waterfall-rows.ts'

/** Everything that is known of one call. */
export function CallDetail({ call, view }: { call: Call; view: RequestView }) {
  const { callSite, rowsRead, rowsReturned, ms, waitMs, transactionMs, cache, error } = call
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
          {waitMs > 0 && ` and ${milliseconds(waitMs)} of waiting for a connection`}
          {transactionMs > 0 && ` and ${milliseconds(transactionMs)} of BEGIN and COMMIT`}
        </Fact>
        <Fact name="Rows">
          {count(rowsRead)} read, {count(rowsReturned)} returned
        </Fact>
        {cache !== undefined && <Fact name="Cache">{cache}</Fact>}
        {call.batch !== undefined && call.batch.calls > 1 && (
          <Fact name="Batch">answered together with {counted(call.batch.calls - 1, 'other call')}</Fact>
        )}
        {error !== undefined && (
          <Fact name="Error">
            <span class="error-text">
              {error.code} {error.name}
            </span>
          </Fact>
        )}
      </dl>
      {call.statements.map((statement, index) => (
        <StatementView key={index} statement={statement} />
      ))}
      {call.statements.length === 0 && <p class="hint">It sent no statement of its own.</p>}
    </div>
  )
}

function Fact({ name, children }: { name: string; children: preact.ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function StatementView({ statement }: { statement: Statement }) {
  const { sql, ms, rows } = statement
  return (
    <figure class="statement">
      <figcaption>
        {milliseconds(ms)} · {counted(rows, 'row')}
      </figcaption>
      <Sql text={sql} />
    </figure>
  )
}
