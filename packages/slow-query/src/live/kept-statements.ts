import type { Statement } from '@prisma-brisk/core'
import type { PlanSampler, ReadingPlan } from '../explain/plan-sampler.ts'
import { errorRecordOf } from '../record/error-record.ts'

/** Shapes whose youngest statement is kept. */
const MAX_SHAPES = 500
/** Values of one statement, and characters or bytes of one value, that are kept. */
const MAX_VALUES = 500
const MAX_LENGTH = 10_000

/** A client's planner, which its statements do not keep alive. */
export type StatementPlanner = WeakRef<PlanSampler>

interface Kept {
  readonly sql: string
  readonly args: readonly unknown[]
  readonly argTypes: readonly unknown[]
  readonly planner: StatementPlanner
}

/** The youngest statement of each shape with its values, for whoever asks for its plan. They never leave this process. */
export class KeptStatements {
  private readonly kept = new Map<string, Kept>()

  keep(fingerprint: string, { sql, args, argTypes, kind }: Statement, planner: StatementPlanner): void {
    if (kind !== 'query' || !isSmall(args)) return
    if (this.kept.size >= MAX_SHAPES && !this.kept.has(fingerprint)) {
      const [oldest] = this.kept.keys()
      this.kept.delete(oldest as string)
    }
    this.kept.set(fingerprint, { sql, args, argTypes, planner })
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

function isSmall(args: readonly unknown[]): boolean {
  if (args.length > MAX_VALUES) return false
  for (const value of args) {
    if (typeof value === 'string' && value.length > MAX_LENGTH) return false
    if (Array.isArray(value) && value.length > MAX_VALUES) return false
    if (ArrayBuffer.isView(value) && value.byteLength > MAX_LENGTH) return false
  }
  return true
}
