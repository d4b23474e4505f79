import type { Badge } from '../../../src/index.ts'

/** What colour a badge has: bad, worth a look, or good news. */
const TONES: Readonly<Record<Badge, 'bad' | 'warn' | 'good' | 'note'>> = {
  'N+1': 'warn',
  'duplicate reads': 'warn',
  'unlimited list': 'warn',
  'rows thrown away': 'warn',
  'sequential scan': 'warn',
  slow: 'warn',
  failed: 'bad',
  aborted: 'bad',
  limited: 'warn',
  cached: 'good',
  merged: 'note',
}

export const BADGES = Object.keys(TONES) as Badge[]

export function toneOf(badge: Badge): string {
  return TONES[badge] ?? 'note'
}

export function Badges({ badges }: { badges: readonly Badge[] }) {
  return (
    <span class="badges">
      {badges.map((badge) => (
        <span key={badge} class={`badge ${toneOf(badge)}`}>
          {badge}
        </span>
      ))}
    </span>
  )
}
