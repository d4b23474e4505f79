import { requestList, type Connection } from './hub/request-list.ts'
import { editor, EDITORS, theme, THEMES, type Editor, type Theme } from './state/settings.ts'
import { addressOf, place, TABS, type Tab } from './state/place.ts'
import { useValue } from './state/value.ts'
import { counted } from './ui/format.ts'

const SAID: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'The hub is gone; what it showed stays here. Looking for it …',
  refused: 'Another hub runs here now: open the address that it printed.',
}

const TITLES: Readonly<Record<Tab, string>> = {
  request: 'Requests',
  routes: 'Routes',
  queries: 'Queries',
  cache: 'Cache',
  indexes: 'Indexes',
  batching: 'Batching',
}

export function Header() {
  const { tab: current } = useValue(place)
  const connection = useValue(requestList.connection)
  const status = useValue(requestList.status)
  return (
    <header class="top">
      <h1>
        brisk <b>live</b>
      </h1>
      <nav aria-label="Views">
        {TABS.map((tab) => (
          <a
            key={tab}
            href={addressOf({ tab, request: null })}
            aria-current={tab === current ? 'page' : undefined}
          >
            {TITLES[tab]}
          </a>
        ))}
      </nav>
      <span class={`connection ${connection}`} role="status">
        {SAID[connection]}
        {connection === 'live' && status !== null && (
          <span class="processes"> · {counted(status.processes.length, 'process', 'processes')}</span>
        )}
      </span>
      <span class="settings">
        <label>
          <span class="unseen">Editor</span>
          <select
            value={useValue(editor)}
            onChange={({ currentTarget }) => editor.set(currentTarget.value as Editor)}
          >
            {Object.entries(EDITORS).map(([name, title]) => (
              <option key={name} value={name}>
                {title}
              </option>
            ))}
          </select>
        </label>
        <label>
          <span class="unseen">Theme</span>
          <select
            value={useValue(theme)}
            onChange={({ currentTarget }) => theme.set(currentTarget.value as Theme)}
          >
            {THEMES.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </span>
    </header>
  )
}
