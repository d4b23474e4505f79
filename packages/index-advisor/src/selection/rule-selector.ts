import type { Candidate, CandidateKey, RejectedCandidate } from '../candidate/candidate.ts'
import { candidateId, fieldOf } from '../candidate/candidate.ts'
import { uniqueEvidence, worse } from '../candidate/merged-candidate.ts'
import type { CatalogIndex, CatalogTable, IndexKey } from '../catalog/catalog.ts'
import { begins, findsEqual } from '../catalog/coverage.ts'
import { isSamePredicate } from '../sql/predicate.ts'
import { tableOf } from '../rule.ts'
import type { QueryShape } from '../shape/query-shape.ts'
import { sourceUpdates } from '../upkeep/source-updates.ts'
import { unsettledBy } from '../upkeep/unsettled.ts'
import { compareText } from '../text-order.ts'
import type { SelectionProblem, IndexSelector, SelectedIndex } from './index-selector.ts'

/**
 * Decides by rules alone: no planner, no costs; row counts only where the catalog knows them.
 *
 * One index can serve several candidates when the columns that each compares by equality can be ordered so that the
 * shorter candidates are beginnings of the longer: `(a, b | c)` also serves `(b)` as `(b, a, c)`. So the longest are
 * taken first, and each of the others is fitted into one of them if that is possible.
 */
export const ruleSelector: IndexSelector = {
  async select(problem) {
    const rejected: RejectedCandidate[] = []
    const open: Candidate[] = []
    for (const candidate of problem.candidates) {
      const reason = refusal(candidate, problem)
      if (reason === null) open.push(candidate)
      else rejected.push(reject(candidate, reason))
    }
    const writes = problem.writeWeight ?? 1
    const byTable = new Map<CatalogTable, Growing[]>()
    const late: { candidate: Candidate; keys: () => readonly IndexKey[] }[] = []
    for (const candidate of open.sort(byLength)) {
      const there = byTable.get(candidate.table) ?? []
      if (isTakenIn(candidate, there)) continue
      const keys = writes >= 2 ? findsPart(candidate, there) : undefined
      if (keys !== undefined) late.push({ candidate, keys })
      else byTable.set(candidate.table, [...there, new Growing(candidate)])
    }
    // What lengthens an index makes no more of them, and only now is it known which there will be.
    for (const { candidate, keys } of late) {
      const there = byTable.get(candidate.table) ?? []
      if (isTakenIn(candidate, there)) continue
      const shorter = there.find((each) => each.isBeginningOf(candidate))
      if (shorter === undefined) rejected.push(reject(candidate, enough(candidate, keys(), writes)))
      else shorter.growTo(candidate)
    }
    const indexes = [...byTable.values()].flat()
    for (const each of indexes) each.extendExisting()
    const grown = indexes.map((each) => each.candidate())
    const { kept, over } = withinLimit(grown, problem.maxIndexesPerTable)
    for (const each of over)
      rejected.push(
        reject(
          each,
          `${each.table.model} has as many indexes as --max-indexes-per-table allows (${problem.maxIndexesPerTable}).`,
        ),
      )
    const updating = updatingShapes(problem)
    const chosen = kept.map((candidate): SelectedIndex => {
      const unsettled =
        problem.catalog.provider === 'postgresql'
          ? unsettledBy(candidate, sourceUpdates(updating.get(candidate.table) ?? []))
          : undefined
      return {
        candidate,
        confidence: candidate.table.rows === null ? 'static' : 'estimated',
        ...(unsettled === undefined ? {} : { unsettled }),
      }
    })
    return { chosen, rejected, findings: [], basis: basisOf(problem) }
  },
}

/** By the table that they write. */
function updatingShapes({
  catalog,
  shapes,
}: SelectionProblem): ReadonlyMap<CatalogTable, readonly QueryShape[]> {
  const byTable = new Map<CatalogTable, QueryShape[]>()
  for (const shape of shapes) {
    const table = shape.sets === undefined ? undefined : tableOf(catalog, shape)
    if (table === undefined) continue
    const known = byTable.get(table)
    if (known === undefined) byTable.set(table, [shape])
    else known.push(shape)
  }
  return byTable
}

function basisOf({ catalog, shapes }: SelectionProblem): string {
  const kinds = new Set(shapes.map((each) => each.evidence.kind))
  const from = [
    'the schema',
    ...(kinds.has('source') ? ['the source'] : []),
    ...(kinds.has('workload') ? ['the workload'] : []),
    ...(catalog.tables.some((table) => table.rows !== null) ? ['the number of rows'] : []),
  ]
  const list = from.length === 1 ? from[0] : `${from.slice(0, -1).join(', ')} and ${from.at(-1)}`
  return (
    `Decided by rules, from ${list}: an index that finds and sorts is preferred to one that only finds. ` +
    'Planned on statistics (--statistics, --database-url) it may be a shorter one, where sorting costs little.'
  )
}

