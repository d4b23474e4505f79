import type { Model } from '@prisma-brisk/core'
import DataLoader from 'dataloader'
import type { BatchRun } from './batch-run.ts'
import { CallGroup } from '../batch-key/call-group.ts'
import { madeOnes, type BatchedCall } from '../batch-key/batched-call.ts'
import type { MountState } from './mount-state.ts'
import type { BatchSchedule } from '../options.ts'
import { afterAtMost } from './schedule.ts'

/** When a batch may be sent: at once, or, in a transaction, in the order of its calls. */
export interface DispatchOrder {
  run<T>(send: () => Promise<T>): Promise<T>
}

/** Outside a transaction nothing waits. */
export const anyOrder: DispatchOrder = { run: (send) => send() }

/** How calls of an operation come together, and how they are answered together. */
export interface Merging {
  groupsOf(members: readonly BatchedCall[], model: Model): readonly CallGroup[]
  /** Whether calls of one shape are known to be faster each by itself. */
  areBetterAlone(group: CallGroup): boolean
  batch(state: MountState, group: CallGroup): BatchRun
}

/** A batch in flight, and the calls of its shape that wait for it to land. */
interface Flight {
  waiting: CallGroup | null
  stopWaiting: (() => void) | null
}

/** The first call of a tick, and what its caller waits for. */
interface Held {
  readonly member: BatchedCall
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Collects the calls of one client, operation and model (in one transaction, for one scope), and sends the calls of one
 * shape together.
 *
 * A call that is alone in its tick is sent unchanged, without being inspected or queued: most calls of most applications
 * are. Adaptive: calls whose shape is in flight wait until that flight has landed, and make up the next one, so that the
 * database sets the pace. None waits longer than twice what recent flights took, so that one slow statement does not hold
 * up the calls after it.
 */
export class Loader {
  /** The calls that are being collected: a queue for each batch, because DataLoader holds on to its last one. */
  private queue: DataLoader<BatchedCall, unknown> | null = null
  /** The first call, as long as it is the only one. */
  private held: Held | null = null
  /** The first call, once it is queued with others. */
  private accompanied: Held | null = null
  /** Whether calls are being collected. */
  private isOpen = false
  /** Sends what is queued. */
  private dispatch: (() => void) | null = null
  private readonly flights = new Map<string, Flight>()
  /** A call in flight that was alone: its shape is found out when another one comes. */
  private lone: BatchedCall | null = null
  private loneFlight: { readonly shape: string; readonly flight: Flight } | null = null
  /** Milliseconds that recent flights took, weighted towards the slow ones. */
  private pace = 50

  constructor(
    private readonly state: MountState,
    private readonly model: Model,
    private readonly merging: Merging,
    private readonly order: DispatchOrder,
    private readonly isAdaptive: boolean,
    private readonly schedule: BatchSchedule,
  ) {}

  load(member: BatchedCall): Promise<unknown> {
    const { held } = this
    if (held !== null) {
      this.held = null
      this.accompanied = held
      this.queued(held.member).catch(held.reject)
    }
    if (this.isOpen) return this.queued(member)
    return new Promise((resolve, reject) => {
      this.held = { member, resolve, reject }
      this.isOpen = true
      this.schedule(this.close)
    })
  }

  private queued(member: BatchedCall): Promise<unknown> {
    this.queue ??= new DataLoader<BatchedCall, unknown>((members) => this.send(members), {
      cache: false,
      batchScheduleFn: (dispatch) => (this.dispatch = dispatch),
    })
    return this.queue.load(member)
  }

  private readonly close = (): void => {
    const { held, dispatch } = this
    this.isOpen = false
    this.held = null
    this.queue = null
    this.dispatch = null
    if (held === null) return dispatch?.()
    if (this.lone === null && this.flights.size === 0) return this.sendLone(held)
    this.recogniseLone()
    for (const group of this.groupsOf([held.member])) this.join(group)
    held.resolve(held.member.take())
  }

  /** Gives DataLoader the answers, or promises of those that take longer than the shared statements. */
  private send(members: readonly BatchedCall[]): Promise<unknown[]> {
    const { accompanied } = this
    this.accompanied = null
    this.recogniseLone()
    const groups = this.groupsOf(members)
    const [only] = groups
    if (groups.length === 1 && only !== undefined && !this.flights.has(only.shape)) {
      return this.start(only).then(() => taken(members, accompanied))
    }
    const answers = taken(members, accompanied)
    for (const group of groups) this.join(group)
    return Promise.resolve(answers)
  }

