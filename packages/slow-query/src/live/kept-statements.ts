import type { Statement } from '@prisma-brisk/core'
import type { PlanSampler, ReadingPlan } from '../explain/plan-sampler.ts'
import { errorRecordOf } from '../record/error-record.ts'

/** Shapes whose youngest statement is kept, and characters or bytes that one and all of them may have. */
const MAX_SHAPES = 500
const MAX_LENGTH = 100_000
const MAX_IN_ALL = 4_000_000

/** A client's planner, which its statements do not keep alive. */
export type StatementPlanner = WeakRef<PlanSampler>

interface Kept {
  readonly sql: string
  readonly args: readonly unknown[]
  readonly argTypes: readonly unknown[]
  readonly planner: StatementPlanner
  readonly length: number
}

/** The youngest statement of each shape with its values, for whoever asks for its plan. They never leave this process. */
export class KeptStatements {
  private readonly kept = new Map<string, Kept>()
  private length = 0

  keep(fingerprint: string, { sql, args, argTypes, kind }: Statement, planner: StatementPlanner): void {
    const { kept } = this
    const known = kept.get(fingerprint)
    const length = lengthOf(args) + sql.length
    if (kind !== 'query' || length > MAX_LENGTH) return
    this.length += length - (known?.length ?? 0)
    if (known === undefined || this.length > MAX_IN_ALL) {
      kept.delete(fingerprint)
      for (const [oldest, each] of kept) {
        if (kept.size < MAX_SHAPES && this.length <= MAX_IN_ALL) break
        kept.delete(oldest)
        this.length -= each.length
      }
    }
    kept.set(fingerprint, { sql, args, argTypes, planner, length })
  }

  async explain(fingerprint: string): Promise<ReadingPlan> {
    const kept = this.kept.get(fingerprint)
    if (kept === undefined) return { reason: 'the process no longer holds a statement of this shape' }
    const planner = kept.planner.deref()
    if (planner === undefined) return { reason: 'its client is gone' }
    try {
      return await planner.planNow(kept)
    } catch (error) {
      // Its message may quote values.
      const { driverCode, code, name } = errorRecordOf(error, null)
      return { reason: `the database gave no plan (${driverCode ?? code ?? name})` }
    }
  }
}

function lengthOf(values: readonly unknown[]): number {
  let length = 0
  for (const value of values) {
    if (typeof value === 'string') length += value.length
    else if (ArrayBuffer.isView(value)) length += value.byteLength
    else if (Array.isArray(value)) length += lengthOf(value)
    length += 8
    if (length > MAX_LENGTH) return length
  }
  return length
}
