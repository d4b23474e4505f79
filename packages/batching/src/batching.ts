import {
  sendApart,
  sendUniqueRead,
  type Call,
  type CallTransaction,
  type Host,
  type Middleware,
  type Model,
  type Next,
} from '@prisma-brisk/core'
import { BatchedCall } from './batch-key/batched-call.ts'
import { isUniqueRead, ownBatchOf } from './batch-key/own-batch.ts'
import { isComparedExactly } from './statement/merge-key-of.ts'
import { groupsOf } from './batch-key/call-group.ts'
import { CreateBatch } from './create/create-batch.ts'
import { createGroupsOf } from './create/create-shape.ts'
import { Collector } from './loader/collector.ts'
import { anyOrder, Loader, type Merging } from './loader/loader.ts'
import { LoaderMap } from './loader/loader-map.ts'
import { LoopWatch } from './loop/loop-watch.ts'
import { NOTHING } from './loop/prefetch.ts'
import { MountState } from './loader/mount-state.ts'
import { scheduleOf } from './loader/schedule.ts'
import { SerialDispatch } from './loader/serial-dispatch.ts'
import type { BatchSchedule, ResolvedBatchingOptions } from './options.ts'
import { ReadBatch } from './read/read-batch.ts'
import { areBetterAlone } from './read/read-strategy.ts'
import type { Statistics } from './statistics.ts'

/** Decides for each call whether it is collected or sent as it is. One for each mount, so that mounts never mix. */
export class Batching {
  private readonly state: MountState
  private readonly schedule: BatchSchedule
  private readonly loaders: LoaderMap
  private readonly transactions = new WeakMap<CallTransaction, TransactionReads>()
  private readonly loops: LoopWatch | null

  constructor(
    private readonly host: Host,
    private readonly options: ResolvedBatchingOptions,
    private readonly statistics: Statistics,
  ) {
    this.state = new MountState(host, options, statistics)
    this.schedule = scheduleOf(options)
    this.loops = options.loops === null ? null : new LoopWatch(host, options.loops, statistics)
    const schedule = this.registered(this.state.collector)
    this.loaders = new LoaderMap((model, operation) => {
      this.state.uniqueReads.register(model.name, operation)
      const merging = operation === 'create' ? creates : reads
      return new Loader(this.state, model, merging, anyOrder, this.state.isAdaptive, schedule)
    })
  }

  readonly middleware: Middleware = (call, passOn) => {
    const { transaction, dataPath } = call
    const isFluent = dataPath.length > 0 && isUniqueRead(call.operation) && transaction.kind !== 'array'
    const model = this.modelOf(call)
    const sending: Next = isFluent ? (sent) => this.sendFluent(sent, passOn) : passOn
    const next = model === null ? this.watched(sending) : sending
    if (transaction.kind === 'none') {
      return model === null ? next(call) : this.collect(this.loaders, call, next, model)
    }
    if (transaction.kind !== 'interactive') {
      // Members of an array transaction are sent exactly once, in their order.
      if (model !== null) this.count()
      return next(call)
    }
    const { order, loaders } = this.readsOf(transaction)
    if (!call.isLastExtension) {
      if (model !== null) this.count()
      return order.pass(() => next(call))
    }
    return model === null ? order.afterCollected(() => next(call)) : this.collect(loaders, call, next, model)
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

  /**
   * A fluent call, which is Prisma's to merge. It compares keys in JavaScript, and refuses all calls of a tick for a value of one:
   * what may be equal to the database alone, or is not of its kind, is sent with no other.
   */
  private async sendFluent(call: Call, next: Next): Promise<unknown> {
    const model = this.host.schema()?.models.get(call.model ?? '')
    if (model === undefined) return next(call)
    const isPlain = ownBatchOf(call, model) !== null && (await isComparedExactly(model, call))
    return isPlain ? sendUniqueRead(call, next) : sendApart(() => next(call))
  }

  private passBehind(): null {
    this.host.warnOnce(
      'W_BATCHING_EXTENSION_BEHIND',
      'prisma-brisk: an extension with query hooks was added after batching, which therefore merges nothing on that client. Mount batching last.',
    )
    return null
  }

  /** Outside transactions, where rows can be matched to calls once they are stored. */
  private mergesCreates({ transaction, isLastExtension }: Call): boolean {
    const { creates } = this.options
    return creates && transaction.kind === 'none' && isLastExtension && insertable.has(this.host.provider)
  }

  private collect(loaders: LoaderMap, call: Call, next: Next, model: Model): Promise<unknown> {
    const { scope } = this.options
    const { inFlight, tracing } = this.state
    // A scope that throws fails its own call, before it counts as one that is in flight.
    const caller = scope?.()
    const loops = this.loops?.current() ?? null
    const own = this.state.withOwnBytes(call)
    this.statistics.calls++
    const track = loops === null || call.operation === 'create' ? null : loops.track(own, model, caller)
    const kept = track === null ? NOTHING : loops?.kept(track, own)
    if (track === null) loops?.writes(own)
    if (kept !== NOTHING) return Promise.resolve(kept)
    const member = new BatchedCall(own, next, inFlight.presence)
    if (tracing.isOn) tracing.note(own)
    const load = (each: BatchedCall) =>
      scope === null ? loaders.load(each, model) : loaders.loadWithin(caller, each, model)
    if (loops === null || track === null) return load(member)
    const ahead = loops.sent(track, member)
    const answer = load(member)
    // They share its statement, and nobody waits for them.
    if (ahead !== null) for (const each of ahead) load(each).catch(() => undefined)
    return loops.awaited(track, own, answer)
  }

  /** What is not collected may still answer the rows of a loop, or write what one reads. */
  private watched(next: Next): Next {
    const { loops } = this
    return loops === null ? next : (call) => loops.pass(call, () => next(call))
  }

  private count(): void {
    this.statistics.calls++
    this.statistics.passedThrough++
  }

  private readsOf(transaction: CallTransaction): TransactionReads {
    const known = this.transactions.get(transaction)
    if (known !== undefined) return known
    const collector = new Collector(this.state.collector)
    const order = new SerialDispatch(() => collector.flush())
    const schedule = this.registered(collector)
    const made = {
      order,
      loaders: new LoaderMap((model) => new Loader(this.state, model, reads, order, false, schedule)),
    }
    this.transactions.set(transaction, made)
    return made
  }

  private registered(collector: Collector): BatchSchedule {
    return collector.register(this.schedule, () =>
      this.host.warnOnce(
        'W_BATCHING_SCHEDULE',
        'prisma-brisk: batching.schedule threw an error; the batch was sent at once.',
      ),
    )
  }
}

/** The reads of one interactive transaction, and the order in which its calls are sent. */
interface TransactionReads {
  readonly order: SerialDispatch
  readonly loaders: LoaderMap
}

const insertable = new Set<string>(['postgresql', 'mysql', 'sqlite'])
const reads: Merging = { groupsOf, areBetterAlone, batch: (state, group) => new ReadBatch(state, group) }
const creates: Merging = {
  groupsOf: createGroupsOf,
  areBetterAlone: () => false,
  batch: (state, group) => new CreateBatch(state, group),
}
