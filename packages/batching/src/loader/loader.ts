import type { Model } from '@prisma-brisk/core'
import DataLoader from 'dataloader'
import type { BatchOutcome } from '../report/batch-event.ts'
import { Group } from '../batch-key/group.ts'
import type { Member } from '../batch-key/batched-call.ts'
import type { MountState } from './mount-state.ts'
import type { Schedule } from '../options.ts'
import { afterAtMost } from './schedule.ts'

/** Lets batches go to the database: at once, or, in a transaction, in the order of its calls. */
export interface Gate {
  enter<T>(send: () => Promise<T>): Promise<T>
}

/** Outside a transaction nothing waits. */
export const openGate: Gate = { enter: (send) => send() }

/** How calls of an operation come together, and how they are answered together. */
export interface Merging {
  groupsOf(members: readonly Member[], model: Model): readonly Group[]
  batch(
    state: MountState,
    group: Group,
  ): { readonly landed: Promise<void>; readonly outcome: BatchOutcome; run(): Promise<void> }
}

/** A batch whose statements are under way, and the calls of its shape that wait for it to land. */
interface Flight {
  waiting: Group | null
  stopWaiting: (() => void) | null
}

/** The first call of a tick, and what its caller waits for. */
interface Held {
  readonly member: Member
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * Collects the calls of one client, operation and model (in one transaction, for one scope), and hands those of one shape
 * on together.
 *
 * A call that finds no company is sent as it is, without having been looked at or queued: most calls of most applications
 * are such. Adaptive: calls whose shape is in flight wait until that flight has landed, and make up the next one, so that
 * the database sets the pace. None waits longer than flights of late have taken: one slow statement does not hold up what
 * comes after it.
 */
export class Loader {
  /** The calls that are being collected: a queue for each batch, because DataLoader holds on to its last one. */
  private queue: DataLoader<Member, unknown> | null = null
  /** The first call, as long as it has no company. */
  private held: Held | null = null
  /** The first call, once it is queued with others. */
  private accompanied: Held | null = null
  /** Whether calls are being collected. */
  private isOpen = false
  /** Sends what is queued. */
  private dispatch: (() => void) | null = null
  private readonly flights = new Map<string, Flight>()
  /** A call in flight that was alone: its shape is found out when another one comes. */
  private lone: Member | null = null
  private loneFlight: { readonly shape: string; readonly flight: Flight } | null = null
  /** Milliseconds that the slower flights take, lately. */
  private pace = 50

  constructor(
    private readonly state: MountState,
    private readonly model: Model,
    private readonly merging: Merging,
    private readonly gate: Gate,
    private readonly isAdaptive: boolean,
    private readonly schedule: Schedule,
  ) {}

  load(member: Member): Promise<unknown> {
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

  private queued(member: Member): Promise<unknown> {
    this.queue ??= new DataLoader<Member, unknown>((members) => this.send(members), {
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
  private send(members: readonly Member[]): Promise<unknown[]> {
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
    const { underWay, statistics } = this.state
    underWay.start()
    statistics.passedThrough++
    if (this.isAdaptive) this.lone = member
    this.sent(member).then(
      (answer) => {
        this.landLone(member)
        resolve(answer)
      },
      (error: unknown) => {
        this.landLone(member)
        reject(error)
      },
    )
  }

  private sent(member: Member): Promise<unknown> {
    const { uniqueReads } = this.state
    try {
      return this.gate === openGate
        ? uniqueReads.sendLone(member)
        : this.gate.enter(() => uniqueReads.sendLone(member))
    } catch (error) {
      return Promise.reject(error)
    }
  }

  private landLone(member: Member): void {
    this.state.underWay.end()
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
    if (group === undefined || group.question === null || this.flights.has(group.shape)) return
    const flight: Flight = { waiting: null, stopWaiting: null }
    this.flights.set(group.shape, flight)
    this.loneFlight = { shape: group.shape, flight }
  }

  /** Calls that cannot be looked at, because of a bug of ours or theirs, are sent one by one. */
  private groupsOf(members: readonly Member[]): readonly Group[] {
    try {
      return this.merging.groupsOf(members, this.model)
    } catch {
      return members.map((member, index) => {
        const group = new Group(this.model, `alone ${index}`, null)
        group.members.push(member)
        return group
      })
    }
  }

  private join(group: Group): void {
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
  private start(group: Group): Promise<void> {
    const { underWay, tracing } = this.state
    const startedAt = performance.now()
    const batch = this.merging.batch(this.state, group)
    underWay.start()
    void this.gate.enter(() => tracing.run(group, batch)).then(underWay.end)
    // Calls that cannot be merged gain nothing from waiting for each other.
    if (!this.isAdaptive || group.question === null) return batch.landed
    const flight: Flight = { waiting: null, stopWaiting: null }
    this.flights.set(group.shape, flight)
    return batch.landed.then(() => {
      const took = performance.now() - startedAt
      this.pace += (took - this.pace) / (took > this.pace ? 2 : 4)
      this.depart(group.shape, flight)
    })
  }

  /** The flight has landed, or has been waited for long enough: those who waited take off. */
  private depart(shape: string, flight: Flight): void {
    flight.stopWaiting?.()
    flight.stopWaiting = null
    const { waiting } = flight
    flight.waiting = null
    if (this.flights.get(shape) === flight) this.flights.delete(shape)
    if (waiting !== null) void this.start(waiting)
  }
}

/** The answers, but of the first call, whose caller has a promise from before it was queued: he is the first to be told. */
function taken(members: readonly Member[], first: Held | null): unknown[] {
  return members.map((member) => {
    if (member !== first?.member) return member.take()
    first.resolve(member.take())
    return undefined
  })
}
