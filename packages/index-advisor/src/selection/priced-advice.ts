import type { FindingCost, Remark } from '../advice/advice.ts'
import type { Candidate } from '../candidate/candidate.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { Advised } from '../rule.ts'
import type { IndexSelector } from './index-selector.ts'

/** What a change must save, of the cost, where a planner compares: less is within the error of an estimate. */
const LEAST_GAIN = 0.1

/**
 * Advice beside indexes with what the planner says of it, where there is one, beside the indexes that are recommended; what it sees no
 * gain in is left out.
 */
export async function pricedAdvice(
  catalog: Catalog,
  advised: readonly Advised[],
  selector: IndexSelector,
  chosen: readonly Candidate[],
): Promise<Remark[]> {
  const remarks: Remark[] = []
  for (const { remark, asked } of advised) {
    const before =
      asked === undefined ? null : ((await selector.costOf?.(catalog, asked.now, chosen)) ?? null)
    if (asked === undefined || before === null) {
      remarks.push(remark)
      continue
    }
    const after =
      asked.then === null ? null : ((await selector.costOf?.(catalog, asked.then, chosen)) ?? null)
    if (after !== null && before - after < before * LEAST_GAIN) continue
    const planned: FindingCost = {
      before: rounded(before),
      ...(after === null ? {} : { after: rounded(after) }),
    }
    remarks.push({ ...remark, cost: { ...remark.cost, ...planned } })
  }
  return remarks
}

function rounded(cost: number): number {
  return Math.round(cost * 100) / 100
}
