import { channels, type Field, type Host } from '@prisma-brisk/core'
import { findAggregates } from './aggregates.ts'
import { copyOf } from './answer-copy.ts'
import type { BatchEvent } from './batch-event.ts'
import { ColumnCatalog, factOf } from './column-facts.ts'
import { inParallel } from './in-parallel.ts'
import { keyTypeOf, needsFact, type KeyType } from './key-type.ts'
import type { Member } from './member.ts'
import type { ResolvedBatchingOptions } from './options.ts'
import { partsOf, roundsOf, type Part, type Slot } from './part.ts'
import type { Question } from './question.ts'
import { findRows } from './rows.ts'
import { nextTurn } from './schedule.ts'
import { MergeMismatch, type Ask, type Finding } from './statement.ts'
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
      const [only] = part.askers
      if (part.askers.length === 1 && only !== undefined) {
        runs.push(() => this.share(only.members))
        continue
      }
      const type = await this.keyType(part.key)
      if (type === null || this.question?.kind === 'first') {
        for (const asker of part.askers) runs.push(() => this.share(asker.members))
        continue
      }
      const { rounds, uncertain } = roundsOf(part.askers, type)
      for (const asker of uncertain) runs.push(() => this.share(asker.members))
      for (const round of rounds) {
        for (const slots of this.chunksOf(round, part)) runs.push(() => this.ask(part, type, slots))
      }
    }
    await inParallel(runs, this.parallel, (run) => run())
  }

  private get parallel(): number {
    return this.first.call.transaction.kind === 'none' ? PARALLEL : 1
  }

  private async keyType(key: Field): Promise<KeyType | null> {
    const { provider } = this.host
    if (!needsFact(key, provider)) return keyTypeOf(key, provider, null)
    const schema = this.host.schema()
    if (schema === null) return null
    const facts = await ColumnCatalog.of(this.host).load(this.first.call, schema)
    return keyTypeOf(key, provider, factOf(facts, this.first.model, key))
  }

  private chunksOf(round: ReadonlyMap<string, Slot>, { where }: Part): readonly ReadonlyMap<string, Slot>[] {
    const others = valuesIn(where) + valuesIn(this.first.call.args) + RESERVED_BINDS
    const size = Math.max(1, Math.min(this.options.maxBatchSize, this.host.maxBindValues - others))
    if (round.size <= size) return [round]
    const entries = [...round]
    return Array.from(
      { length: Math.ceil(entries.length / size) },
      (_, index) => new Map(entries.slice(index * size, (index + 1) * size)),
    )
  }

  /** One statement for all values of `slots`. */
  private async ask({ key, where }: Part, type: KeyType, slots: ReadonlyMap<string, Slot>): Promise<void> {
    const [only] = slots.values()
    if (slots.size === 1 && only !== undefined && type.isExact) return this.share(only.members)
    const ask: Ask = {
      call: (only as Slot).members[0]?.call as Ask['call'],
      question: this.question as Question,
      key,
      type,
      where,
      slots,
    }
    let findings: ReadonlyMap<Slot, Finding>
    try {
      this.statements++
      this.statistics.statements++
      findings = await find(ask)
    } catch (error) {
      if (error instanceof MergeMismatch) this.tell(error)
      return this.replay(Array.from(slots.values(), (slot) => slot.members).flat(), error)
    }
    const missing: Member[] = []
    for (const [{ members }, finding] of findings) {
      if (finding === 'none') missing.push(...members)
      else this.hand(finding.answer, members)
    }
    if (missing.length > 0) await this.replay(missing, undefined)
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
      this.statements++
      this.statistics.statements++
      answer = await first.next(first.call)
    } catch (error) {
      // Equal calls fail alike, but each with an error of its own, which names the line it was called from.
      first.reject(error)
      return this.replay(others, undefined)
    }
    this.hand(answer, members)
  }

  private hand(answer: unknown, members: readonly Member[]): void {
    this.statistics.batched += members.length
    members.forEach((member, index) => member.resolve(index === 0 ? answer : copyOf(answer)))
  }

  /** Sends calls each by itself, in turns of their own, so that Prisma does not batch them in its way. */
  private async replay(members: readonly Member[], error: unknown): Promise<void> {
    this.error ??= error
    this.fallbacks += members.length
    this.statistics.fallbacks += members.length
    await inParallel(members, this.parallel, async (member) => {
      await nextTurn()
      await member.sendAlone()
    })
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

function find(ask: Ask): Promise<ReadonlyMap<Slot, Finding>> {
  return ask.question.kind === 'count' || ask.question.kind === 'aggregate'
    ? findAggregates(ask)
    : findRows(ask)
}

/** At most so many values are bound for these arguments. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date)
    return 1
  let values = 0
  for (const each of Object.values(value)) values += valuesIn(each)
  return values
}
