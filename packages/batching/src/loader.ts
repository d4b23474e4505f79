import type { Model } from '@prisma-brisk/core'
import DataLoader from 'dataloader'
import type { BatchOutcome } from './batch-event.ts'
import { Group } from './group.ts'
import type { Member } from './member.ts'
import type { MountState } from './mount-state.ts'
import type { Schedule } from './options.ts'
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

/**
 * Collects the calls of one client, operation and model (in one transaction, for one scope), and hands those of one shape
 * on together.
 *
 * A call that finds no company is sent as it is, without having been looked at. Adaptive: calls whose shape is in flight
 * wait until that flight has landed, and make up the next one, so that the database sets the pace. None waits longer than
 * flights of late have taken: one slow statement does not hold up what comes after it.
 */
export class Loader {
  private readonly queue: DataLoader<Member, unknown>
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
    schedule: Schedule,
  ) {
    this.queue = new DataLoader<Member, unknown>((members) => this.send(members), {
      cache: false,
      batchScheduleFn: schedule,
    })
  }

  load(member: Member): Promise<unknown> {
    return this.queue.load(member)
  }

  /** Gives DataLoader the answers, or promises of those that take longer than the shared statements. */
  private send(members: readonly Member[]): Promise<unknown[]> {
    const [first] = members
    const isBusy = this.lone !== null || this.flights.size > 0
    if (members.length === 1 && first !== undefined && !isBusy) return Promise.resolve([this.sendLone(first)])
    this.recogniseLone()
    const groups = this.groupsOf(members)
    const [only] = groups
    if (groups.length === 1 && only !== undefined && !this.flights.has(only.shape)) {
      return this.start(only).then(() => members.map((member) => member.take()))
    }
    const answers = members.map((member) => member.take())
    for (const group of groups) this.join(group)
    return Promise.resolve(answers)
  }

  private sendLone(member: Member): Promise<unknown> {
    const { underWay, uniqueReads, statistics } = this.state
    underWay.start()
    statistics.passedThrough++
    const sent =
      this.gate === openGate
        ? uniqueReads.sendLone(member)
        : this.gate.enter(() => uniqueReads.sendLone(member))
    if (!this.isAdaptive) {
      sent.then(underWay.end, underWay.end)
      return sent
    }
    this.lone = member
    const land = () => this.landLone(member)
    sent.then(land, land)
    return sent
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
