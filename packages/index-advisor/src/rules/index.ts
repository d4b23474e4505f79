import { comparedExpression } from './compared-expression.ts'
import { duplicateIndex } from './duplicate-index.ts'
import { heavyText } from './heavy-text.ts'
import { largeOffset } from './large-offset.ts'
import { jsonDocuments, listElements } from './list-elements.ts'
import { partialIndex } from './partial-index.ts'
import { partlyIndexedForeignKey } from './partly-indexed-foreign-key.ts'
import { patternSearch } from './pattern-search.ts'
import { queryIndex } from './query-index.ts'
import { redundantIndex } from './redundant-index.ts'
import type { Rule } from './rule.ts'
import { undeclaredIndex } from './undeclared-index.ts'
import { unindexedForeignKey } from './unindexed-foreign-key.ts'

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
  heavyText,
  redundantIndex,
  duplicateIndex,
  undeclaredIndex,
]
