import type { Rule } from './rule.ts'
import { unindexedForeignKey } from './unindexed-foreign-key.ts'

/** In the order in which they are documented; the order does not change the advice. */
export const rules: readonly Rule[] = [unindexedForeignKey]
