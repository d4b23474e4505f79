import { channels, type Args, type Field, type Host } from '@prisma-brisk/core'
import { findAggregates } from './aggregates.ts'
import { copyOf } from './answer-copy.ts'
import type { BatchEvent } from './batch-event.ts'
import { ColumnCatalog, factOf, type ColumnFact } from './column-facts.ts'
import { inParallel } from './in-parallel.ts'
import { keyTypeOf, needsFact } from './key-type.ts'
import type { Member } from './member.ts'
import type { ResolvedBatchingOptions } from './options.ts'
import { findFirstRows, firstRowsCapacity } from './first-rows.ts'
import { partsOf, roundsOf, type Asker, type Part } from './part.ts'
import type { Question } from './question.ts'
import { findRows } from './rows.ts'
import { MergeMismatch, type Ask, type Findings, type Slot } from './statement.ts'
import type { Statistics } from './statistics.ts'

/** Statements of a batch under way at a time. */
const PARALLEL = 4

/** What a statement may bind beside keys and values of `where`: LIMIT, OFFSET, and a reserve. */
const RESERVED_BINDS = 4

/**
 * The calls of one shape that came together. They are answered with as few statements as there can be, or, where those
 * cannot answer, each by itself: whatever goes wrong in between costs speed, never an answer.
 */
export class Batch {
  private readonly id = nextId++
  private statements = 0
  private keys = 0
  private fallbacks = 0
  private error: unknown

  constructor(
    private readonly host: Host,
    private readonly options: ResolvedBatchingOptions,
    private readonly statistics: Statistics,
    private readonly members: readonly Member[],
  ) {}

  /** Settles every member; never rejects. */
  async run(): Promise<void> {
    const startedAt = performance.now()
    for (const { call } of this.members) call.notes.batch = { id: this.id, calls: this.members.length }
    try {
      await (this.question === null ? this.share(this.members) : this.merge())
    } catch (error) {
      await this.replay(this.members, error)
    }
    if (channels.batch.hasSubscribers) this.publish(performance.now() - startedAt)
  }

  private get first(): Member {
    return this.members[0] as Member
  }

  private get question(): Question | null {
    return this.first.question
  }

  private async merge(): Promise<void> {
    const runs: (() => Promise<void>)[] = []
    for (const part of partsOf(this.members)) {
      this.keys += part.askers.length
      await this.plan(part, runs)
    }
    await inParallel(runs, this.parallel, (run) => run())
  }

  /** Adds what answers the calls of a part: as few statements as its keys allow. */
  private async plan(part: Part, runs: (() => Promise<void>)[]): Promise<void> {
    const alone = (askers: readonly Asker[]) => {
      for (const { members } of askers) runs.push(() => this.share(members))
    }
    if (part.askers.length === 1) return alone(part.askers)
    const fact = await this.factOf(part.key)
    const type = keyTypeOf(part.key, this.host.provider, fact)
    if (type === null) return alone(part.askers)
    const { key, where } = part
    const ask = { speaker: part.first, question: this.question as Question, key, type, fact, where }
    const { rounds, uncertain } = roundsOf(part.askers, type)
    alone(uncertain)
    const perKey = ask.question.kind === 'first' && !key.isId && !key.isUnique
    const size = Math.min(
      this.options.maxBatchSize,
      perKey ? firstRowsCapacity(ask) : this.capacity(ask.where),
    )
    for (const slots of rounds.flatMap((round) => chunksOf(round, size))) {
      runs.push(() =>
        slots.size === 1
          ? this.single(slots)
          : this.ask({ ...ask, slots }, perKey ? findFirstRows : finderOf(ask.question)),
      )
    }
  }

  private get parallel(): number {
    return this.first.call.transaction.kind === 'none' ? PARALLEL : 1
  }

  private async factOf(key: Field): Promise<ColumnFact | null> {
    const schema = this.host.schema()
    if (schema === null || !needsFact(key, this.host.provider)) return null
    return factOf(await ColumnCatalog.of(this.host).load(this.first.call, schema), this.first.model, key)
  }

  /** Keys that a statement can bind beside all the rest. */
  private capacity(where: Args): number {
    return this.host.maxBindValues - valuesIn(where) - valuesIn(this.first.call.args) - RESERVED_BINDS
  }

  /** One value is asked for by itself; who spelled it in another way asks alone, if only the database knows it the same. */
  private async single(slots: ReadonlyMap<string, Slot>): Promise<void> {
    for (const { members } of slots.values()) await this.share(members)
  }

