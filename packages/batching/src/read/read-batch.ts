import type { Args, Field } from '@prisma-brisk/core'
import { findAggregates } from './aggregates.ts'
import { copyOf } from '../statement/copies.ts'
import { nextBatchId, publishBatch, type BatchOutcome } from '../report/batch-event.ts'
import { copyOfError } from '../statement/error-copy.ts'
import { ColumnCatalog, factOf, type ColumnFact } from '../key/column-facts.ts'
import { firstRowsCapacity } from './first-ids.ts'
import { findFirstRows } from './first-rows.ts'
import type { Group } from '../batch-key/group.ts'
import { inParallel } from '../statement/in-parallel.ts'
import { keyTypeOf, needsFact, type Fold } from '../key/key-type.ts'
import type { Member } from '../batch-key/batched-call.ts'
import type { MountState } from '../loader/mount-state.ts'
import {
  bySpelling,
  isOfOneValue,
  partsOf,
  roundsOf,
  type Part,
  type Round,
} from '../statement/key-partition.ts'
import type { Question } from '../batch-key/batch-key.ts'
import { findRows } from './rows.ts'
import type { Slot } from '../statement/slot.ts'
import { MergeMismatch, type Ask, type Finder } from '../statement/statement.ts'

/** Statements of a batch under way at a time, and how many keys they may ask for together: rows fill the memory. */
const PARALLEL = 4
const KEYS_UNDER_WAY = 65_536

/** What a statement may bind beside keys and values of `where`: LIMIT, OFFSET, and a reserve. */
const RESERVED_BINDS = 4

/**
 * Calls of one shape that came together. They are answered with as few statements as there can be, or, where those cannot
 * answer, each by itself: whatever goes wrong in between costs speed, never an answer.
 */
export class Batch {
  /** Resolves once the shared statements have been answered; calls that are then sent alone may still be waiting. */
  readonly landed: Promise<void>
  private land: () => void = () => undefined
  private readonly id = nextBatchId()
  /** Calls that no statement can answer together, equal ones side by side. */
  private readonly alone: (readonly Member[])[] = []
  /** Calls whose statement could not answer them. */
  private readonly unanswered: Member[] = []
  private statements = 0
  /** Keys of the largest of the statements. */
  private mostKeys = 1
  private error: unknown

  constructor(
    private readonly state: MountState,
    private readonly group: Group,
  ) {
    this.landed = new Promise((resolve) => (this.land = resolve))
  }

  get outcome(): BatchOutcome {
    return { statements: this.statements, fallbacks: this.unanswered.length, error: this.error }
  }

  /** Settles every call; never rejects. */
  async run(): Promise<void> {
    const { members, question } = this.group
    const startedAt = performance.now()
    const batch = Object.freeze({ id: this.id, calls: members.length })
    for (const { call } of members) call.notes.batch = batch
    try {
      await (question === null ? this.share(members) : this.merge(question))
    } catch (error) {
      const put = new Set(this.unanswered)
      this.putBack(
        members.filter((member) => !member.isSettled && !put.has(member)),
        error,
      )
    }
    this.land()
    // As many at once as would be without us: the pool says how many can be.
    const unmerged = this.isInTransaction ? 1 : Infinity
    await inParallel(this.alone, unmerged, (equal) => this.share(equal))
    await inParallel(this.unanswered, unmerged, (member) => this.replay(member))
    publishBatch(this.group, this.id, performance.now() - startedAt, this.outcome)
  }

  private async merge(question: Question): Promise<void> {
    const runs: (() => Promise<void>)[] = []
    for (const part of partsOf(this.group)) await this.plan(part, question, runs)
    const most = Math.max(1, Math.floor(KEYS_UNDER_WAY / this.mostKeys))
    await inParallel(runs, this.isInTransaction ? 1 : Math.min(PARALLEL, most), (run) => run())
  }

  /** Adds what answers the calls of a part: as few statements as its keys allow. */
  private async plan(part: Part, question: Question, runs: (() => Promise<void>)[]): Promise<void> {
    if (isOfOneValue(part)) return void runs.push(() => this.share(part.members))
    const { group } = this
    const { key, where } = part
    const fact = await this.factOf(key)
    const type = keyTypeOf(key, this.state.host.provider, fact)
    const { rounds, uncertain } =
      type === null ? { rounds: [], uncertain: part.members } : roundsOf(part, type)
    for (const equal of bySpelling(uncertain, part)) this.alone.push(equal)
    if (type === null) return
    const ask = { group, question, key, type, fact, where }
    const isFirst = question.kind === 'first' && !key.isId && !key.isUnique
    const find = isFirst
      ? findFirstRows
      : question.kind === 'count' || question.kind === 'aggregate'
        ? findAggregates
        : findRows
    const size = Math.min(
      this.state.options.maxBatchSize,
      isFirst ? firstRowsCapacity(ask) : this.capacity(where),
    )
    if (size === 0) {
      for (const round of rounds) for (const { members } of round.values()) this.alone.push(members)
      return
    }
    for (const slots of rounds.flatMap((round) => chunksOf(round, size))) {
      const [only] = slots.values()
      if (only === undefined) continue
      this.mostKeys = Math.max(this.mostKeys, slots.size)
      runs.push(() => (slots.size === 1 ? this.share(only.members) : this.ask({ ...ask, slots }, find)))
    }
  }

