import { useState } from 'preact/hooks'
import type { RequestView } from '../../../src/index.ts'
import { count, counted, milliseconds } from '../ui/format.ts'
import { PlaceLink } from '../ui/place-link.tsx'
import { CallDetail } from './call-detail.tsx'
import { callRow, isHit, ticks, waterfallRows, type Call, type WaterfallRow } from './waterfall-rows.ts'

/** Calls of a loop that are shown at once; more when asked. */
const SHOWN = 100

/** The calls of a request in their order, each as long as it took. */
export function Waterfall({ view }: { view: RequestView }) {
  const rows = waterfallRows(view)
  const end = Math.max(view.ms ?? 0, ...rows.map(({ to }) => to), 0.001)
  const scale: Scale = { end, share: (ms) => Math.min(100, Math.max(0, (100 * ms) / end)) }
  return (
    <section class="waterfall" aria-labelledby="waterfall-title">
      <h3 id="waterfall-title">Calls</h3>
      <div class="axis" aria-hidden="true">
        {ticks(end).map((at) => (
          <span key={at} style={{ left: `${scale.share(at)}%` }}>
            {at === 0 ? '0' : milliseconds(at).replace(/\.?0+ /, ' ')}
          </span>
        ))}
      </div>
      <ol class="calls">
        {rows.map((row, at) => (
          <Line key={row.key} row={row} view={view} scale={scale} bracket={bracketOf(rows, at)} />
        ))}
      </ol>
      {view.callsDropped > 0 && (
        <p class="hint">{counted(view.callsDropped, 'more call')} were too many to be kept.</p>
      )}
    </section>
  )
}

interface Scale {
  readonly end: number
  /** Of the width, 0…100. */
  share(ms: number): number
}

interface LineProps {
  readonly row: WaterfallRow
  readonly view: RequestView
  readonly scale: Scale
  readonly bracket: string
}

function Line({ row, view, scale, bracket }: LineProps) {
  const [isOpen, setOpen] = useState(false)
  const [shown, setShown] = useState(SHOWN)
  const { calls, count: times, callSite, merged } = row
  const isLoop = times > 1
  const [first] = calls
  return (
    <li class={`call ${bracket}`}>
      <div class="line">
        <button
          class="call-name"
          aria-expanded={isOpen}
          style={{ paddingLeft: `${8 + row.depth * 16}px` }}
          onClick={() => setOpen(!isOpen)}
        >
          <span class="chevron" aria-hidden="true" />
          <span class="operation">{row.name}</span>
          {isLoop && <span class="loop">× {count(times)}</span>}
          {merged !== null && (
            <span class="badge note">
              {counted(merged.calls, 'call')} in {counted(merged.statements, 'statement')}
            </span>
          )}
          {calls.some(isHit) && (
            <span class="badge good">
              {isLoop ? `${count(calls.filter(isHit).length)} cached` : 'cached'}
            </span>
          )}
          {calls.some(({ error }) => error !== undefined) && <span class="badge bad">failed</span>}
        </button>
        <span class="call-place">
          {callSite !== null && <PlaceLink callSite={callSite} cwd={view.process.cwd} />}
        </span>
        <Bar row={row} scale={scale} />
        <span class="call-ms number">{milliseconds(row.to - row.from)}</span>
      </div>
      {isOpen && !isLoop && first !== undefined && <CallDetail call={first} view={view} />}
      {isOpen && isLoop && (
        <ol class="calls inner">
          {calls.slice(0, shown).map((call) => (
            <Line key={call.call} row={callRow(call, row)} view={view} scale={scale} bracket="" />
          ))}
          {calls.length > shown && (
            <li>
              <button class="quiet" onClick={() => setShown(shown + SHOWN)}>
                Show {count(Math.min(SHOWN, calls.length - shown))} more of {count(calls.length)}
              </button>
            </li>
          )}
        </ol>
      )}
    </li>
  )
}

/** Light while the call was under way, full while the database worked, hatched while it waited for a connection. */
function Bar({ row, scale }: { row: WaterfallRow; scale: Scale }) {
  const { calls, from, to } = row
  const hits = calls.filter(isHit)
  const asked = calls.filter((call) => !isHit(call) || call.statements.length > 0)
  return (
    <span class="bar" role="img" aria-label={`from ${milliseconds(from)} to ${milliseconds(to)}`}>
      {asked.length > 0 && (
        <i
          class={`span ${calls.some(({ error }) => error !== undefined) ? 'failed' : ''}`}
          style={spread(from, to, scale)}
        />
      )}
      {asked.slice(0, SHOWN).flatMap((call) => segments(call, scale))}
      {hits.slice(0, SHOWN).map((call) => (
        <i key={call.call} class="hit" style={{ left: `${scale.share(call.at)}%` }} />
      ))}
    </span>
  )
}

function segments(call: Call, scale: Scale) {
  return call.statements.flatMap(({ at, ms, waitMs }, index) => [
    ...(waitMs > 0
      ? [<i key={`${call.call}w${index}`} class="wait" style={spread(at, at + waitMs, scale)} />]
      : []),
    <i key={`${call.call}s${index}`} class="sql" style={spread(at + waitMs, at + waitMs + ms, scale)} />,
  ])
}

function spread(from: number, to: number, { share }: Scale): { left: string; width: string } {
  return { left: `${share(from)}%`, width: `${Math.max(0, share(to) - share(from))}%` }
}

/** Where a line stands within its transaction's bracket. */
function bracketOf(rows: readonly WaterfallRow[], at: number): string {
  const own = rows[at]?.transaction ?? null
  if (own === null) return ''
  const [isFirst, isLast] = [rows[at - 1]?.transaction !== own, rows[at + 1]?.transaction !== own]
  return `in-transaction ${isFirst ? 'first' : ''} ${isLast ? 'last' : ''}`
}
