import { judgeFailure, StatementCallers } from '@prisma-brisk/core'
import { inOrderOf } from '../batch-key/answer-order.ts'
import type { BatchKey } from '../batch-key/batch-key.ts'
import { madeOnes, type BatchedCall } from '../batch-key/batched-call.ts'
import { equalOnes } from '../batch-key/call-group.ts'
import { ownBatchOf } from '../batch-key/own-batch.ts'
import { BatchRun } from '../loader/batch-run.ts'
import { copyOf, copyOfError } from '../statement/copies.ts'
import { inParallel } from '../statement/in-parallel.ts'
import {
  bySpelling,
  chunksOf,
  isOfOneValue,
  partitionsOf,
  type KeyPartition,
} from '../statement/key-partition.ts'
import { isComparedExactly, mergeKeyOf } from '../statement/merge-key-of.ts'
import { MergeMismatch, type MergedRead, type ReadStrategy } from '../statement/statement.ts'
import { piecesOf, strategyFor } from './read-strategy.ts'

/** Statements of a batch in flight at a time, and the keys they may bind together: their rows are held in memory. */
const PARALLEL = 4
const KEYS_IN_FLIGHT = 65_536

/** Reads of one shape, answered with as few statements as there can be. */
export class ReadBatch extends BatchRun {
  /** Calls that no statement can answer together, equal ones side by side. */
  private readonly alone: (readonly BatchedCall[])[] = []
  /** Set once they are being sent. */
  private sendingAlone: Promise<void> | null = null
  /** Calls whose error is that of another one. */
  private readonly misses: { readonly first: BatchedCall; readonly others: readonly BatchedCall[] }[] = []
  /** Keys of the largest of the statements. */
  private mostKeys = 1

  protected sendShared(): Promise<void> {
    const { members, batchKey, isOwnBatch } = this.group
    if (batchKey !== null) return this.merge(batchKey)
    return isOwnBatch ? this.leaveToPrisma(equalOnes(members)) : this.share(members)
  }

  protected override sendUnmerged(): Promise<void> {
    return this.sendingAlone ?? this.sendAlone()
  }

  private sendAlone(): Promise<void> {
    const { first, model } = this.group
    if (this.isInTransaction) this.putInOrder()
    if (this.alone.length > 1 && ownBatchOf(first.call, model) !== null) return this.leaveToPrisma(this.alone)
    return inParallel(this.alone, this.aloneAtOnce, (equal) => this.share(equal))
  }

  /** As they were called: they are sent one after another, and the first that fails may end the transaction. */
  private putInOrder(): void {
    const places = new Map(this.group.members.map((member, place) => [member, place]))
    const placeOf = ([first]: readonly BatchedCall[]) => places.get(first as BatchedCall) as number
    this.alone.sort((one, other) => placeOf(one) - placeOf(other))
  }

  protected override send(
    member: BatchedCall,
    equals: readonly BatchedCall[] | null = null,
  ): Promise<unknown> {
    return this.state.uniqueReads.send(member, equals)
  }

  protected override get aloneAtOnce(): number {
    return this.isInTransaction ? 1 : Infinity
  }

  private async merge(batchKey: BatchKey): Promise<void> {
    const statements: (() => Promise<void>)[] = []
    // First rows are found for one key at a time, and so are lists under a bound that turns out to be too small.
    const mayPair = batchKey.kind !== 'first' && (batchKey.kind !== 'list' || batchKey.take === null)
    const partitions = partitionsOf(this.group, mayPair)
    for (const partition of partitions) {
      if (!isOfOneValue(partition)) await this.plan(partition, batchKey, statements)
      else if (partitions.length > 1) this.alone.push(partition.members)
      else statements.push(() => this.share(partition.members))
    }
    const most = Math.max(1, Math.floor(KEYS_IN_FLIGHT / this.mostKeys))
    // In a transaction there is one connection; outside, what shares nothing does not wait for what does.
    if (!this.isInTransaction) this.sendingAlone = this.sendAlone()
    await inParallel(statements, this.isInTransaction ? 1 : Math.min(PARALLEL, most), (send) => send())
  }