  private get isInTransaction(): boolean {
    return this.group.first.call.transaction.kind !== 'none'
  }

  private async factOf(key: Field): Promise<ColumnFact | null> {
    const { host } = this.state
    const schema = host.schema()
    if (schema === null || !needsFact(key, host.provider)) return null
    return factOf(await ColumnCatalog.of(host).load(this.group.first.call, schema), this.group.model, key)
  }

  /** Keys that a statement can bind beside all the rest. */
  private capacity(where: Args): number {
    const others = valuesIn(where) + valuesIn(this.group.first.call.args) + RESERVED_BINDS
    return this.state.host.maxBindValues - others
  }

  /** One statement for all values of the ask. */
  private async ask(ask: Ask, find: Finder): Promise<void> {
    try {
      this.statements++
      this.state.statistics.statements++
      await find(ask)
    } catch (error) {
      if (error instanceof MergeMismatch && !error.isExpected) this.tell(error)
      for (const slot of ask.slots.values()) this.recover(slot.members, error)
      return
    }
    for (const slot of ask.slots.values()) {
      if (slot.isAnswered) this.hand(slot.found, slot.first, slot.others)
      else this.putBack(slot.members, undefined)
    }
  }

  /** Sends one of several equal calls as it is; the others get copies of its answer. */
  private async share(members: readonly Member[]): Promise<void> {
    const { statistics, uniqueReads } = this.state
    const [first, ...others] = members as [Member, ...Member[]]
    let answer: unknown
    try {
      answer = await uniqueReads.send(first)
    } catch (error) {
      statistics.passedThrough++
      first.reject(error)
      // Equal calls fail alike, but each with an error of its own, which names the line it was called from.
      this.recover(others, error)
      return
    }
    if (others.length === 0) {
      statistics.passedThrough++
      first.resolve(answer)
      return
    }
    this.statements++
    statistics.statements++
    this.hand(answer, first, others)
  }

  private hand(answer: unknown, first: Member, others: readonly Member[] | null): void {
    const { statistics } = this.state
    statistics.batched++
    first.resolve(answer)
    if (others === null) return
    statistics.batched += others.length
    for (const member of others) member.resolve(copyOf(answer))
  }

  /** The statement has failed: each call is sent by itself, unless the transaction can take no more. */
  private recover(members: readonly Member[], error: unknown): void {
    if (!this.hasAborted(error)) return this.putBack(members, error)
    this.error ??= error
    this.state.statistics.batched += members.length
    for (const member of members) member.reject(copyOfError(error))
  }

  /** PostgreSQL refuses everything after a failed statement of a transaction; a replay would only hide why. */
  private hasAborted(error: unknown): boolean {
    if (this.state.host.provider !== 'postgresql' || this.group.first.call.transaction.kind !== 'interactive')
      return false
    if (error instanceof MergeMismatch) return false
    const { name, code } = error as { name?: unknown; code?: unknown }
    return name !== 'PrismaClientValidationError' && !unsent.has(code)
  }

  /** Has calls sent each by itself. */
  private putBack(members: readonly Member[], error: unknown): void {
    this.error ??= error
    this.state.statistics.fallbacks += members.length
    for (const member of members) this.unanswered.push(member)
  }

  private async replay(member: Member): Promise<void> {
    try {
      member.resolve(await this.state.uniqueReads.send(member))
    } catch (error) {
      member.reject(error)
    }
  }

  private tell({ reason }: MergeMismatch): void {
    const { call } = this.group.first
    this.state.host.warnOnce(
      'W_BATCHING_MISMATCH',
      `prisma-brisk: a merged ${call.operation} on ${call.model} could not be taken apart (${reason}); its calls were sent one by one. Nobody got a wrong answer, but please report it.`,
    )
  }
}

/** Errors by which Prisma refuses before anything is sent: the transaction has ended, too many values. */
const unsent = new Set<unknown>(['P2028', 'P2029'])

function chunksOf(round: Round, size: number): readonly Round[] {
  if (round.size <= size) return [round]
  const chunks: Map<Fold, Slot>[] = []
  let chunk: Map<Fold, Slot> | null = null
  for (const [fold, slot] of round) {
    if (chunk === null || chunk.size >= size) chunks.push((chunk = new Map()))
    chunk.set(fold, slot)
  }
  return chunks
}

/** At most so many values are bound for these arguments. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date)
    return 1
  let values = 0
  for (const each of Object.values(value)) values += valuesIn(each)
  return values
}
