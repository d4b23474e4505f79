import type { Host } from '@prisma-brisk/core'
import { BatchTracing } from '../report/batch-tracing.ts'
import type { ResolvedBatchingOptions } from '../options.ts'
import type { Statistics } from '../statistics.ts'
import { InFlight } from './in-flight.ts'
import { UniqueReads } from './unique-reads.ts'

/** What all loaders of one mount work with. */
export class MountState {
  readonly inFlight = new InFlight()
  readonly uniqueReads: UniqueReads
  readonly tracing = new BatchTracing()
  readonly isAdaptive: boolean

  constructor(
    readonly host: Host,
    readonly options: ResolvedBatchingOptions,
    readonly statistics: Statistics,
  ) {
    this.uniqueReads = UniqueReads.of(host)
    this.isAdaptive = options.schedule === 'adaptive'
  }
}
