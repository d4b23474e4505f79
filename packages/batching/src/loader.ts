import DataLoader from 'dataloader'
import type { Answerer } from './answerer.ts'
import type { Member } from './member.ts'
import type { Schedule } from './options.ts'
import { afterAtMost } from './schedule.ts'

/** Lets batches go to the database: at once, or, in a transaction, in the order of its calls. */
export interface Gate {
  enter<T>(send: () => Promise<T>): Promise<T>
}

/** Outside a transaction nothing waits. */
export const openGate: Gate = { enter: (send) => send() }

/** A batch whose statements are under way, and the calls of its shape that wait for it to land. */
interface Flight {
  waiting: Member[]
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
  private lone: { readonly member: Member; flight: Flight | null } | null = null
  /** Milliseconds that a flight takes, lately. */
  private pace = 10

  constructor(
    private readonly answerer: Answerer,
    private readonly gate: Gate,
    private readonly isAdaptive: boolean,
    schedule: Schedule,
  ) {
    this.queue = new DataLoader<Member, unknown>(async (members) => this.send(members), {
      cache: false,
      batchScheduleFn: schedule,
    })
  }

  load(member: Member): Promise<unknown> {
    return this.queue.load(member)
  }

  /** DataLoader wants answers; it is given promises of them, so that no call waits for the answers of others. */
  private send(members: readonly Member[]): Promise<unknown>[] {
    const [first] = members
    if (members.length === 1 && first !== undefined && this.lone === null && this.flights.size === 0) {
      return [this.sendLone(first)]
    }
    const answers = members.map((member) => member.answer())
    this.recogniseLone()
    const shapes = new Map<string, Member[]>()
    for (const member of members) {
      const same = shapes.get(member.shape)
      if (same === undefined) shapes.set(member.shape, [member])
      else same.push(member)
    }
    for (const [shape, same] of shapes) this.join(shape, same)
    return answers
  }

  private async sendLone(member: Member): Promise<unknown> {
    const sent = this.gate.enter(() => this.answerer.sendLone(member))
    if (!this.isAdaptive) return sent
    const lone: NonNullable<typeof this.lone> = { member, flight: null }
    this.lone = lone
    const startedAt = performance.now()
    try {
      return await sent
    } finally {
      if (this.lone === lone) this.lone = null
      if (lone.flight !== null) this.land(member.shape, lone.flight, startedAt)
    }
  }

  private recogniseLone(): void {
    const { lone } = this
    if (lone === null) return
    this.lone = null
    if (lone.member.question === null || this.flights.has(lone.member.shape)) return
    lone.flight = { waiting: [], stopWaiting: null }
    this.flights.set(lone.member.shape, lone.flight)
  }

  private join(shape: string, members: Member[]): void {
    const flight = this.flights.get(shape)
    if (flight === undefined) return this.start(shape, members)
    for (const member of members) flight.waiting.push(member)
    flight.stopWaiting ??= afterAtMost(2 * this.pace, () => this.depart(shape, flight))
  }

  private start(shape: string, members: readonly Member[]): void {
    const startedAt = performance.now()
    const landed = this.gate.enter(() => this.answerer.answer(members))
    // Calls that cannot be merged gain nothing from waiting for each other.
    if (!this.isAdaptive || members[0]?.question === null) return
    const flight: Flight = { waiting: [], stopWaiting: null }
    this.flights.set(shape, flight)
    void landed.then(() => this.land(shape, flight, startedAt))
  }

  private land(shape: string, flight: Flight, startedAt: number): void {
    this.pace += (performance.now() - startedAt - this.pace) / 4
    this.depart(shape, flight)
  }

  /** The flight has landed, or has been waited for long enough: those who waited take off. */
  private depart(shape: string, flight: Flight): void {
    flight.stopWaiting?.()
    flight.stopWaiting = null
    const { waiting } = flight
    flight.waiting = []
    if (this.flights.get(shape) === flight) this.flights.delete(shape)
    if (waiting.length > 0) this.start(shape, waiting)
  }
}
