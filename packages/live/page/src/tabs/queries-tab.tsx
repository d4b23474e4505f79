import { useState } from 'preact/hooks'
import type { QueryView } from '../../../src/index.ts'
import { requestList } from '../hub/request-list.ts'
import { useAnswer } from '../hub/use-answer.ts'
import { useDirectory } from '../hub/use-directory.ts'
import { StatementView } from '../request/statement.tsx'
import { openRequest } from '../state/place.ts'
import { useValue } from '../state/value.ts'
import { count, counted, milliseconds } from '../ui/format.ts'
import { PlaceLink } from '../ui/place-link.tsx'
import { SortedTable, type Column } from '../ui/sorted-table.tsx'
import { gist } from '../ui/sql-gist.ts'
import { Tab } from './tab.tsx'

/** Statements by shape. */
export function QueriesTab() {
  const { value } = useAnswer<QueryView[]>('api/queries', useValue(requestList.rows))
  const [opened, setOpened] = useState<string | null>(null)
  const cwd = useDirectory()
  const queries = value ?? []
  const columns: Column<QueryView>[] = [
    {
      title: 'Statement',
      isWide: true,
      value: ({ sql }) => sql,
      cell: ({ sql, fingerprint }) => (
        <button
          class="link sql-line clamped"
          aria-expanded={fingerprint === opened}
          onClick={() => setOpened(fingerprint === opened ? null : fingerprint)}
        >
          {gist(sql)}
        </button>
      ),
    },
    { title: 'Count', isNumber: true, value: (each) => each.count, cell: (each) => count(each.count) },
    {
      title: 'Total',
      isNumber: true,
      value: ({ totalMs }) => totalMs,
      cell: ({ totalMs }) => milliseconds(totalMs),
    },
    {
      title: 'Mean',
      isNumber: true,
      value: (each) => each.totalMs / each.count,
      cell: (each) => milliseconds(each.totalMs / each.count),
    },
    { title: 'Rows', isNumber: true, value: ({ rows }) => rows, cell: ({ rows }) => count(rows) },
    {
      title: 'Places',
      isNumber: true,
      value: ({ places }) => places.length,
      cell: ({ places }) => count(places.length),
    },
  ]
  const query = queries.find(({ fingerprint }) => fingerprint === opened)
  return (
    <Tab title="Queries" about="Statements that differ in their values alone are one.">
      {query !== undefined && (
        <section class="opened-query" aria-label="The chosen statement">
          <p>
            {counted(query.places.length, 'place')}:{' '}
            {query.places.map((place) => (
              <span key={place} class="listed">
                <PlaceLink callSite={place} cwd={cwd} />
              </span>
            ))}
          </p>
          <StatementView
            key={query.fingerprint}
            request={query.latest}
            statement={{
              sql: query.sql,
              fingerprint: query.fingerprint,
              ms: query.totalMs / query.count,
              rows: Math.round(query.rows / query.count),
              at: 0,
              waitMs: 0,
            }}
          />
          <p class="actions">
            <button class="small" onClick={() => openRequest(query.latest)}>
              Open the latest request
            </button>
            <button class="small" onClick={() => setOpened(null)}>
              Close
            </button>
          </p>
        </section>
      )}
      <SortedTable
        label="Queries"
        rows={queries}
        columns={columns}
        keyOf={({ fingerprint }) => fingerprint}
        empty="No statement so far."
      />
    </Tab>
  )
}
