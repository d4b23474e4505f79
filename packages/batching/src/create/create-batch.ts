import { StatementCallers, type Args } from '@prisma-brisk/core'
import { CreateKey } from './create-key.ts'
import { copyOfError } from '../statement/copies.ts'
import { inParallel } from '../statement/in-parallel.ts'
import { InsertAtomicity, type Atomicity } from './insert-atomicity.ts'
import { insertAndFind, insertReturning, InsertionError } from './insertion.ts'
import type { BatchedCall } from '../batch-key/batched-call.ts'
import type { Fold } from '../key/key-type.ts'
import { BatchRun } from '../loader/batch-run.ts'

const PARALLEL = 4

/** Columns that Prisma fills in: ids, times. */
const SPARE = 8

/** A call, and the row that is to be stored for it. */
interface Draft {
  readonly member: BatchedCall
  readonly data: Args
}

/**
 * Concurrent `create` calls as one INSERT. It is stored whole or not at all: where a constraint refuses it, each
 * call is sent by itself, and only the offender fails. Where it is not certain that nothing was stored (the connection
 * was lost), nothing is sent again, and every caller gets the error.
 *
 * PostgreSQL and SQLite return the rows. MySQL and MariaDB do not, as Prisma speaks to them: there the rows are found
 * again by a key that the callers gave or that we made, and calls without one are sent as they are.
 */
export class CreateBatch extends BatchRun {
  private atomicity: Atomicity = 'none'

  protected async sendShared(): Promise<void> {
    const { members, model, first } = this.group
    if (members.length === 1) return this.pass(members)
    const isReturned = this.state.host.provider !== 'mysql'
    const key = isReturned ? null : await CreateKey.of(this.state, this.group)
    if (key === null && !isReturned) return this.pass(members)
    this.atomicity = await InsertAtomicity.of(this.state.host).ofTable(model, first.call)
    if (this.atomicity === 'none') return this.pass(members)
    const drafts = key === null ? draftsOf(members) : this.keyed(key)
    if (drafts.length < 2) return this.pass(members)
    await inParallel(this.chunksOf(drafts), PARALLEL, (chunk) => this.insert(chunk, key))
  }

  /** The calls whose rows have different keys; the others are sent alone. */
  private keyed(key: CreateKey): readonly Draft[] {
    const drafts = new Map<Fold, Draft>()
    const others: BatchedCall[] = []
    for (const draft of draftsOf(this.group.members)) {
      const data = key.complete(draft.data)
      const fold = key.fold(data)
      if (fold === null || drafts.has(fold)) others.push(draft.member)
      else drafts.set(fold, { ...draft, data })
    }
    if (drafts.size > 1) this.pass(others)
    return [...drafts.values()]
  }

  private pass(members: readonly BatchedCall[]): void {
    this.state.statistics.passedThrough += members.length
    for (const member of members) this.unanswered.push(member)
  }

  private chunksOf(drafts: readonly Draft[]): readonly (readonly Draft[])[] {
    const { options, host } = this.state
    const columns = Object.keys((drafts[0] as Draft).data).length + SPARE
    const size = Math.max(1, Math.min(options.maxBatchSize, Math.floor(host.maxBindValues / columns)))
    return Array.from({ length: Math.ceil(drafts.length / size) }, (_, index) =>
      drafts.slice(index * size, (index + 1) * size),
    )
  }

  private async insert(drafts: readonly Draft[], key: CreateKey | null): Promise<void> {
    const { statistics } = this.state
    const members = drafts.map(({ member }) => member)
    if (members.length === 1) return this.pass(members)
    const { model, first } = this.group
    const data = drafts.map((draft) => draft.data)
    this.countStatement()
    try {
      const rows = await StatementCallers.send(members, first, () =>
        key === null
          ? insertReturning(first.call, model, data, this.atomicity)
          : insertAndFind(first.call, key, data),
      )
      for (const [index, row] of rows.entries()) members[index]?.resolve(row)
      statistics.batched += rows.length
      this.putBack(members.slice(rows.length), undefined)
    } catch (error) {
      this.recover(members, error)
    }
  }

  private recover(members: readonly BatchedCall[], error: unknown): void {
    const { statistics } = this.state
    const { cause, storedNothing } =
      error instanceof InsertionError ? error : { cause: error, storedNothing: false }
    if (storedNothing) this.putBack(members, cause)
    else {
      this.error ??= cause
      statistics.batched += members.length
      for (const member of members) member.reject(copyOfError(cause))
    }
  }
}

const draftsOf = (members: readonly BatchedCall[]): readonly Draft[] =>
  members.map((member) => ({ member, data: member.call.args['data'] as Args }))
