import { comparedExpression } from './compared-expression.ts'
import { distinctInMemory } from './asking/distinct-in-memory.ts'
import { duplicateIndex } from './duplicate-index.ts'
import { excludedList } from './asking/excluded-list.ts'
import { heavyText } from './asking/heavy-text.ts'
import { keyTypes } from './key-types.ts'
import { largeOffset } from './asking/large-offset.ts'
import { jsonDocuments, listElements } from './list-elements.ts'
import { nullsOrder } from './asking/nulls-order.ts'
import { oldRows } from './asking/old-rows.ts'
import { optionalParameter } from './asking/optional-parameter.ts'
import { partialIndex } from './partial-index.ts'
import { partlyIndexedForeignKey } from './partly-indexed-foreign-key.ts'
import { patternSearch } from './pattern-search.ts'
import { queryIndex } from './query-index.ts'
import { redundantIndex } from './redundant-index.ts'
import type { Rule } from '../rule.ts'
import { softDeletedUnique } from './soft-deleted-unique.ts'
import { sortedByRelation } from './asking/sorted-by-relation.ts'
import { unboundedInclude } from './asking/unbounded-include.ts'
import { undeclaredIndex } from './undeclared-index.ts'
import { unindexedForeignKey } from './unindexed-foreign-key.ts'
import { wholeCount } from './asking/whole-count.ts'

/** In the order in which they are documented; the order does not change the advice. */
export const rules: readonly Rule[] = [
  unindexedForeignKey,
  partlyIndexedForeignKey,
  queryIndex,
  listElements,
  jsonDocuments,
  partialIndex,
  patternSearch,
  comparedExpression,
  largeOffset,
  optionalParameter,
  heavyText,
  wholeCount,
  excludedList,
  distinctInMemory,
  sortedByRelation,
  nullsOrder,
  unboundedInclude,
  keyTypes,
  softDeletedUnique,
  oldRows,
  redundantIndex,
  duplicateIndex,
  undeclaredIndex,
]
