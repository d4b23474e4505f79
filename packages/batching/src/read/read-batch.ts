import type { Args, Field } from '@prisma-brisk/core'
import { findAggregates } from './aggregates.ts'
import { copyOf, copyOfError } from '../statement/copies.ts'
import { ColumnCatalog, factOf, type ColumnFact } from '../key/column-facts.ts'
import { firstRowsCapacity } from './first-ids.ts'
import { findFirstRows } from './first-rows.ts'
import { inParallel } from '../statement/in-parallel.ts'
import { keyTypeOf, needsFact, type Fold } from '../key/key-type.ts'
import type { BatchedCall } from '../batch-key/batched-call.ts'
import { BatchRun } from '../loader/batch-run.ts'
import {
  bySpelling,
  isOfOneValue,
  partitionsOf,
  chunksOf,
  type KeyPartition,
  type Chunk,
  type KeySlot,
} from '../statement/key-partition.ts'
import type { BatchKey } from '../batch-key/batch-key.ts'
import { findRows } from './rows.ts'
import { MergeMismatch, type MergedRead, type ReadStrategy } from '../statement/statement.ts'

/** Statements of a batch in flight at a time, and the keys they may bind together: their rows are held in memory. */
const PARALLEL = 4
const KEYS_IN_FLIGHT = 65_536

/** What a statement may bind beside keys and values of `where`: LIMIT, OFFSET, and a reserve. */
const RESERVED_BINDS = 4

/** Reads of one shape, answered with as few statements as there can be. */
export class ReadBatch extends BatchRun {
  /** Calls that no statement can answer together, equal ones side by side. */
  private readonly alone: (readonly BatchedCall[])[] = []
  /** Keys of the largest of the statements. */
  private mostKeys = 1

  protected sendShared(): Promise<void> {
    const { members, batchKey } = this.group
    return batchKey === null ? this.share(members) : this.merge(batchKey)
  }

  protected override sendUnmerged(): Promise<void> {
    return inParallel(this.alone, this.aloneAtOnce, (equal) => this.share(equal))
  }

  protected override send(member: BatchedCall): Promise<unknown> {
    return this.state.uniqueReads.send(member)
  }

  protected override get aloneAtOnce(): number {
    return this.isInTransaction ? 1 : Infinity
  }

  private async merge(batchKey: BatchKey): Promise<void> {
    const runs: (() => Promise<void>)[] = []
    for (const partition of partitionsOf(this.group)) await this.plan(partition, batchKey, runs)
    const most = Math.max(1, Math.floor(KEYS_IN_FLIGHT / this.mostKeys))
    await inParallel(runs, this.isInTransaction ? 1 : Math.min(PARALLEL, most), (run) => run())
  }

  /** Adds the statements that answer the calls of a partition: as few as its keys allow. */
  private async plan(
    partition: KeyPartition,
    batchKey: BatchKey,
    runs: (() => Promise<void>)[],
  ): Promise<void> {
    if (isOfOneValue(partition)) return void runs.push(() => this.share(partition.members))
    const { group } = this
    const { key, where } = partition
    const fact = await this.factOf(key)
    const type = keyTypeOf(key, this.state.host.provider, fact)
    const { chunks, uncertain } =
      type === null ? { chunks: [], uncertain: partition.members } : chunksOf(partition, type)
    for (const equal of bySpelling(uncertain, partition)) this.alone.push(equal)
    if (type === null) return
    const read = { group, batchKey, key, type, fact, where }
    const isFirst = batchKey.kind === 'first' && !key.isId && !key.isUnique
    const strategy = isFirst
      ? findFirstRows
      : batchKey.kind === 'count' || batchKey.kind === 'aggregate'
        ? findAggregates
        : findRows
    const size = Math.min(
      this.state.options.maxBatchSize,
      isFirst ? firstRowsCapacity(read) : this.capacity(where),
    )
    if (size === 0) {
      for (const chunk of chunks) for (const { members } of chunk.values()) this.alone.push(members)
      return
    }
    for (const slots of chunks.flatMap((chunk) => piecesOf(chunk, size))) {
      const [only] = slots.values()
      if (only === undefined) continue
      this.mostKeys = Math.max(this.mostKeys, slots.size)
      runs.push(() => (slots.size === 1 ? this.share(only.members) : this.read({ ...read, slots }, strategy)))
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

  /** One statement for all values of a merged read. */
  private async read(read: MergedRead, strategy: ReadStrategy): Promise<void> {
    try {
      this.statements++
      this.state.statistics.statements++
      await strategy(read)
    } catch (error) {
      if (error instanceof MergeMismatch && !error.isExpected) this.report(error)
      for (const slot of read.slots.values()) this.recover(slot.members, error)
      return
    }
    for (const slot of read.slots.values()) {
      if (slot.isAnswered) this.hand(slot.found, slot.first, slot.others)
      else this.putBack(slot.members, undefined)
    }
  }

  /** Sends one of several equal calls unchanged; the others get copies of its answer. */
  private async share(members: readonly BatchedCall[]): Promise<void> {
    const { statistics } = this.state
    const [first, ...others] = members as [BatchedCall, ...BatchedCall[]]
    let answer: unknown
    try {
      answer = await this.send(first)
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
    this.hand(answer, first, others)
  }

  private hand(answer: unknown, first: BatchedCall, others: readonly BatchedCall[] | null): void {
    const { statistics } = this.state
    statistics.batched++
    first.resolve(answer)
    if (others === null) return
    statistics.batched += others.length
    for (const member of others) member.resolve(copyOf(answer))
  }

  /** The statement has failed: each call is sent by itself, unless the transaction can take no more. */
  private recover(members: readonly BatchedCall[], error: unknown): void {
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

  private report({ reason }: MergeMismatch): void {
    const { call } = this.group.first
    this.state.host.warnOnce(
      'W_BATCHING_MISMATCH',
      `prisma-brisk: a merged ${call.operation} on ${call.model} could not be taken apart (${reason}); its calls were sent one by one. Nobody got a wrong answer, but please report it.`,
    )
  }
}

/** Errors by which Prisma refuses before anything is sent: the transaction has ended, too many values. */
const unsent = new Set<unknown>(['P2028', 'P2029'])

function piecesOf(chunk: Chunk, size: number): readonly Chunk[] {
  if (chunk.size <= size) return [chunk]
  const pieces: Map<Fold, KeySlot>[] = []
  let piece: Map<Fold, KeySlot> | null = null
  for (const [fold, slot] of chunk) {
    if (piece === null || piece.size >= size) pieces.push((piece = new Map()))
    piece.set(fold, slot)
  }
  return pieces
}

/** An upper bound of the values that these arguments bind. */
function valuesIn(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || value instanceof Date)
    return 1
  let values = 0
  for (const each of Object.values(value)) values += valuesIn(each)
  return values
}