  private sendLone({ member, resolve, reject }: Held): void {
    this.state.statistics.passedThrough++
    if (this.isAdaptive) this.lone = member
    this.sent(member).then(
      (answer) => {
        this.landLone(member)
        member.resolve(answer)
        resolve(answer)
      },
      (error: unknown) => {
        this.landLone(member)
        member.reject(error)
        reject(error)
      },
    )
  }

  /** What shares nothing has nothing to wait for, and neither has what comes after it. */
  private sendEach({ members }: CallGroup): Promise<void> {
    const made = madeOnes(members)
    this.state.statistics.passedThrough += made.length
    for (const member of made)
      this.sent(member).then(
        (answer) => member.resolve(answer),
        (error: unknown) => member.reject(error),
      )
    return Promise.resolve()
  }

  private sent(member: BatchedCall): Promise<unknown> {
    const { uniqueReads } = this.state
    try {
      return this.order === anyOrder
        ? uniqueReads.sendLone(member)
        : this.order.run(() => uniqueReads.sendLone(member))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  private landLone(member: BatchedCall): void {
    if (this.lone !== member) return
    this.lone = null
    const { loneFlight } = this
    this.loneFlight = null
    if (loneFlight !== null) this.depart(loneFlight.shape, loneFlight.flight)
  }

  /** Another call came while one was in flight alone: from now on its shape is known. */
  private recogniseLone(): void {
    const { lone } = this
    if (lone === null || this.loneFlight !== null) return
    const [group] = this.groupsOf([lone])
    if (group === undefined || group.batchKey === null || this.flights.has(group.shape)) return
    const flight: Flight = { waiting: null, stopWaiting: null }
    this.flights.set(group.shape, flight)
    this.loneFlight = { shape: group.shape, flight }
  }

  /** Where inspecting the calls throws, because of a bug of ours or theirs, they are sent one by one. */
  private groupsOf(members: readonly BatchedCall[]): readonly CallGroup[] {
    try {
      return this.merging.groupsOf(members, this.model)
    } catch {
      return members.map((member, index) => {
        const group = new CallGroup(this.model, `alone ${index}`, null)
        group.members.push(member)
        return group
      })
    }
  }

  private join(group: CallGroup): void {
    const flight = this.flights.get(group.shape)
    if (flight === undefined) {
      void this.start(group)
      return
    }
    if (flight.waiting === null) flight.waiting = group
    else for (const member of group.members) flight.waiting.members.push(member)
    flight.stopWaiting ??= afterAtMost(2 * this.pace, () => this.depart(group.shape, flight))
  }

  /** Resolves once the statements that the calls share have been answered; never rejects. */
  private start(group: CallGroup): Promise<void> {
    if (this.order === anyOrder && this.merging.areBetterAlone(group)) return this.sendEach(group)
    const { tracing } = this.state
    const { first } = group
    const { presence } = first
    const startedAt = performance.now()
    const batch = this.merging.batch(this.state, group)
    const end = () => presence.leave()
    presence.enter()
    void first.within(() => this.order.run(() => tracing.run(group, batch))).then(end, end)
    // Calls that cannot be merged gain nothing from waiting for each other.
    if (!this.isAdaptive || group.batchKey === null) return batch.landed
    const flight: Flight = { waiting: null, stopWaiting: null }
    this.flights.set(group.shape, flight)
    return batch.landed.then(() => {
      const took = performance.now() - startedAt
      this.pace += (took - this.pace) / (took > this.pace ? 2 : 4)
      this.depart(group.shape, flight)
    })
  }

  /** The flight has landed, or has been waited for long enough: the calls that waited are sent. */
  private depart(shape: string, flight: Flight): void {
    flight.stopWaiting?.()
    flight.stopWaiting = null
    const { waiting } = flight
    flight.waiting = null
    if (this.flights.get(shape) === flight) this.flights.delete(shape)
    if (waiting !== null) void this.start(waiting)
  }
}

/** The answers; the first call is settled here, because its promise existed before it was queued. */
function taken(members: readonly BatchedCall[], first: Held | null): unknown[] {
  return members.map((member) => {
    if (member !== first?.member) return member.take()
    first.resolve(member.take())
    return undefined
  })
}
