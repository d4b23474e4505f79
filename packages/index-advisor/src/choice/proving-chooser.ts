import type { Candidate, RejectedCandidate } from '../candidate.ts'
import { candidateId, fieldOf } from '../candidate.ts'
import type { Choice, ChoiceQuestion, Chooser, Chosen } from '../chooser.ts'
import { CostMatrix, tableKey } from '../planner/cost-matrix.ts'
import { type HypotheticalIndex, type Planner, UnplannableQueryError } from '../planner/planner.ts'
import type { Finding } from '../recommendation.ts'
import { checkStatistics, rowsOf, statisticsFindings } from '../statistics/match-schema.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics, TableStatistics } from '../statistics/statistics.ts'
import type { Workload } from '../workload/workload.ts'
import { chooseByExtend } from './extend.ts'
import { judgedWorkload, schemaOf, type WeighedQuery, writesOf } from './judged-workload.ts'
import { proofOf, type ProofInput } from './proof.ts'
import type { SelectionItem, SelectionProblem } from './selection.ts'
import { type Upkeep, upkeepOf } from './upkeep.ts'
import { isBeginning, withVariants } from './variants.ts'

export interface ProvingChooserOptions {
  readonly statistics: Statistics
  /** The caller closes it. */
  readonly planner: Planner
  /** Without one, queries read in the source are judged, each as often as its table is scanned. */
  readonly workload?: Workload | null
  /** All recommended indexes together, bytes. Default: no limit. */
  readonly budgetBytes?: number
  /** A statement that ran less often counts as a one-off. Default 2. */
  readonly minCalls?: number
}

/** One that could be chosen, with what it takes. */
export interface ProvableIndex {
  readonly candidate: Candidate
  readonly index: HypotheticalIndex
  readonly item: SelectionItem
  readonly upkeep: Upkeep
}

/** An index must save this share of a query's cost; less is within the error of any estimate. */
const LEAST_GAIN = 0.1
/** ms that one unit of cost can take at the very most: a read from a slow disk for each page. */
const SLOWEST_UNIT_MS = 2.5

/** Chooses among the candidates by planning the workload with and without them, on statistics of the real data. */
export function provingChooser(options: ProvingChooserOptions): Chooser {
  return { choose: (question) => new Proving(question, options).run() }
}

class Proving {
  readonly #question: ChoiceQuestion
  readonly #statistics: Statistics
  readonly #planner: Planner
  readonly #workload: Workload | null
  readonly #options: ProvingChooserOptions
  readonly #matrix: CostMatrix
  readonly #rejected: RejectedCandidate[] = []
  readonly #findings: Finding[] = []

  constructor(question: ChoiceQuestion, options: ProvingChooserOptions) {
    this.#question = question
    this.#options = options
    this.#statistics = options.statistics
    this.#planner = options.planner
    this.#workload = options.workload ?? null
    this.#matrix = new CostMatrix(options.planner)
  }

  async run(): Promise<Choice> {
    const { catalog, candidates, shapes } = this.#question
    checkStatistics(catalog, this.#statistics)
    this.#findings.push(...statisticsFindings(catalog, this.#statistics), ...this.#gaps())

    const open: Candidate[] = []
    for (const candidate of candidates) {
      const reason = await this.#refusal(candidate)
      if (reason === null) open.push(candidate)
      else this.#reject(candidate, reason)
    }
    const judged = await judgedWorkload(
      catalog,
      shapes,
      open,
      this.#statistics,
      this.#workload,
      this.#options.minCalls ?? 2,
    )
    const { usable, cheap, unplanned } = await this.#plannable(judged.queries)
    const weighed = await this.#weigh(usable)
    const indexes = await this.#provable(open, weighed)
    const universe = indexes.map((each) => each.index)
    this.#matrix.setUniverse(universe)
    // Every later answer starts from these plans; made in one go, no index needs to be hidden in between.
    for (const each of weighed) await this.#matrix.plans(each.query, universe)
    const problem = this.#problem(indexes, weighed)
    const items = await this.#choose(problem, indexes, weighed)

    const chosenIndexes = indexes.filter((each) => items.includes(each.item))
    const input: ProofInput = {
      matrix: this.#matrix,
      statistics: this.#statistics,
      queries: weighed,
      indexes,
      chosen: chosenIndexes,
      planner: this.#planner.name,
    }
    const chosen: Chosen[] = []
    for (const each of chosenIndexes) chosen.push(await proofOf(each, input))
    await this.#explainRejections(open, indexes, chosenIndexes, problem, weighed, {
      cheap,
      unplanned,
      oneOff: new Set(judged.oneOff.map((query) => query.fingerprint)),
    })
    return { chosen, rejected: this.#rejected, findings: this.#findings }
  }

