import type { BatchSchedule } from '../options.ts'

/**
 * The batches that are being collected, so that they can be sent before their time: when a transaction goes on to
 * something else, when the client disconnects.
 */
export class Collector {
  private readonly collecting = new Set<() => void>()

  /** The schedule, but each batch is sent once, however often or seldom it says so. */
  register(schedule: BatchSchedule, onFailure: () => void): BatchSchedule {
    return (dispatch) => {
      const send = () => {
        if (this.collecting.delete(send)) dispatch()
      }
      this.collecting.add(send)
      try {
        schedule(send)
      } catch {
        onFailure()
        queueMicrotask(send)
      }
    }
  }

  get isEmpty(): boolean {
    return this.collecting.size === 0
  }

  flush(): void {
    for (const send of this.collecting) send()
  }
}
