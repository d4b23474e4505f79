import type { CacheView } from '../../../src/index.ts'
import { requestList } from '../hub/request-list.ts'
import { useAnswer } from '../hub/use-answer.ts'
import { useDirectory } from '../hub/use-directory.ts'
import { openRequest } from '../state/place.ts'
import { useValue } from '../state/value.ts'
import { Chart } from '../ui/chart.tsx'
import { clock, count, counted, percent } from '../ui/format.ts'
import { PlaceLink } from '../ui/place-link.tsx'
import { reachText } from '../ui/reach-text.ts'
import { SortedTable, type Column } from '../ui/sorted-table.tsx'
import { Tab } from './tab.tsx'

type ModelReads = CacheView['models'][number]
type Invalidation = CacheView['invalidations'][number]

const MODELS: Column<ModelReads>[] = [
  { title: 'Model', isWide: true, value: ({ model }) => model },
  { title: 'Hits', isNumber: true, value: ({ hits }) => hits, cell: ({ hits }) => count(hits) },
  { title: 'Misses', isNumber: true, value: ({ misses }) => misses, cell: ({ misses }) => count(misses) },
  {
    title: 'Bypasses',
    isNumber: true,
    value: ({ bypasses }) => bypasses,
    cell: ({ bypasses }) => count(bypasses),
  },
  {
    title: 'Hit rate',
    isNumber: true,
    value: rateOf,
    cell: (each) => (each.hits + each.misses === 0 ? '–' : percent(rateOf(each))),
  },
]

const invalidationsIn = (cwd: string): Column<Invalidation>[] => [
  { title: 'Time', value: ({ time }) => time, cell: ({ time }) => clock(time) },
  { title: 'Write', value: ({ by }) => by },
  {
    title: 'Place',
    value: ({ callSite }) => callSite ?? '',
    cell: ({ callSite }) =>
      callSite === null ? (
        <span class="soft">none recorded</span>
      ) : (
        <PlaceLink callSite={callSite} cwd={cwd} />
      ),
  },
  {
    title: 'Dropped',
    isWide: true,
    value: ({ tags }) => tags,
    cell: ({ tags, reach }) => (
      <>
        {counted(tags, 'tag')}
        {reach !== null && <span class="soft">: {reachText(reach)}</span>}
      </>
    ),
  },
  {
    title: 'Request',
    value: ({ request }) => request ?? '',
    cell: ({ request }) =>
      request === null ? (
        <span class="soft">a source of changes</span>
      ) : (
        <button class="link" onClick={() => openRequest(request)}>
          open
        </button>
      ),
  },
]

/** What the cache answered, and what made it forget. */
export function CacheTab() {
  const { value } = useAnswer<CacheView>('api/cache', useValue(requestList.rows))
  const cwd = useDirectory()
  if (value === null) return <Tab title="Cache">{null}</Tab>
  const { hitRate, series, models, bypasses, invalidations, reads } = value
  const { hits = [], misses = [] } = series.sums
  const rates = hits.map((each, index) => {
    const asked = each + (misses[index] ?? 0)
    return asked === 0 ? null : each / asked
  })
  const reasons = Object.entries(bypasses).sort(([, a], [, b]) => b - a)
  const total = Object.values(reads).reduce((sum, each) => sum + each, 0)
  return (
    <Tab
      title="Cache"
      about={
        hitRate === null
          ? 'No read has asked the cache so far: give a model or a call a cacheStrategy.'
          : `${percent(hitRate)} of the reads that asked the cache were answered by it; ${counted(total, 'read')} in all.`
      }
    >
      <h3>Hit rate</h3>
      <Chart
        label={`Hit rate of the cache over time; ${hitRate === null ? 'no reads yet' : `${percent(hitRate)} in all`}`}
        seconds={series.seconds}
        lines={[{ name: 'hit rate', values: rates, colour: '--good', isFilled: true }]}
        max={1}
        format={(each) => `${Math.round(each * 100)} %`}
      />
      <h3>Models</h3>
      <SortedTable
        label="Reads by model"
        rows={models}
        columns={MODELS}
        keyOf={({ model }) => model}
        empty="None."
      />
      <h3>Invalidations</h3>
      <p class="hint-line">
        A tag stands for rows that a write changed, or lists they are in. Entries that rest on it are not
        believed any more; the store does not count them.
      </p>
      <SortedTable
        label="Invalidations"
        rows={invalidations}
        columns={invalidationsIn(cwd)}
        keyOf={(each) => `${each.time} ${each.by} ${each.request} ${each.callSite}`}
        empty="No write has invalidated anything so far."
      />
      <h3>Why reads were bypassed</h3>
      {reasons.length === 0 ? (
        <p class="hint-line">None was.</p>
      ) : (
        <dl class="reasons">
          {reasons.map(([reason, times]) => (
            <div key={reason}>
              <dt>{reason}</dt>
              <dd>{count(times)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Tab>
  )
}

function rateOf({ hits, misses }: ModelReads): number {
  return hits + misses === 0 ? 0 : hits / (hits + misses)
}