  async #refusal(candidate: Candidate): Promise<string | null> {
    const { table } = candidate
    const found = findTable(this.#statistics, schemaOf(this.#statistics, table.schema), table.name)
    if (found === undefined) return `The statistics know no table ${table.name}.`
    const rows = rowsOf(this.#statistics, found)
    if (rows === null) return `${table.name} was never analysed, so nothing can be proved: run ANALYZE.`
    if (rows < this.#question.minRows) {
      return `${table.model} has about ${Math.round(rows)} rows: a scan is as fast (--min-rows ${this.#question.minRows}).`
    }
    const declined = await this.#planner.decline(this.#hypothetical(candidate))
    return declined === null ? null : `Not planned: ${declined}.`
  }

  /** What the planner cannot know of the tables of the schema. */
  #gaps(): Finding[] {
    return (this.#planner.gaps ?? []).flatMap((gap): Finding[] => {
      const table = this.#question.catalog.tables.find(
        (each) => each.name === gap.table && schemaOf(this.#statistics, each.schema) === gap.schema,
      )
      if (gap.table !== null && table === undefined) return []
      return [
        {
          kind: 'statistics',
          model: table?.model ?? '',
          index: '',
          reason: `Planned without: ${gap.reason}.`,
        },
      ]
    })
  }

  #hypothetical(candidate: Candidate): HypotheticalIndex {
    return {
      id: candidateId(candidate),
      schema: schemaOf(this.#statistics, candidate.table.schema),
      table: candidate.table.name,
      keys: candidate.keys.map((key) => ({
        column: key.column,
        expression: null,
        sort: key.sort,
        operatorClass: key.operatorClass,
      })),
      predicate: candidate.predicate,
      method: candidate.type.toLowerCase(),
    }
  }

  /** Leaves out what the planner cannot plan, and what is slow though its plan is cheap. */
  async #plannable(queries: readonly WeighedQuery[]) {
    const usable: WeighedQuery[] = []
    const cheap = new Set<string>()
    const unplanned = new Map<string, string>()
    for (const each of queries) {
      try {
        const cost = Math.max(...(await this.#matrix.plans(each.query, [])).map(({ plan }) => plan.cost))
        if (each.meanMs !== null && each.meanMs > 10 + cost * SLOWEST_UNIT_MS)
          cheap.add(each.query.fingerprint)
        else usable.push(each)
      } catch (error) {
        if (!(error instanceof UnplannableQueryError)) throw error
        unplanned.set(each.query.fingerprint, error.message)
      }
    }
    for (const [fingerprint, reason] of unplanned) {
      const query = queries.find((each) => each.query.fingerprint === fingerprint)
      const name = query?.operation ?? fingerprint
      if (query?.origin === 'workload') {
        this.#findings.push({
          kind: 'unread',
          model: '',
          index: fingerprint,
          reason: `${name} is not judged: ${reason}.`,
        })
      }
    }
    return { usable, cheap, unplanned }
  }

  /** Without a workload nobody says how often a query of the source runs; how often its table is scanned is known. */
  async #weigh(queries: readonly WeighedQuery[]): Promise<readonly WeighedQuery[]> {
    if (this.#workload !== null) return queries
    const scanning = new Map<string, number>()
    for (const each of queries) {
      if (each.origin === 'source')
        for (const table of each.query.tables) scanning.set(table, (scanning.get(table) ?? 0) + 1)
    }
    return queries.map((each) => {
      if (each.origin !== 'source') return each
      const scans = each.roles.tables.map(({ schema, name }) => {
        const found = findTable(this.#statistics, schemaOf(this.#statistics, schema), name)
        const shared = scanning.get(tableKey(schemaOf(this.#statistics, schema), name)) ?? 1
        return (found?.activity.scans ?? 0) / shared
      })
      return { ...each, calls: Math.max(1, ...scans) * each.calls }
    })
  }

  async #provable(
    open: readonly Candidate[],
    queries: readonly WeighedQuery[],
  ): Promise<readonly ProvableIndex[]> {
    const indexes: ProvableIndex[] = []
    const candidates = withVariants(open)
    for (const candidate of candidates) {
      const index = this.#hypothetical(candidate)
      const table = findTable(this.#statistics, index.schema, index.table)
      if (table === undefined || (await this.#planner.decline(index)) !== null) continue
      const bytes = await this.#planner.indexBytes(index)
      const writes = writesOf(this.#statistics, index.schema, index.table, this.#workload, queries)
      const upkeep = upkeepOf(this.#statistics, table, index, bytes, shareOfRows(candidate, table), writes)
      const rivals = candidates.filter((other) => other !== candidate && sameKind(candidate, other))
      const ids = (found: readonly Candidate[]) => new Set(found.map(candidateId))
      indexes.push({
        candidate,
        index,
        upkeep,
        item: {
          id: index.id,
          table: tableKey(index.schema, index.table),
          bytes,
          upkeep: upkeep.total,
          excludes: ids(
            rivals.filter(
              (other) => isBeginning(candidate.keys, other.keys) || isBeginning(other.keys, candidate.keys),
            ),
          ),
          extends: ids(rivals.filter((other) => isBeginning(other.keys, candidate.keys))),
        },
      })
    }
    return indexes
  }

  #problem(indexes: readonly ProvableIndex[], queries: readonly WeighedQuery[]): SelectionProblem {
    const byItem = new Map(indexes.map((each) => [each.item.id, each.index]))
    const costs = new Map<string, number>()
    const tables = new Map(this.#question.catalog.tables.map((table) => [this.#key(table), table]))
    return {
      items: indexes.map((each) => each.item),
      budgetBytes: this.#options.budgetBytes ?? Infinity,
      room: (table) => {
        const existing = tables.get(table)?.indexes.length ?? 0
        return Math.max(0, this.#question.maxIndexesPerTable - existing)
      },
      cost: async (chosen) => {
        // Thousands of sets are asked for; what a query costs depends on the indexes of its own tables alone.
        const ofTable = new Map<string, string>()
        for (const item of chosen) ofTable.set(item.table, `${ofTable.get(item.table) ?? ''}${item.id}|`)
        let total = 0
        for (const [at, { query, calls }] of queries.entries()) {
          let key = String(at)
          for (const table of query.tables) key += `|${ofTable.get(table) ?? ''}`
          let cost = costs.get(key)
          if (cost === undefined) {
            const set = chosen.flatMap((item) =>
              query.tables.has(item.table) ? (byItem.get(item.id) ?? []) : [],
            )
            cost = await this.#matrix.cost(query, set)
            costs.set(key, cost)
          }
          total += cost * calls
        }
        return total
      },
    }
  }

  #key(table: { readonly schema: string | null; readonly name: string }): string {
    return tableKey(schemaOf(this.#statistics, table.schema), table.name)
  }

  /** What is chosen must help a query noticeably and may make none worse. */
  async #choose(
    problem: SelectionProblem,
    indexes: readonly ProvableIndex[],
    queries: readonly WeighedQuery[],
  ): Promise<readonly SelectionItem[]> {
    const refused = new Set<string>()
    for (;;) {
      const items = await chooseByExtend({
        ...problem,
        items: problem.items.filter((item) => !refused.has(item.id)),
      })
      const weak =
        (await this.#weakest(items, indexes, queries)) ?? (await this.#harmful(items, indexes, queries))
      if (weak === null) return items
      refused.add(weak)
    }
  }

  async #weakest(
    items: readonly SelectionItem[],
    indexes: readonly ProvableIndex[],
    queries: readonly WeighedQuery[],
  ): Promise<string | null> {
    const set = indexes.filter((each) => items.includes(each.item)).map((each) => each.index)
    let weakest: { id: string; gain: number } | null = null
    for (const item of items) {
      const without = set.filter((index) => index.id !== item.id)
      let gain = 0
      for (const { query } of queries) {
        if (!query.tables.has(item.table)) continue
        const before = await this.#matrix.cost(query, without)
        const after = await this.#matrix.cost(query, set)
        gain = Math.max(gain, (before - after) / Math.max(before, 1e-9))
      }
      if (gain < LEAST_GAIN && (weakest === null || gain < weakest.gain)) weakest = { id: item.id, gain }
    }
    return weakest?.id ?? null
  }

  async #harmful(
    items: readonly SelectionItem[],
    indexes: readonly ProvableIndex[],
    queries: readonly WeighedQuery[],
  ): Promise<string | null> {
    const set = indexes.filter((each) => items.includes(each.item)).map((each) => each.index)
    for (const { query } of queries) {
      const before = await this.#matrix.plans(query, [])
      const after = await this.#matrix.plans(query, set)
      for (const [at, { plan }] of after.entries()) {
        const old = before[at]?.plan.cost ?? Infinity
        if (plan.cost <= old * 1.01) continue
        const guilty = plan.uses.find((id) => items.some((item) => item.id === id))
        if (guilty !== undefined) return guilty
      }
    }
    return null
  }

  /** Every candidate that was not chosen is told why (X55). */
  async #explainRejections(
    open: readonly Candidate[],
    indexes: readonly ProvableIndex[],
    chosen: readonly ProvableIndex[],
    problem: SelectionProblem,
    queries: readonly WeighedQuery[],
    left: { cheap: ReadonlySet<string>; unplanned: ReadonlyMap<string, string>; oneOff: ReadonlySet<string> },
  ): Promise<void> {
    const items = chosen.map((each) => each.item)
    const set = chosen.map((each) => each.index)
    for (const candidate of open) {
      const id = candidateId(candidate)
      if (items.some((item) => item.id === id)) continue
      const own = indexes.find((each) => each.item.id === id)
      if (own === undefined) continue
      const cover = chosen.find((each) => own.item.excludes.has(each.item.id))
      if (cover !== undefined) {
        this.#reject(
          candidate,
          `The recommended ${cover.item.id} serves its queries${cover.item.bytes < own.item.bytes ? ' nearly as well at a smaller size' : ' as well'}.`,
        )
        continue
      }
      const fingerprints = candidate.evidence.flatMap((each) => each.fingerprint ?? [])
      if (
        fingerprints.length > 0 &&
        fingerprints.every((each) => left.cheap.has(each) || left.oneOff.has(each))
      ) {
        this.#reject(
          candidate,
          fingerprints.some((each) => left.cheap.has(each))
            ? 'Its query is slow although its plan is cheap: it waits for a lock, the network or the pool, and no index changes that.'
            : 'Its query ran only once: a one-off report is no reason for an index.',
        )
        continue
      }
      let gain = 0
      let used = 0
      for (const { query, calls } of queries) {
        if (!query.tables.has(own.item.table)) continue
        const before = await this.#matrix.cost(query, set)
        const plans = await this.#matrix.plans(query, [...set, own.index])
        if (plans.some(({ plan }) => plan.uses.includes(id))) used++
        gain += (before - plans.reduce((sum, { plan }) => sum + plan.cost, 0) / plans.length) * calls
      }
      this.#reject(candidate, reasonAgainst(own, used, gain, problem, items))
    }
  }

  #reject(candidate: Candidate, reason: string): void {
    this.#rejected.push({
      model: candidate.table.model,
      fields: candidate.keys.map((key) => fieldOf(candidate.table, key.column)),
      reason,
    })
  }
}

function reasonAgainst(
  own: ProvableIndex,
  used: number,
  gain: number,
  problem: SelectionProblem,
  chosen: readonly SelectionItem[],
): string {
  if (used === 0) return 'The planner would use it for none of the queries.'
  if (gain <= own.item.upkeep) {
    const saved = Math.round(gain)
    const upkeep = Math.round(own.item.upkeep)
    return own.item.upkeep > 0
      ? `Writes would pay more for it (${upkeep}) than reads would save (${saved}, in the planner's units).`
      : 'Beside the recommended indexes it saves nothing.'
  }
  const onTable = chosen.filter((item) => item.table === own.item.table).length
  if (onTable >= problem.room(own.item.table)) {
    return 'The table has as many indexes as --max-indexes-per-table allows, and others save more.'
  }
  if (chosen.reduce((sum, item) => sum + item.bytes, own.item.bytes) > problem.budgetBytes) {
    return 'It does not fit into the budget beside indexes that save more per byte.'
  }
  return `It would save less than ${LEAST_GAIN * 100} % of any query beside the recommended indexes.`
}

function sameKind(a: Candidate, b: Candidate): boolean {
  return a.table === b.table && a.type === 'BTree' && b.type === 'BTree' && a.predicate === b.predicate
}

/** Share of the rows a partial index holds, as far as a null test says so. */
function shareOfRows(candidate: Candidate, table: TableStatistics): number {
  const found = /^\(?"?([^"()]+)"? IS (NOT )?NULL\)?$/i.exec(candidate.predicate ?? '')
  if (found === null) return candidate.predicate === null ? 1 : 0.5
  const nulls = table.columns.find((column) => column.name === found[1])?.statistics?.nullFraction ?? 0.5
  return found[2] === undefined ? nulls : 1 - nulls
}
