import type { Badge, RequestRow } from '../../../src/index.ts'
import { Value } from '../state/value.ts'

/** Which requests the list shows. */
export interface ListFilter {
  readonly text: string
  /** The whole name; empty for all. */
  readonly route: string
  /** A request that has one of them passes; empty for all. */
  readonly badges: readonly Badge[]
}

export const NO_FILTER: ListFilter = { text: '', route: '', badges: [] }

export const listFilter = new Value<ListFilter>(NO_FILTER)

export function filtered(
  rows: readonly RequestRow[],
  { text, route, badges }: ListFilter,
): readonly RequestRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  if (words.length === 0 && route === '' && badges.length === 0) return rows
  return rows.filter((row) => {
    if (route !== '' && row.name !== route) return false
    if (badges.length > 0 && !badges.some((badge) => row.badges.includes(badge))) return false
    if (words.length === 0) return true
    const said = `${row.name} ${row.status ?? ''} ${row.id} ${row.badges.join(' ')}`.toLowerCase()
    return words.every((word) => said.includes(word))
  })
}

/** Names with their counts, the most often seen first. */
export function routesIn(rows: readonly RequestRow[]): [name: string, count: number][] {
  const counts = new Map<string, number>()
  for (const { name } of rows) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].sort(([, a], [, b]) => b - a)
}

export function badgesIn(rows: readonly RequestRow[]): Map<Badge, number> {
  const counts = new Map<Badge, number>()
  for (const { badges } of rows) for (const badge of badges) counts.set(badge, (counts.get(badge) ?? 0) + 1)
  return counts
}
