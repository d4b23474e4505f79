import { realTimers } from '@prisma-brisk/core'
import type { SinkRecord } from '../record/records.ts'

/** What is to be written; made late, because making it costs more than noting that it is due. */
export interface PendingReport {
  make(): SinkRecord | null | Promise<SinkRecord | null>
  write(record: SinkRecord): void
}

/** Reports whose making has not begun; in a flood, more are dropped and counted. */
const MAX_PENDING = 1000
/** Reports whose making waits for something (a plan). */
const MAX_MAKING = 100

/** Makes reports once the event loop is free, off the path of the operations they speak of. */
export class ReportQueue {
  dropped = 0
  private pending: PendingReport[] = []
  private scheduled: Promise<void> | null = null
  private readonly making = new Set<Promise<void>>()

  add(report: PendingReport): void {
    if (this.pending.length >= MAX_PENDING) {
      this.dropped++
      return
    }
    this.pending.push(report)
    this.scheduled ??= new Promise((resolve) =>
      realTimers.setImmediate(() => {
        this.scheduled = null
        this.drain()
        resolve()
      }),
    )
  }

  /** Resolves when everything added so far has been made and handed to its sinks. */
  async flush(): Promise<void> {
    await this.scheduled
    await Promise.all(this.making)
  }

  private drain(): void {
    const { pending } = this
    this.pending = []
    for (const report of pending) this.begin(report)
  }

  private begin(report: PendingReport): void {
    try {
      const made = report.make()
      if (!(made instanceof Promise)) {
        if (made !== null) report.write(made)
      } else if (this.making.size < MAX_MAKING) this.wait(made, report)
      else this.dropped++
    } catch {
      // Thrown from here it would end the process, and take the reports behind it along.
      this.dropped++
    }
  }

  private wait(made: Promise<SinkRecord | null>, report: PendingReport): void {
    const writing = made
      .then((record) => void (record !== null && report.write(record)))
      .catch(() => void this.dropped++)
      .finally(() => this.making.delete(writing))
    this.making.add(writing)
  }
}
