import type { Entry } from '../entry/entry.ts'

/**
 * XFetch (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic Cache Stampede Prevention, VLDB 2015): an entry is
 * refreshed before its time with a probability that grows towards its end, scaled by what the read costs. Of many
 * processes one or two refresh early, and none misses.
 */
export function isDueEarly(entry: Entry, age: number, beta: number, random: () => number): boolean {
  const left = entry.ttl - age
  // More than 30 costs away the probability is below 1e-13: not worth a logarithm.
  if (left > entry.cost * beta * 30) return false
  return -Math.log(1 - random()) * entry.cost * beta >= left
}
