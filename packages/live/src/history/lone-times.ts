import type { LiveCall } from '@prisma-brisk/slow-query'

/** Kinds of calls that are told apart, and times that are kept of each. */
const MAX_KINDS = 1000
const MAX_TIMES = 50

/** How long the statements of calls took that were sent by themselves: what a call of the same place would have cost. */
export class LoneTimes {
  private readonly kinds = new Map<string, number[]>()

  add(call: LiveCall): void {
    const { statements, error, batch } = call
    if (statements.length === 0 || error !== undefined || (batch?.calls ?? 1) > 1) return
    const key = keyOf(call)
    let times = this.kinds.get(key)
    if (times === undefined) {
      if (this.kinds.size >= MAX_KINDS) return
      this.kinds.set(key, (times = []))
    }
    times.push(statements.reduce((sum, { ms }) => sum + ms, 0))
    if (times.length > MAX_TIMES) times.shift()
  }

  /** Milliseconds; null where none was seen. */
  median(call: LiveCall): number | null {
    const times = this.kinds.get(keyOf(call))
    if (times === undefined) return null
    return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? null
  }

  clear(): void {
    this.kinds.clear()
  }
}

function keyOf({ model, operation, callSite }: LiveCall): string {
  return `${model} ${operation} ${callSite}`
}
