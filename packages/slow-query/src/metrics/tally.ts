import { LatencySketch, type SketchSnapshot } from './latency-sketch.ts'

/** A tally as plain data. */
export interface TallySnapshot {
  readonly latency: SketchSnapshot
  readonly errors: number
  readonly slow: number
  readonly rowsRead: number
  readonly rowsReturned: number
}

/** What is counted of operations: how many, how long, how many failed, how many rows. */
export class Tally {
  readonly latency = new LatencySketch()
  errors = 0
  slow = 0
  rowsRead = 0
  rowsReturned = 0

  merge(other: Tally): void {
    this.latency.merge(other.latency)
    this.add(other)
  }

  mergeSnapshot(other: TallySnapshot): void {
    this.latency.mergeSnapshot(other.latency)
    this.add(other)
  }

  snapshot(): TallySnapshot {
    const { latency, errors, slow, rowsRead, rowsReturned } = this
    return { latency: latency.snapshot(), errors, slow, rowsRead, rowsReturned }
  }

  clear(): void {
    this.latency.clear()
    this.errors = this.slow = this.rowsRead = this.rowsReturned = 0
  }

  private add({ errors, slow, rowsRead, rowsReturned }: Omit<TallySnapshot, 'latency'>): void {
    this.errors += errors
    this.slow += slow
    this.rowsRead += rowsRead
    this.rowsReturned += rowsReturned
  }
}

/**
 * Tallies of the last while: a ring of slots, each of which is emptied and used again once its time is over.
 * Nothing runs in the background; slots turn when one records or asks.
 */
export class RollingTally {
  private readonly slots: Tally[]
  private readonly epochs: number[]

  /** `slots` slots of `slotMs` milliseconds each. */
  constructor(
    private readonly slotMs: number,
    slots: number,
  ) {
    this.slots = Array.from({ length: slots }, () => new Tally())
    this.epochs = Array.from({ length: slots }, () => -1)
  }

  /** The tally of the present moment. */
  at(now: number): Tally {
    const epoch = Math.floor(now / this.slotMs)
    const index = epoch % this.slots.length
    const slot = this.slots[index] as Tally
    if (this.epochs[index] !== epoch) {
      this.epochs[index] = epoch
      slot.clear()
    }
    return slot
  }

  /** All of the last `windowMs` milliseconds, rounded up to whole slots; by default all there is. */
  merged(now: number, windowMs = this.slotMs * this.slots.length): Tally {
    const epoch = Math.floor(now / this.slotMs)
    const oldest = epoch - Math.min(this.slots.length, Math.ceil(windowMs / this.slotMs)) + 1
    const merged = new Tally()
    this.slots.forEach((slot, index) => {
      const own = this.epochs[index] as number
      if (own >= oldest && own <= epoch) merged.merge(slot)
    })
    return merged
  }
}
