import { batchingChecks } from './batching.ts'
import { briskChecks } from './brisk.ts'
import { cacheChecks } from './cache.ts'
import type { Check } from './checks.ts'
import { coreChecks } from './core.ts'
import { paginationChecks } from './pagination.ts'
import { resilienceChecks } from './resilience.ts'
import { slowQueryChecks } from './slow-query.ts'

export { conform, type Ability, type Check, type Target, type Verdict } from './checks.ts'

/** The heart of each behaviour list, to be run wherever the suite is said to work. */
export const allChecks: readonly Check[] = [
  ...coreChecks,
  ...batchingChecks,
  ...cacheChecks,
  ...paginationChecks,
  ...slowQueryChecks,
  ...resilienceChecks,
  ...briskChecks,
]
