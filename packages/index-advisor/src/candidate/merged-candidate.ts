import type { Evidence, Severity } from '../advice/advice.ts'
import { type Candidate, type CandidateKey, candidateId } from './candidate.ts'

/** Candidates of one index are one candidate, with all that speaks for it; the first decides the rest. */
export function mergedCandidates(candidates: readonly Candidate[]): Candidate[] {
  const byId = new Map<string, Candidate>()
  for (const each of candidates) {
    const id = candidateId(each)
    const known = byId.get(id)
    byId.set(
      id,
      known === undefined
        ? each
        : {
            ...withServed(known, [each]),
            freeKeys: Math.max(known.freeKeys, each.freeKeys),
            isFirstChoice: known.isFirstChoice || each.isFirstChoice,
            replaces: [...new Set([...known.replaces, ...each.replaces])],
          },
    )
  }
  return [...byId.values()]
}

/** With what speaks for others, where one index takes their place: their evidence and, where they weigh more, severity and reason. */
export function withServed(own: Candidate, served: readonly Candidate[]): Candidate {
  const weightier = served.filter((each) => worse(each.severity, own.severity) !== own.severity)
  return {
    ...own,
    severity: served.map((each) => each.severity).reduce(worse, own.severity),
    reason: [...new Set([own.reason, ...weightier.map((each) => each.reason)])].join(' '),
    evidence: uniqueEvidence([...own.evidence, ...served.flatMap((each) => each.evidence)]),
  }
}

/** Whether `long` finds what `short` finds: its columns first, those compared by equality in any order. */
export function standsFor(long: Candidate, short: Candidate): boolean {
  if (long.table !== short.table || long.type !== short.type || long.predicate !== short.predicate)
    return false
  if (long.keys.length < short.keys.length) return false
  const free = short.keys.slice(0, short.freeKeys).map((key) => key.column)
  const lead = long.keys.slice(0, short.freeKeys)
  if (!lead.every((key) => free.includes(key.column))) return false
  const sorted = short.keys.slice(short.freeKeys)
  const turned = sorted.filter((key, at) => key.sort !== long.keys[short.freeKeys + at]?.sort).length
  return (
    sorted.every((key, at) => isSameColumn(key, long.keys[short.freeKeys + at])) &&
    (turned === 0 || turned === sorted.length)
  )
}

function isSameColumn(a: CandidateKey, b: CandidateKey | undefined): boolean {
  return a.column === b?.column && a.operatorClass === b.operatorClass
}

export function worse(a: Severity, b: Severity): Severity {
  const order: Severity[] = ['high', 'medium', 'low']
  return order.indexOf(a) <= order.indexOf(b) ? a : b
}

/** By place, each once. */
export function uniqueEvidence(evidence: readonly Evidence[]): Evidence[] {
  const byKey = new Map(
    evidence.map((each) => [JSON.stringify([each.kind, each.at, each.fingerprint]), each]),
  )
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, each]) => each)
}