  /** Adds the statements that answer the calls of a partition: as few as its keys allow. */
  private async plan(
    partition: KeyPartition,
    batchKey: BatchKey,
    statements: (() => Promise<void>)[],
  ): Promise<void> {
    const { group } = this
    const { fields, where } = partition
    const key = await mergeKeyOf(group, fields)
    const { chunks, uncertain } =
      key === null ? { chunks: [], uncertain: partition.members } : chunksOf(partition, key)
    for (const equal of bySpelling(uncertain, partition)) this.alone.push(equal)
    if (key === null) return
    const read = { group, batchKey, key, where }
    const { size, strategy } = strategyFor(read, this.state.options.maxBatchSize)
    for (const slots of chunks.flatMap((chunk) => piecesOf(chunk, size))) {
      const [only] = slots.values()
      if (only === undefined) continue
      this.mostKeys = Math.max(this.mostKeys, slots.size)
      if (slots.size === 1) this.alone.push(only.members)
      else statements.push(() => this.findAll(strategy, { ...read, slots }))
    }
  }

  private get isInTransaction(): boolean {
    return this.group.first.call.transaction.kind !== 'none'
  }

  /** One statement for all keys of a merged read. */
  private async findAll(find: ReadStrategy, read: MergedRead): Promise<void> {
    try {
      this.countStatement()
      await StatementCallers.send(membersOf(read), this.group.first, () => find(read))
    } catch (error) {
      if (error instanceof MergeMismatch && !error.isExpected) this.report(error)
      for (const slot of read.slots.values()) this.recover(slot.members, error)
      return
    }
    const missed: BatchedCall[] = []
    for (const slot of read.slots.values()) {
      if (slot.isAnswered) this.hand(slot.found, read.group.first, slot.first, slot.others)
      else missed.push(...slot.members)
    }
    this.replayMissed(missed)
  }

  /**
   * Calls for which a statement has found nothing are sent alone: an `OrThrow` for Prisma's own error. Where that names no line
   * of the application, as in production, it is the same for all of them, and one is enough.
   */
  private replayMissed(missed: readonly BatchedCall[]): void {
    const made = madeOnes(missed)
    const [first, ...others] = made
    if (first === undefined) return
    const { operation } = first.call
    if (others.length === 0 || !operation.endsWith('OrThrow') || first.call.isShownByErrors)
      return this.putBack(made, undefined)
    this.putBack([first], undefined)
    this.misses.push({ first, others })
  }

  /** The others get the error of the first, unless there is a row for it by now. */
  protected override async replay(member: BatchedCall): Promise<void> {
    const { others } = this.misses.find(({ first }) => first === member) ?? { others: [] }
    if (others.length === 0) return super.replay(member)
    await super.replay(member, [member, ...others])
    const { error } = member
    if (isMiss(error)) {
      this.state.statistics.batched += others.length
      for (const other of others) other.reject(copyOfError(error))
    } else this.putBack(others, undefined)
  }

