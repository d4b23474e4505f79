import { useState } from 'preact/hooks'
import { isCached } from '../../../src/answer/saved.ts'
import type { RequestView } from '../../../src/index.ts'
import { count, counted, milliseconds } from '../ui/format.ts'
import { PlaceLink } from '../ui/place-link.tsx'
import { CallDetail } from './call-detail.tsx'
import { callRow, waterfallRows, type WaterfallRow } from './waterfall-rows.ts'
import { apart, covered, tickText, ticks, type Interval } from './waterfall-time.ts'

const LEGEND = [
  ['span', 'call'],
  ['sql', 'database'],
  ['wait', 'waits for a connection'],
  ['hit', 'cache hit'],
  ['edge', 'BEGIN, COMMIT'],
] as const
/** Calls of a loop that are shown at once; more when asked. */
const SHOWN = 100

/** The calls of a request in their order, each as long as it took. */
export function Waterfall({ view }: { view: RequestView }) {
  const rows = waterfallRows(view)
  const end = rows.reduce((most, { to }) => Math.max(most, to), Math.max(view.ms ?? 0, 0.001))
  const scale: Scale = { end, share: (ms) => Math.min(100, Math.max(0, (100 * ms) / end)) }
  return (
    <section class="waterfall" aria-labelledby="waterfall-title">
      <div class="waterfall-head">
        <h3 id="waterfall-title">Calls</h3>
        <p class="legend" aria-hidden="true">
          {LEGEND.map(([name, said]) => (
            <span key={name}>
              <i class={`of-${name}`} />
              {said}
            </span>
          ))}
        </p>
      </div>
      <div class="axis" aria-hidden="true">
        {ticks(end).map((at) => (
          <span key={at} style={{ left: `${scale.share(at)}%` }}>
            {tickText(at)}
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
  const isLoop = calls.length > 1
  const statements = calls.reduce((sum, call) => sum + call.statements.length, 0)
  const [first] = calls
  const edges = edgesOf(row, bracket, view.transactions)
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
          {row.turn !== null && <span class="turn">{count(row.turn)}</span>}
          <span class="operation">{row.name}</span>
          {times > 1 && <span class={merged > 0 ? 'loop merged' : 'loop'}>× {count(times)}</span>}
          {merged > 0 && (
            <span class="badge note">
              {isLoop ? `${counted(calls.length, 'call')}, ${counted(statements, 'statement')}` : 'merged'}
            </span>
          )}
          {calls.some(isCached) && (
            <span class="badge good">
              {isLoop ? `${count(calls.filter(isCached).length)} cached` : 'cached'}
            </span>
          )}
          {calls.some(({ limit }) => limit?.cut === true) && <span class="badge warn">cut</span>}
          {calls.some(({ error }) => error !== undefined) && <span class="badge bad">failed</span>}
        </button>
        <span class="call-place">
          {edges.map((edge) => (
            <span key={edge.at} class="edge-text">
              {edgeText(edge)} ·{' '}
            </span>
          ))}
          {callSite !== null && row.isElsewhere && <PlaceLink callSite={callSite} cwd={view.process.cwd} />}
        </span>
        <Bar row={row} scale={scale} transactions={view.transactions} edges={edges} />
        <span class="call-ms number">{milliseconds(row.to - row.from)}</span>
      </div>
      {isOpen && !isLoop && first !== undefined && <CallDetail call={first} view={view} />}
      {isOpen && isLoop && (
        <ol class="calls inner">
          {calls.slice(0, shown).map((call, index) => (
            <Line key={call.call} row={callRow(call, row, index + 1)} view={view} scale={scale} bracket="" />
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

interface BarProps {
  readonly row: WaterfallRow
  readonly scale: Scale
  readonly transactions: RequestView['transactions']
  /** BEGIN and COMMIT of the transaction that it opens or ends. */
  readonly edges: RequestView['transactions']
}

/** Light while the call was under way, full while the database worked, hatched while it waited for a connection. */
function Bar({ row, scale, transactions, edges }: BarProps) {
  const { calls, from, to } = row
  const numbers = new Set(calls.map(({ call }) => call))
  const own = [...transactions.filter(({ call }) => call !== null && numbers.has(call)), ...edges]
  const hits = calls.filter(isCached).map(({ at }) => at)
  const statements = calls.flatMap((call) => call.statements)
  const isAsked = statements.length > 0 || hits.length < calls.length
  return (
    <span class="bar" role="img" aria-label={`from ${milliseconds(from)} to ${milliseconds(to)}`}>
      {isAsked && (
        <i
          class={`span ${calls.some(({ error }) => error !== undefined) ? 'failed' : ''}`}
          style={spread(from, to, scale)}
        />
      )}
      <Pieces
        name="wait"
        times={statements.flatMap(({ at, waitMs }) => (waitMs > 0 ? [[at, at + waitMs]] : []))}
        scale={scale}
      />
      <Pieces
        name="sql"
        times={statements.map(({ at, ms, waitMs }) => [at + waitMs, at + waitMs + ms])}
        scale={scale}
      />
      <Pieces
        name="edge"
        times={own.map(({ at, ms }) => [at - ms, at])}
        scale={scale}
        title={own.length <= 2 ? own.map(edgeText).join(', ') : undefined}
      />
      {apart(hits, scale.end).map((at) => (
        <i key={at} class="hit" style={{ left: `${scale.share(at)}%` }} />
      ))}
    </span>
  )
}

interface PiecesProps {
  readonly name: 'sql' | 'wait' | 'edge'
  readonly times: readonly Interval[]
  readonly scale: Scale
  readonly title?: string | undefined
}

function Pieces({ name, times, scale, title }: PiecesProps) {
  return (
    <>
      {covered(times, scale.end).map(({ from, to, share }) => (
        <i key={from} class={name} title={title} style={{ ...spread(from, to, scale), opacity: share }} />
      ))}
    </>
  )
}

function edgeText({ event, ms }: RequestView['transactions'][number]): string {
  return `${event.toUpperCase()} ${milliseconds(ms)}`
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

/** BEGIN before the first line of an interactive transaction, and what ended it behind the last. */
function edgesOf(
  { from, to }: WaterfallRow,
  bracket: string,
  transactions: RequestView['transactions'],
): RequestView['transactions'] {
  const between = transactions.filter(({ call }) => call === null)
  const begin = between.findLast(({ event, at }) => event === 'begin' && at <= from + ROUNDING_MS)
  const end = between.find(
    ({ event, at, ms }) => (event === 'commit' || event === 'rollback') && at - ms >= to - ROUNDING_MS,
  )
  return [
    ...(bracket.includes('first') && begin !== undefined ? [begin] : []),
    ...(bracket.includes('last') && end !== undefined ? [end] : []),
  ]
}

/** By how much times that were taken apart may overlap, in milliseconds. */
const ROUNDING_MS = 0.5
