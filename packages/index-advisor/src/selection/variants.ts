import type { Candidate, CandidateKey } from '../candidate/candidate.ts'
import { candidateId } from '../candidate/candidate.ts'
import { begins, isPlain } from '../catalog/coverage.ts'
import { isSamePredicate } from '../sql/predicate.ts'

/**
 * Indexes that no single query asks for and that may serve several best: beginnings of the candidates, candidates
 * whose equality columns are put in the order in which another begins, and candidates without the columns that updates set.
 * Sorted and without doubles; `candidates` first.
 *
 * @param isSet does an update write the column of the candidate's table?
 */
export function withVariants(
  candidates: readonly Candidate[],
  isSet: (candidate: Candidate, column: string) => boolean = () => false,
): readonly Candidate[] {
  const all = new Map(candidates.map((candidate) => [candidateId(candidate), candidate]))
  const add = (variant: Candidate): void => {
    const id = candidateId(variant)
    if (all.has(id) || isCovered(variant)) return
    const { table, keys, predicate } = variant
    const replaced = predicate === null ? table.indexes.filter((index) => begins(index, keys)) : []
    all.set(id, { ...variant, replaces: replaced.map((index) => index.name) })
  }
  for (const candidate of candidates) {
    if (candidate.type !== 'BTree') continue
    for (const other of candidates) {
      const keys = reordered(candidate, other)
      if (keys !== null) add({ ...candidate, keys, isFirstChoice: false })
    }
    const still = candidate.keys.filter((key) => !isSet(candidate, key.column))
    if (still.length > 0 && still.length < candidate.keys.length) {
      const free = candidate.keys.slice(0, candidate.freeKeys).filter((key) => still.includes(key))
      add({ ...candidate, keys: still, freeKeys: free.length, isFirstChoice: false })
    }
    for (let length = 1; length < candidate.keys.length; length++) {
      const keys = candidate.keys.slice(0, length)
      add({
        ...candidate,
        keys,
        freeKeys: Math.min(candidate.freeKeys, length),
        isFirstChoice: false,
      })
    }
  }
  return [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, candidate]) => candidate)
}

/** `(a, b | c)` for a `(b)` that is also wanted: `(b, a | c)`. */
function reordered(long: Candidate, short: Candidate): readonly CandidateKey[] | null {
  const free = long.keys.slice(0, long.freeKeys)
  if (
    short === long ||
    short.table !== long.table ||
    short.type !== long.type ||
    short.predicate !== long.predicate
  )
    return null
  if (short.freeKeys !== short.keys.length || short.keys.length >= free.length) return null
  const lead = short.keys.map((key) => free.find((each) => each.column === key.column))
  if (lead.some((key) => key === undefined)) return null
  const rest = free.filter((key) => !lead.includes(key))
  return [...(lead as CandidateKey[]), ...rest, ...long.keys.slice(long.freeKeys)]
}

/** An index that exists begins with these columns. */
function isCovered(candidate: Candidate): boolean {
  return candidate.table.indexes.some(
    (index) =>
      index.type === 'BTree' &&
      index.unusable === undefined &&
      index.keys.slice(0, candidate.keys.length).every(isPlain) &&
      (index.predicate === null || isSamePredicate(index.predicate, candidate.predicate)) &&
      isBeginning(candidate.keys, index.keys),
  )
}

/** Whether the longer one can stand for the shorter: the same columns first, all in the same direction or all turned. */
export function isBeginning(
  short: readonly { readonly column: string | null; readonly sort: string }[],
  long: readonly { readonly column: string | null; readonly sort: string }[],
): boolean {
  if (short.length > long.length) return false
  const columns = short.every((key, at) => key.column !== null && key.column === long[at]?.column)
  if (!columns) return false
  const turned = short.filter((key, at) => key.sort !== long[at]?.sort).length
  return short.length === 1 || turned === 0 || turned === short.length
}
