import type { Binding } from '../binding/binding.ts'
import { qualifiedName } from '../statistics/sql-text.ts'
import { tableLabel } from '../catalog/catalog.ts'
import type { Candidate, RejectedCandidate } from '../candidate/candidate.ts'
import { candidateId, fieldOf } from '../candidate/candidate.ts'
import type { IndexSelection, SelectionProblem, IndexSelector, SelectedIndex } from './index-selector.ts'
import { CostMatrix, tableKey } from '../planner/cost-matrix.ts'
import type { HypotheticalIndex, Planner } from '../planner/planner.ts'
import type { Remark } from '../advice/advice.ts'
import { mergedCandidates } from '../candidate/merged-candidate.ts'
import { checkStatistics, rowsOf, statisticsFindings } from '../statistics/match-schema.ts'
import { findTable } from '../statistics/statistics.ts'
import type { Statistics } from '../statistics/statistics.ts'
import type { Workload } from '../workload/workload.ts'
import { declaredIndexes, notInPlaceOf, notInPlaceOfExisting } from './standing-indexes.ts'
import { writesOf } from './counted-writes.ts'
import { judgedWorkload, schemaOf } from './judged-workload.ts'
import { plannableQueries, weighedByScans } from './plannable-queries.ts'
import { costOfShape } from './shape-cost.ts'
import { PlannedSelection } from './planned-selection.ts'
import { dearWrites, proofOf, shorterReason, type ProofInput } from './proof.ts'
import { hypotheticalIndex, provableIndexes } from './provable-index.ts'
import { rejectionReason } from './rejection-reason.ts'
import { ruleSelector } from './rule-selector.ts'

export interface ProvingSelectorOptions {
  readonly statistics: Statistics
  /** The caller closes it. */
  readonly planner: Planner
  /** Without one, queries read in the source are judged, each as often as its table is scanned. */
  readonly workload?: Workload | null | undefined
  /** All recommended indexes together, bytes. Default: no limit. */
  readonly budgetBytes?: number | undefined
  /** A statement that ran less often counts as a one-off. Default 2. */
  readonly minCalls?: number | undefined
}

/** Chooses among the candidates by planning the workload with and without them, on statistics of the real data. */
export function provingSelector(options: ProvingSelectorOptions): IndexSelector {
  return {
    select: (problem) => new Proving(problem, options).run(),
    costOf: (catalog, shape, chosen) =>
      costOfShape(catalog, shape, { statistics: options.statistics, planner: options.planner, chosen }),
  }
}

class Proving {
  readonly #problem: SelectionProblem
  readonly #statistics: Statistics
  readonly #planner: Planner
  readonly #workload: Workload | null
  readonly #options: ProvingSelectorOptions
  readonly #matrix: CostMatrix
  readonly #scanCosts = new Map<string, number>()
  readonly #rejected: RejectedCandidate[] = []
  readonly #findings: Remark[] = []

  constructor(problem: SelectionProblem, options: ProvingSelectorOptions) {
    this.#problem = problem
    this.#options = options
    this.#statistics = options.statistics
    this.#planner = options.planner
    this.#workload = options.workload ?? null
    this.#matrix = new CostMatrix(options.planner)
  }

