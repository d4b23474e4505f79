import { Value } from './value.ts'

export const TABS = ['request', 'routes', 'queries', 'cache', 'indexes', 'batching'] as const
export type Tab = (typeof TABS)[number]

/** What the page shows; it stands in the address, so that it can be linked to and gone back from. */
export interface Place {
  readonly tab: Tab
  /** The opened request. */
  readonly request: string | null
}

export const place = new Value<Place>(placeOf(location.hash))

addEventListener('hashchange', () => place.set(placeOf(location.hash)))

/** `#/requests/ID`, `#/routes`, … */
export function addressOf({ tab, request }: Place): string {
  if (tab !== 'request') return `#/${tab}`
  return request === null ? '#/requests' : `#/requests/${request}`
}

export function openRequest(id: string | null): void {
  go({ tab: 'request', request: id })
}

export function go(to: Place): void {
  location.hash = addressOf(to)
  place.set(to)
}

function placeOf(hash: string): Place {
  const [, room = '', id = ''] = hash.replace(/^#/, '').split('/')
  if (room === 'requests') return { tab: 'request', request: id === '' ? null : id }
  const tab = TABS.find((each) => each === room)
  return { tab: tab ?? 'request', request: null }
}