  /** One statement for all values of the ask. */
  private async ask(ask: Ask, find: Finder): Promise<void> {
    const slots = [...ask.slots.values()]
    let findings: Findings
    try {
      this.statements++
      this.statistics.statements++
      findings = await find(ask)
    } catch (error) {
      if (error instanceof MergeMismatch && !error.isExpected) this.tell(error)
      return this.recover(
        slots.flatMap((slot) => slot.members),
        error,
      )
    }
    const unanswered: Member[] = []
    for (const slot of slots) {
      if (findings.has(slot)) this.hand(findings.get(slot), slot.members)
      else unanswered.push(...slot.members)
    }
    if (unanswered.length > 0) await this.replay(unanswered, undefined)
  }

  /** Sends one of several equal calls as it is; the others get copies of its answer. */
  private async share(members: readonly Member[]): Promise<void> {
    const [first, ...others] = members as [Member, ...Member[]]
    if (others.length === 0) {
      this.statistics.passedThrough++
      return first.sendAlone()
    }
    let answer: unknown
    try {
      answer = await first.send()
    } catch (error) {
      // Equal calls fail alike, but each with an error of its own, which names the line it was called from.
      this.statistics.passedThrough++
      first.reject(error)
      return this.recover(others, error)
    }
    this.statements++
    this.statistics.statements++
    this.hand(answer, members)
  }

  private hand(answer: unknown, members: readonly Member[]): void {
    this.statistics.batched += members.length
    members.forEach((member, index) => member.resolve(index === 0 ? answer : copyOf(answer)))
  }

  /** The statement has failed: each call is sent by itself, unless the transaction can take no more. */
  private async recover(members: readonly Member[], error: unknown): Promise<void> {
    if (!this.hasAborted(error)) return this.replay(members, error)
    this.error ??= error
    this.statistics.batched += members.length
    for (const member of members) member.reject(copyOfError(error))
  }

  /** PostgreSQL refuses everything after a failed statement of a transaction; a replay would only hide why. */
  private hasAborted(error: unknown): boolean {
    if (this.host.provider !== 'postgresql' || this.first.call.transaction.kind !== 'interactive')
      return false
    if (error instanceof MergeMismatch) return false
    const { name, code } = error as { name?: unknown; code?: unknown }
    return name !== 'PrismaClientValidationError' && !unsent.has(code)
  }

  /** Sends calls each by itself. */
  private async replay(members: readonly Member[], error: unknown): Promise<void> {
    this.error ??= error
    this.fallbacks += members.length
    this.statistics.fallbacks += members.length
    await inParallel(members, this.parallel, (member) => member.sendAlone())
  }

  private tell({ reason }: MergeMismatch): void {
    this.host.warnOnce(
      'W_BATCHING_MISMATCH',
      `prisma-brisk: a merged ${this.first.call.operation} on ${this.first.model.name} could not be taken apart (${reason}); its calls were sent one by one. Nobody got a wrong answer, but please report it.`,
    )
  }

  private publish(ms: number): void {
    const event: BatchEvent = {
      id: this.id,
      model: this.first.model.name,
      operation: this.first.call.operation,
      calls: this.members.length,
      keys: this.keys,
      statements: this.statements,
      ms,
      fallbacks: this.fallbacks,
      error: this.error,
    }
    channels.batch.publish(event)
  }
}

let nextId = 1

/** Errors by which Prisma refuses before anything is sent: the transaction has ended, too many values. */
const unsent = new Set<unknown>(['P2028', 'P2029'])

/** An error for each caller, so that none sees what another one adds to it. */
function copyOfError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return Object.create(
    Object.getPrototypeOf(error) as object,
    Object.getOwnPropertyDescriptors(error),
  ) as Error
}

type Finder = (ask: Ask) => Promise<Findings>

function finderOf({ kind }: Question): Finder {
  return kind === 'count' || kind === 'aggregate' ? findAggregates : findRows
}

/** Size 0: the keys cannot be asked for together. */
function chunksOf(round: ReadonlyMap<string, Slot>, size: number): readonly ReadonlyMap<string, Slot>[] {
  if (round.size <= size) return [round]
  const entries = [...round]
  const each = Math.max(1, size)
  return Array.from(
    { length: Math.ceil(entries.length / each) },
    (_, index) => new Map(entries.slice(index * each, (index + 1) * each)),
  )
}

/** At most so many values are bound for these arguments. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date)
    return 1
  let values = 0
  for (const each of Object.values(value)) values += valuesIn(each)
  return values
}
