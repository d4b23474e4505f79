import { useEffect } from 'preact/hooks'
import { Header } from './header.tsx'
import { RequestList } from './list/request-list.tsx'
import { RequestPane } from './request/request-pane.tsx'
import { BatchingTab } from './tabs/batching-tab.tsx'
import { CacheTab } from './tabs/cache-tab.tsx'
import { IndexesTab } from './tabs/indexes-tab.tsx'
import { QueriesTab } from './tabs/queries-tab.tsx'
import { RoutesTab } from './tabs/routes-tab.tsx'
import { openRequest, place } from './state/place.ts'
import { useValue } from './state/value.ts'

export function App() {
  const { tab, request } = useValue(place)
  useEffect(() => {
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
  return (
    <div class="frame" data-shows={tab === 'request' && request === null ? 'list' : 'pane'}>
      <Header />
      <RequestList />
      <main class="pane" tabIndex={-1}>
        {tab === 'request' && <RequestPane id={request} />}
        {tab === 'routes' && <RoutesTab />}
        {tab === 'queries' && <QueriesTab />}
        {tab === 'cache' && <CacheTab />}
        {tab === 'indexes' && <IndexesTab />}
        {tab === 'batching' && <BatchingTab />}
      </main>
    </div>
  )
}

/** `/` goes to the filter, Escape closes what is open and goes back to the list. */
function onKey(event: KeyboardEvent): void {
  const isWriting =
    event.target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)
  if (event.key === '/' && !isWriting && !event.ctrlKey && !event.metaKey) {
    document.querySelector<HTMLInputElement>('#filter')?.focus()
    event.preventDefault()
  } else if (event.key === 'Escape' && (isWriting || place.get().request !== null)) {
    // A field of the browser's own would be emptied: what it filters by stays.
    event.preventDefault()
    if (!isWriting) openRequest(null)
    document.querySelector<HTMLElement>('.grid [data-current]')?.focus()
  }
}
