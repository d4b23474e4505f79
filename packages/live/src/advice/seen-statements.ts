import type { ObservedStatement } from '@prisma-brisk/index-advisor'
import { nameOf } from '../answer/folded-calls.ts'
import type { History } from '../history/history.ts'

/** What the requests that are held have asked of the database, one entry for each text and place; no values. */
export function seenStatements(history: Pick<History, 'all'>): ObservedStatement[] {
  const seen = new Map<
    string,
    { sql: string; calls: number; totalMs: number; rows: number; operation: string; at: string | null }
  >()
  for (const { calls } of history.all())
    for (const call of calls)
      for (const { sql, ms, rows } of call.statements) {
        const key = `${call.callSite} ${sql}`
        const known = seen.get(key)
        if (known === undefined)
          seen.set(key, { sql, calls: 1, totalMs: ms, rows, operation: nameOf(call), at: call.callSite })
        else {
          known.calls++
          known.totalMs += ms
          known.rows += rows
        }
      }
  return [...seen.values()].map(({ rows, ...each }) => ({ ...each, rows: rows / each.calls }))
}