  async run(): Promise<IndexSelection> {
    const { catalog, shapes } = this.#problem
    const candidates = mergedCandidates(this.#problem.candidates)
    checkStatistics(catalog, this.#statistics)
    this.#findings.push(...statisticsFindings(catalog, this.#statistics), ...this.#gaps())

    const declared = await declaredIndexes(catalog, this.#statistics, this.#planner)
    this.#matrix.setBase(declared)
    this.#findings.push(...declared.map((index) => this.#declaration(index)))

    const open: Candidate[] = []
    const unknown = candidates.filter((candidate) => this.#isUnknown(candidate))
    for (const candidate of candidates) {
      if (unknown.includes(candidate)) continue
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
    // What ran was measured without the indexes that are only declared: with them, a mended query would be one that is
    // slow for no reason of its plan.
    const measured = declared.length === 0 ? this.#matrix : new CostMatrix(this.#planner)
    const { usable, cheap, findings } = await plannableQueries(judged.queries, measured)
    this.#findings.push(...findings)
    const queries = this.#workload === null ? weighedByScans(usable, this.#statistics) : usable
    const writeWeight = this.#problem.writeWeight ?? 1
    // Writes are counted by all that ran, judged or not.
    const writes = (index: HypotheticalIndex) =>
      writesOf(this.#statistics, index.schema, index.table, this.#workload, judged.queries, shapes)
    const provable = await provableIndexes(open, this.#statistics, this.#planner, writes, writeWeight)
    const inPlace = new Map(
      await notInPlaceOf(declared, provable, queries, writes, {
        matrix: measured,
        statistics: this.#statistics,
        planner: this.#planner,
        writeWeight,
      }),
    )
    const indexes = provable.filter((each) => !inPlace.has(each.item.id))
    const universe = indexes.map((each) => each.index)
    this.#matrix.setUniverse(universe)
    // Every later answer starts from these plans; made in one go, no index needs to be hidden in between.
    for (const each of queries) await this.#matrix.plans(each.query, universe)
    const selection = new PlannedSelection(
      this.#matrix,
      indexes,
      queries,
      { budgetBytes: await this.#budget(declared), room: (table) => this.#room(table) },
      (key) => this.#scanCost(key),
    )

    const input: ProofInput = {
      matrix: this.#matrix,
      statistics: this.#statistics,
      queries,
      indexes,
      chosen: await selection.choose(async (chosen) => {
        const found = await notInPlaceOfExisting(chosen, {
          statistics: this.#statistics,
          planner: this.#planner,
          queries,
          matrix: this.#matrix,
          declared,
          writes,
          writeWeight,
        })
        for (const [id, reason] of found) inPlace.set(id, reason)
        return found.keys()
      }),
      candidates: open,
      planner: this.#planner.name,
      total: await selection.problem.cost([]),
    }
    const chosen: SelectedIndex[] = []
    for (const each of input.chosen) {
      const why = await shorterReason(each, input)
      const proof = await proofOf(each, input)
      this.#findings.push(...dearWrites(each.candidate.table.model, proof))
      chosen.push(why === null ? proof : { ...proof, reason: `${proof.candidate.reason} ${why}` })
    }
    const oneOff = new Set(judged.oneOff.map((query) => query.fingerprint))
    for (const candidate of open) {
      const reason =
        inPlace.get(candidateId(candidate)) ??
        (await rejectionReason(candidate, { ...input, problem: selection.problem, cheap, oneOff }))
      if (reason !== null) this.#reject(candidate, reason)
    }
    chosen.push(...(await this.#chosenByRules(unknown)))
    return { chosen, rejected: this.#rejected, findings: this.#findings, basis: this.#basis(queries.length) }
  }

  /** Whether the table was never analysed: nobody knows how many rows it has, or that it has none. */
  #isUnknown({ table }: Candidate): boolean {
    const found = findTable(this.#statistics, schemaOf(this.#statistics, table.schema), table.name)
    return found !== undefined && rowsOf(this.#statistics, found) === null
  }

  /** As if there were no statistics: that none were collected is no proof that no index is missing. */
  async #chosenByRules(candidates: readonly Candidate[]): Promise<readonly SelectedIndex[]> {
    if (candidates.length === 0) return []
    const { chosen, rejected } = await ruleSelector.select({ ...this.#problem, candidates })
    this.#rejected.push(...rejected)
    return chosen.map((each) => ({
      ...each,
      reason: `${each.candidate.reason} Not proved: ${tableLabel(each.candidate.table)} was never analysed, run ANALYZE.`,
    }))
  }

  async #refusal(candidate: Candidate): Promise<string | null> {
    const { table } = candidate
    const found = findTable(this.#statistics, schemaOf(this.#statistics, table.schema), table.name)
    if (found === undefined) return `The statistics know no table ${tableLabel(table)}.`
    const rows = rowsOf(this.#statistics, found)
    if (rows !== null && rows < this.#problem.minRows) {
      return `${table.model} has about ${Math.round(rows)} rows: a scan is as fast (--min-rows ${this.#problem.minRows}).`
    }
    const declined = await this.#planner.decline(hypotheticalIndex(candidate, this.#statistics))
    return declined === null ? null : `Not planned: ${declined}.`
  }

  /** What the planner cannot know of the tables of the schema. */
  #gaps(): Remark[] {
    return (this.#planner.gaps ?? []).flatMap((gap): Remark[] => {
      const table = this.#problem.catalog.tables.find(
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

  #basis(queries: number): string {
    const values = this.#statistics.values ? '' : ' (without values)'
    const planned = `Planned by ${this.#planner.name} on statistics of ${this.#statistics.server.name}${values}`
    return this.#workload === null
      ? `${planned}: ${queries} queries of the source and the foreign keys, each as often as its table is scanned. With a workload (--workload) real calls are weighed, which may choose otherwise.`
      : `${planned}: ${queries} queries, those of the workload by their calls.`
  }

  /** What is declared and not built yet takes its part of the budget, as it did when it was recommended. */
  async #budget(declared: readonly HypotheticalIndex[]): Promise<number> {
    const { budgetBytes = Infinity } = this.#options
    if (budgetBytes === Infinity) return budgetBytes
    const taken = await Promise.all(declared.map((index) => this.#planner.indexBytes(index)))
    return Math.max(0, budgetBytes - taken.reduce((sum, bytes) => sum + bytes, 0))
  }

  async #scanCost(key: string): Promise<number> {
    const known = this.#scanCosts.get(key)
    if (known !== undefined) return known
    const table = this.#problem.catalog.tables.find((each) => this.#key(each) === key)
    const name = qualifiedName(
      table === undefined ? null : schemaOf(this.#statistics, table.schema),
      table?.name ?? '',
    )
    const binding: Binding = { kind: 'common', values: [] }
    const whole = { fingerprint: key, sql: `select * from ${name}`, parameters: 0 }
    const { cost } = await this.#planner.plan(whole, [], binding)
    this.#scanCosts.set(key, cost)
    return cost
  }

  #room(table: string): number {
    const existing =
      this.#problem.catalog.tables.find((each) => this.#key(each) === table)?.indexes.length ?? 0
    return Math.max(0, this.#problem.maxIndexesPerTable - existing)
  }

  #declaration(index: HypotheticalIndex): Remark {
    const table = this.#problem.catalog.tables.find(
      (each) => each.name === index.table && schemaOf(this.#statistics, each.schema) === index.schema,
    )
    const columns = index.keys.map((key) => key.column ?? key.expression).join(', ')
    return {
      kind: 'statistics',
      model: table?.model ?? '',
      index: '',
      reason: `${table === undefined ? index.table : tableLabel(table)}(${columns}) is declared and not in the statistics yet: planned as if it were built.`,
    }
  }

  #key(table: { readonly schema: string | null; readonly name: string }): string {
    return tableKey(schemaOf(this.#statistics, table.schema), table.name)
  }

  #reject(candidate: Candidate, reason: string): void {
    this.#rejected.push({
      model: candidate.table.model,
      fields: candidate.keys.map((key) => fieldOf(candidate.table, key.column)),
      reason,
    })
  }
}