function refusal(candidate: Candidate, { minRows }: SelectionProblem): string | null {
  const { rows, model } = candidate.table
  if (rows !== null && rows < minRows)
    return `${model} has about ${rows} rows: a scan is as fast (--min-rows ${minRows}).`
  if (!candidate.isFirstChoice)
    return 'A second way to serve the query; which one is better only a planner can say (--planner).'
  return null
}

/** An index that grows to serve more candidates. Groups hold keys whose order among each other is still open. */
class Growing {
  private groups: CandidateKey[][]
  private readonly served: Candidate[]

  constructor(private readonly first: Candidate) {
    this.groups = groupsOf(first)
    this.served = [first]
  }

  /** Where the order is open, an index that exists already shall be the beginning, so that it becomes redundant. */
  extendExisting(): void {
    if (this.first.type !== 'BTree' || this.first.predicate !== null) return
    for (const index of this.first.table.indexes) {
      const refined = refinedByIndex(this.groups, index)
      if (refined !== null && begins(index, refined.flat())) this.groups = refined
    }
  }

  takes(candidate: Candidate): boolean {
    return this.refinedBy(candidate) !== null
  }

  /** In some order of the columns that the candidate compares by equality. */
  isBeginningOf(candidate: Candidate): boolean {
    return this.isAlike(candidate) && refine(groupsOf(candidate), this.groups) !== null
  }

  growTo(candidate: Candidate): void {
    this.groups = refine(groupsOf(candidate), this.groups) ?? this.groups
    this.served.push(candidate)
  }

  /** Without an order of columns that was open until now. */
  beginsAs(candidate: Candidate): boolean {
    return this.refinedBy(candidate)?.length === this.groups.length
  }

  takeIn(candidate: Candidate): void {
    this.groups = this.refinedBy(candidate) ?? this.groups
    this.served.push(candidate)
  }

  /** The columns that both compare by equality can lead this one: it finds some of the rows to look through. */
  findsPartOf(candidate: Candidate): boolean {
    const common = this.common(candidate)
    const refined = common.keys.length === 0 ? null : this.refinedBy({ ...candidate, ...common })
    if (refined === null) return false
    this.groups = refined
    return true
  }

  keys(): readonly CandidateKey[] {
    return this.groups.flat()
  }

  private common({ keys, freeKeys }: Candidate): { keys: CandidateKey[]; freeKeys: number } {
    const mine = this.groups[0] ?? []
    const both = keys.slice(0, freeKeys).filter((key) => mine.some((each) => same(each, key)))
    return { keys: both, freeKeys: both.length }
  }

  private refinedBy(candidate: Candidate): CandidateKey[][] | null {
    if (!this.isAlike(candidate)) return null
    for (const keys of this.inMyDirections(candidate)) {
      const refined = refine(this.groups, groupsOf({ ...candidate, keys }))
      if (refined !== null) return refined
    }
    return null
  }

  /** What is compared by equality is found in either direction, and what is sorted by is read backwards as easily. */
  private inMyDirections({ keys, freeKeys }: Candidate): CandidateKey[][] {
    const mine = new Map(this.keys().map((each) => [each.column, each.sort]))
    const free = keys
      .slice(0, freeKeys)
      .map((each) => ({ ...each, sort: mine.get(each.column) ?? each.sort }))
    const tail = keys.slice(freeKeys)
    const turned = tail.map((each): CandidateKey => ({
      ...each,
      sort: each.sort === 'asc' ? 'desc' : 'asc',
    }))
    return [
      [...free, ...tail],
      [...free, ...turned],
    ]
  }

  private isAlike({ table, type, predicate }: Candidate): boolean {
    const { first } = this
    return table === first.table && type === first.type && isSamePredicate(predicate, first.predicate)
  }

  candidate(): Candidate {
    const { first, served } = this
    const keys = this.groups.flat()
    return {
      ...first,
      keys,
      freeKeys: this.groups[0]?.length ?? 0,
      severity: served.map((each) => each.severity).reduce(worse),
      reason: [...new Set(served.map((each) => each.reason))].join(' '),
      evidence: uniqueEvidence(served.flatMap((each) => each.evidence)),
      replaces:
        first.predicate === null
          ? first.table.indexes.filter((index) => begins(index, keys)).map((index) => index.name)
          : [],
    }
  }
}

/** Served by an index that there will be. One that begins so already is left as free as it was, for those that come later. */
function isTakenIn(candidate: Candidate, there: readonly Growing[]): boolean {
  const taken = there.find((each) => each.beginsAs(candidate)) ?? there.find((each) => each.takes(candidate))
  taken?.takeIn(candidate)
  return taken !== undefined
}

/**
 * The keys of an index that finds some of the rows to look through: one to come, or one that is there and stays. None where
 * the candidate only lengthens one that is there.
 */
