import type { WriteCost } from '../advice/advice.ts'
import type { Candidate } from '../candidate/candidate.ts'

/** What an inserted row costs beside its index entries, in entries: sent by itself, and among many. */
const BY_ITSELF = 3.3
const AMONG_MANY = 1.08

/** Share of what a workload costs that keeping an index may take before it is said. */
export const WRITE_BOUND = 0.05

/**
 * By how much one index more makes inserts dearer: an entry, beside the row and the entries there are. Measured on the
 * tables of a real application: three indexes beside the primary key made single inserts 70 % slower and inserts in bulk
 * 144 %, 23 % and 48 % each. Small rows on an idle server pay less, random keys that outgrow the cache more.
 *
 * @example
 * insertCost(candidate) // { indexes: 1, single: 0.23, bulk: 0.48 }: the first beside the primary key
 */
export function insertCost({ table, kept, type }: Candidate): WriteCost {
  const indexes = table.indexes.length
  const share = kept ?? 1
  return {
    indexes,
    single: rounded(share / (BY_ITSELF + indexes)),
    bulk: rounded(share / (AMONG_MANY + indexes)),
    ...(type === 'BTree' ? {} : { isAtLeast: true }),
  }
}

function rounded(share: number): number {
  return Math.round(share * 1000) / 1000
}
