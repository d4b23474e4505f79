import type { Call, CallTransaction, Host, Middleware, Model, Next } from '@prisma-brisk/core'
import { Batch } from './read/read-batch.ts'
import { CreateBatch } from './create/create-batch.ts'
import { createGroupsOf } from './create/create-shape.ts'
import { groupsOf } from './batch-key/group.ts'
import { Collector } from './loader/collector.ts'
import { Loader, openGate, type Merging } from './loader/loader.ts'
import { Member } from './batch-key/batched-call.ts'
import { MountState } from './loader/mount-state.ts'
import type { ResolvedBatchingOptions, Schedule } from './options.ts'
import { Room } from './loader/loader-map.ts'
import { nextTurn, scheduleOf } from './loader/schedule.ts'
import type { Statistics } from './statistics.ts'
import { TransactionLane } from './loader/transaction-lane.ts'

/** Decides for each call whether it is collected or sent as it is. One for each mount, so that mounts never mix. */
export class Batching {
  private readonly state: MountState
  private readonly collector = new Collector()
  private readonly schedule: Schedule
  private readonly room: Room
  private readonly lanes = new WeakMap<
    CallTransaction,
    { readonly lane: TransactionLane; readonly room: Room }
  >()

  constructor(
    private readonly host: Host,
    private readonly options: ResolvedBatchingOptions,
    private readonly statistics: Statistics,
  ) {
    this.state = new MountState(host, options, statistics)
    this.schedule = scheduleOf(options)
    const schedule = this.registered(this.collector)
    this.room = new Room((model, operation) => {
      this.state.uniqueReads.register(model.name, operation)
      const merging = operation === 'create' ? creates : reads
      return new Loader(this.state, model, merging, openGate, this.state.isAdaptive, schedule)
    })
    host.onDisconnect(() => this.finish())
  }

  readonly middleware: Middleware = (call, next) => {
    const model = this.modelOf(call)
    const { transaction } = call
    if (transaction.kind === 'none') {
      return model === null ? next(call) : this.collect(this.room, call, next, model)
    }
    // Members of an array transaction are sent exactly once, in their order. A hook behind us may call the client from
    // within a call, and would wait for itself if its calls were put in order.
    if (transaction.kind !== 'interactive' || !call.isLastExtension) {
      if (model !== null) this.count()
      return next(call)
    }
    const { lane, room } = this.laneOf(transaction)
    return model === null ? lane.order(() => next(call)) : this.collect(room, call, next, model)
  }

  /** The model of a call that may be collected, else null. */
  private modelOf(call: Call): Model | null {
    const { model, operation } = call
    const { operations, models } = this.options
    if (model === null) return null
    if (!operations.has(operation) && !(operation === 'create' && this.mergesCreates(call))) return null
    // Fluent calls are Prisma's to batch.
    if (call.dataPath.length > 0 || !call.canRedirect) return null
    // A hook behind us, such as a tenant filter, may give a merged call another meaning than each call had.
    if (!call.isLastExtension) return this.passBehind()
    if (models.size > 0 && models.get(model) === false) return null
    return this.host.schema()?.models.get(model) ?? null
  }

  private passBehind(): null {
    this.host.warnOnce(
      'W_BATCHING_EXTENSION_BEHIND',
      'prisma-brisk: an extension with query hooks was added after batching, which therefore merges nothing on that client. Mount batching last.',
    )
    return null
  }

  /** Outside transactions, where rows can be told from each other once they are stored. */
  private mergesCreates({ transaction, isLastExtension }: Call): boolean {
    const { creates } = this.options
    return creates && transaction.kind === 'none' && isLastExtension && insertable.has(this.host.provider)
  }

  private collect(room: Room, call: Call, next: Next, model: Model): Promise<unknown> {
    const { scope } = this.options
    const member = new Member(call, next)
    this.statistics.calls++
    if (this.state.tracing.isOn) this.state.tracing.note(call)
    return scope === null ? room.load(member, model) : room.loadWithin(scope(), member, model)
  }

  private count(): void {
    this.statistics.calls++
    this.statistics.passedThrough++
  }

  private laneOf(transaction: CallTransaction): { readonly lane: TransactionLane; readonly room: Room } {
    const known = this.lanes.get(transaction)
    if (known !== undefined) return known
    const collector = new Collector()
    const lane = new TransactionLane(() => collector.flush())
    const schedule = this.registered(collector)
    const made = {
      lane,
      room: new Room((model) => new Loader(this.state, model, reads, lane, false, schedule)),
    }
    this.lanes.set(transaction, made)
    return made
  }

  private registered(collector: Collector): Schedule {
    return collector.register(this.schedule, () =>
      this.host.warnOnce(
        'W_BATCHING_SCHEDULE',
        'prisma-brisk: batching.schedule threw an error; the batch was sent at once.',
      ),
    )
  }

  /** Before the client disconnects: everything that was called is sent and answered. */
  private async finish(): Promise<void> {
    do {
      this.collector.flush()
      await this.state.underWay.settled()
      await nextTurn()
    } while (!this.collector.isEmpty || !this.state.underWay.isEmpty)
  }
}

const insertable = new Set<string>(['postgresql', 'mysql', 'sqlite'])
const reads: Merging = { groupsOf, batch: (state, group) => new Batch(state, group) }
const creates: Merging = { groupsOf: createGroupsOf, batch: (state, group) => new CreateBatch(state, group) }
