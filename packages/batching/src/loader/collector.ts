import type { BatchSchedule } from '../options.ts'

/**
 * The batches that are being collected, so that they can be sent before their time: when a transaction goes on to
 * something else, when the client disconnects.
 */
export class Collector {
  private readonly collecting = new Set<() => void>()

  /** @param parent knows of the same batches, among others */
  constructor(private readonly parent: Collector | null = null) {}

  /** The schedule, but each batch is sent once, however often or seldom it says so. */
  register(schedule: BatchSchedule, onFailure: () => void): BatchSchedule {
    return (dispatch) => {
      const send = () => {
        if (!this.collecting.delete(send)) return
        this.parent?.collecting.delete(send)
        dispatch()
      }
      this.collecting.add(send)
      this.parent?.collecting.add(send)
      try {
        schedule(send)
      } catch {
        onFailure()
        queueMicrotask(send)
      }
    }
  }

  flush(): void {
    for (const send of this.collecting) send()
  }
}
