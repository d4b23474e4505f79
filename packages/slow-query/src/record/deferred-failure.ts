import type { ErrorRecord } from './records.ts'

/** A task of `prisma.$deferred` that failed or was dropped. */
export interface DeferredFailureRecord {
  readonly type: 'deferred-failure'
  readonly time: string
  readonly error: ErrorRecord
}