  /**
   * Calls that we cannot merge, and Prisma can: it is given them in one tick. It compares keys in JavaScript, so a row that it
   * finds for a call is right, and what it does not find may be there all the same: those calls are sent alone, unless the
   * values are of types that are equal in JavaScript exactly where they are equal in the database.
   */
  private async leaveToPrisma(given: readonly (readonly BatchedCall[])[]): Promise<void> {
    const calls = given.map(madeOnes).filter((equal) => equal.length > 0)
    if (calls.length < 2) return inParallel(calls, 1, (equal) => this.share(equal))
    const missed: BatchedCall[] = []
    const uncertain: BatchedCall[] = []
    // Prisma gives the fields of all of them in the order of one.
    const isMixed = calls.some(([call]) => call?.order !== calls[0]?.[0]?.order)
    this.countStatement()
    const outcomes = await this.state.uniqueReads.sendTogether(calls)
    for (const [index, outcome] of outcomes.entries()) {
      const equal = calls[index] as readonly BatchedCall[]
      const [first, ...others] = equal as readonly [BatchedCall, ...BatchedCall[]]
      if (outcome.status === 'rejected' && !isMiss(outcome.reason)) {
        this.recover(equal, outcome.reason)
        continue
      }
      const answer = outcome.status === 'rejected' ? null : outcome.value
      if (answer === null && !(await isComparedExactly(this.group.model, first.call)))
        uncertain.push(...equal)
      else if (outcome.status === 'rejected') missed.push(...equal)
      else this.hand(isMixed ? inOrderOf(answer, first.call.args) : answer, first, first, others)
    }
    this.putBack(uncertain, undefined)
    this.replayMissed(missed)
  }

  /** Sends one of several equal calls unchanged; the others get copies of its answer. */
  private async share(members: readonly BatchedCall[]): Promise<void> {
    const { statistics } = this.state
    // One that nobody has made is not sent for others either.
    const first = members.find(({ isAhead }) => !isAhead)
    if (first === undefined) {
      madeOnes(members)
      return
    }
    const others = members.filter((member) => member !== first)
    let answer: unknown
    try {
      answer = await this.send(first, members)
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
    this.countStatement()
    this.hand(answer, first, first, others)
  }

  /** @param asked the call by whose arguments the answer was asked for */
  private hand(
    answer: unknown,
    asked: BatchedCall,
    first: BatchedCall,
    others: readonly BatchedCall[] | null,
  ): void {
    const { statistics } = this.state
    const inOrder = (given: unknown, { call, order }: BatchedCall) =>
      order === asked.order ? given : inOrderOf(given, call.args)
    if (!first.isAhead) statistics.batched++
    first.resolve(inOrder(answer, first))
    for (const member of others ?? []) {
      let copy: unknown
      try {
        copy = inOrder(copyOf(answer), member)
      } catch (error) {
        // Nested deeper than the stack is: the call is sent again, and gets an answer of its own.
        this.putBack([member], error)
        continue
      }
      if (!member.isAhead) statistics.batched++
      member.resolve(copy)
    }
  }

  /** The statement has failed: each call is sent by itself, unless the transaction can take no more. */
  private recover(members: readonly BatchedCall[], error: unknown): void {
    if (!this.hasAborted(error)) return this.putBack(members, error)
    this.error ??= error
    const made = madeOnes(members)
    this.state.statistics.batched += made.length
    for (const member of made) member.reject(copyOfError(error))
  }

  /** PostgreSQL refuses everything after a failed statement of a transaction; a replay would only hide why. */
  private hasAborted(error: unknown): boolean {
    if (this.state.host.provider !== 'postgresql' || this.group.first.call.transaction.kind !== 'interactive')
      return false
    if (error instanceof MergeMismatch) return false
    // P2028: the transaction had ended before.
    return judgeFailure(error).outcome !== 'unsent' && (error as { code?: unknown }).code !== 'P2028'
  }

  private report({ reason }: MergeMismatch): void {
    const { call } = this.group.first
    this.state.host.warnOnce(
      'W_BATCHING_MISMATCH',
      `prisma-brisk: a merged ${call.operation} on ${call.model} could not be taken apart (${reason}); its calls were sent one by one. Nobody got a wrong answer, but please report it.`,
    )
  }
}

function membersOf({ slots }: MergedRead): readonly BatchedCall[] {
  return Array.from(slots.values(), ({ members }) => members).flat()
}

/** Nothing was found for an `OrThrow`. */
const isMiss = (error: unknown): boolean => (error as { code?: unknown } | null)?.code === 'P2025'
