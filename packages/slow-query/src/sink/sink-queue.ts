import { realTimers } from '@prisma-brisk/core'
import type { SinkRecord } from '../record/records.ts'
import type { RecordSink } from './sink.ts'

/** Records that wait for one sink; more are dropped. */
const MAX_WAITING = 1000
/** A sink that has not answered for so long no longer holds up `flush`. */
const FLUSH_PATIENCE_MS = 2000

/** Feeds one sink, one record at a time; a sink that throws, rejects or hangs affects nothing else. */
export class SinkQueue {
  /** Records this sink never got. */
  dropped = 0
  private readonly waiting: SinkRecord[] = []
  private writing: Promise<void> | null = null

  constructor(
    private readonly sink: RecordSink,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  push(record: SinkRecord): void {
    if (this.writing === null) this.write(record)
    else if (this.waiting.length < MAX_WAITING) this.waiting.push(record)
    else this.dropped++
  }

  /** Resolves when everything pushed so far is written, or the sink has kept us waiting too long. */
  async flush(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    // It keeps the process alive: somebody waits, and may have more to do once this has ended.
    const patience = new Promise<void>((resolve) => {
      timer = realTimers.setTimeout(resolve, FLUSH_PATIENCE_MS)
    })
    await Promise.race([this.drained(), patience])
    realTimers.clearTimeout(timer)
  }

  private async drained(): Promise<void> {
    while (this.writing !== null) await this.writing
    try {
      await this.sink.flush?.()
    } catch (error) {
      this.onFailure(error)
    }
  }

  /** Writes as long as the sink answers at once; a promise is waited for in the background. */
  private write(first: SinkRecord): void {
    for (let record: SinkRecord | undefined = first; record !== undefined; record = this.waiting.shift()) {
      try {
        const written = this.sink.write(record)
        if (written === undefined) continue
        this.writing = Promise.resolve(written)
          .catch((error: unknown) => this.failed(error))
          .then(() => this.next())
        return
      } catch (error) {
        this.failed(error)
      }
    }
    this.writing = null
  }

  private next(): void {
    this.writing = null
    const record = this.waiting.shift()
    if (record !== undefined) this.write(record)
  }

  private failed(error: unknown): void {
    this.dropped++
    this.onFailure(error)
  }
}
