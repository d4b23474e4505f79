import type { TransactionEvent } from '@prisma-brisk/core'
import { bucketOf } from './latency-sketch.ts'
import { histogramBucket, HISTOGRAM_BOUNDS } from './series.ts'
import { Tally } from './tally.ts'

/** What happens at connections beside the statements of operations. */
export type ConnectionStep = TransactionEvent['type'] | 'wait'

/** Times of one step since the client was made. */
export class StepTimes {
  readonly tally = new Tally()
  readonly histogram = new Float64Array(HISTOGRAM_BOUNDS.length + 1)

  record(ms: number, failed: boolean): void {
    this.tally.latency.recordBucket(bucketOf(ms), ms)
    if (failed) this.tally.errors++
    const index = histogramBucket(ms)
    this.histogram[index] = (this.histogram[index] as number) + 1
  }
}

/** Waits for the pool, and BEGIN, COMMIT, ROLLBACK and savepoints: apart from operations, which they are no part of. */
export class ConnectionTimes {
  readonly steps: Readonly<Record<ConnectionStep, StepTimes>> = {
    wait: new StepTimes(),
    begin: new StepTimes(),
    commit: new StepTimes(),
    rollback: new StepTimes(),
    savepoint: new StepTimes(),
  }

  waited(ms: number): void {
    if (ms > 0) this.steps.wait.record(ms, false)
  }

  transaction({ type, ms, waitMs, error }: TransactionEvent): void {
    this.steps[type].record(ms, error !== undefined)
    this.waited(waitMs)
  }
}