function findsPart(
  candidate: Candidate,
  growing: readonly Growing[],
): (() => readonly IndexKey[]) | undefined {
  const { table, type, predicate } = candidate
  if (table.indexes.some((index) => isBeginningOf(index, candidate))) return undefined
  const grown = growing.find((each) => each.findsPartOf(candidate))
  if (grown !== undefined) return () => grown.keys()
  const free = candidate.keys.slice(0, candidate.freeKeys).map((key) => key.column)
  if (type !== 'BTree') return undefined
  const found = table.indexes.find((index) => {
    const [first] = index.keys
    const holds = index.predicate === null || isSamePredicate(index.predicate, predicate)
    return (
      index.type === 'BTree' &&
      holds &&
      index.unusable === undefined &&
      first !== undefined &&
      findsEqual(first) &&
      free.some((each) => each === first.column)
    )
  })
  return found === undefined ? undefined : () => found.keys
}

/** An existing index that becomes redundant beside the candidate, in some order of the columns it compares by equality. */
function isBeginningOf(index: CatalogIndex, candidate: Candidate): boolean {
  if (candidate.type !== 'BTree' || candidate.predicate !== null) return false
  const refined = refinedByIndex(groupsOf(candidate), index)
  return refined !== null && begins(index, refined.flat())
}

function refinedByIndex(groups: readonly CandidateKey[][], index: CatalogIndex): CandidateKey[][] | null {
  const keys = index.keys.filter((key): key is CandidateKey => key.column !== null)
  if (keys.length !== index.keys.length) return null
  return refine(
    groups,
    keys.map((key) => [key]),
  )
}

function enough(candidate: Candidate, keys: readonly IndexKey[], weight: number): string {
  const { table } = candidate
  const fields = keys.map(({ column, expression }) =>
    column === null ? (expression ?? '') : fieldOf(table, column),
  )
  return `${table.model}(${fields.join(', ')}) finds its rows by ${fields[0]}: with --write-weight ${weight} that is enough, for each index more costs every insert.`
}

function groupsOf({ keys, freeKeys }: Candidate): CandidateKey[][] {
  const free = keys.slice(0, freeKeys)
  return [...(free.length > 0 ? [free] : []), ...keys.slice(freeKeys).map((key) => [key])]
}

/** The groups of `long`, split so that `short` is their beginning; null when no order makes it one. */
function refine(long: readonly CandidateKey[][], short: readonly CandidateKey[][]): CandidateKey[][] | null {
  const done: CandidateKey[][] = []
  let left = [...long]
  let wanted = [...short]
  while (wanted.length > 0) {
    const [mine, ...more] = left
    const [theirs, ...others] = wanted as [CandidateKey[], ...CandidateKey[][]]
    if (mine === undefined) return null
    const both = mine.filter((key) => theirs.some((each) => same(each, key)))
    if (both.length === theirs.length) {
      const rest = mine.filter((key) => !both.includes(key))
      done.push(both)
      left = rest.length > 0 ? [rest, ...more] : more
      wanted = others
    } else if (both.length === mine.length) {
      done.push(mine)
      left = more
      wanted = [theirs.filter((key) => !mine.some((each) => same(each, key))), ...others]
    } else return null
  }
  return [...done, ...left]
}

function same(a: CandidateKey, b: CandidateKey): boolean {
  return (
    a.column === b.column && a.sort === b.sort && a.length === b.length && a.operatorClass === b.operatorClass
  )
}

/**
 * Longest first; else by where the columns stand in the model, so that neither the order of the source files nor what the
 * columns are called changes anything; the id decides between the same columns.
 */
function byLength(a: Candidate, b: Candidate): number {
  if (a.keys.length !== b.keys.length) return b.keys.length - a.keys.length
  const [left, right] = [placesIn(a), placesIn(b)]
  const at = left.findIndex((place, key) => place !== right[key])
  if (at !== -1) return (left[at] ?? 0) - (right[at] ?? 0)
  const [x, y] = [candidateId(a), candidateId(b)]
  return x < y ? -1 : x > y ? 1 : 0
}

function placesIn({ table, keys }: Candidate): number[] {
  return keys.map((key) => table.columns.findIndex((each) => each.name === key.column)).sort((a, b) => a - b)
}

function withinLimit(
  candidates: readonly Candidate[],
  limit: number,
): { kept: readonly Candidate[]; over: readonly Candidate[] } {
  if (limit === Infinity) return { kept: candidates, over: [] }
  const count = new Map<CatalogTable, number>()
  const kept: Candidate[] = []
  const over: Candidate[] = []
  const order = ['high', 'medium', 'low']
  const byWorth = (a: Candidate, b: Candidate) =>
    order.indexOf(a.severity) - order.indexOf(b.severity) ||
    b.keys.length - a.keys.length ||
    compareText(candidateId(a), candidateId(b))
  for (const each of [...candidates].sort(byWorth)) {
    const used = count.get(each.table) ?? each.table.indexes.length
    if (used >= limit) over.push(each)
    else kept.push(each)
    count.set(each.table, used + (used >= limit ? 0 : 1))
  }
  return { kept, over }
}

function reject(candidate: Candidate, reason: string): RejectedCandidate {
  return {
    model: candidate.table.model,
    fields: candidate.keys.map((key) => fieldOf(candidate.table, key.column)),
    reason,
  }
}
