import type { ExplainNode } from '../../../src/planner/explain-json.ts'
import { skippedKey } from '../../../src/planner/what-if/skip-scan.ts'

const scan = (condition: string) => ({ 'Index Cond': condition }) as unknown as ExplainNode

test.each([
  ['(email = $1)', ['tenant', 'email'], 0],
  ['((tenant = 4) AND (email = $1))', ['tenant', 'email'], null],
  ['((a = 1) AND (c = 3))', ['a', 'b', 'c'], 1],
  ['((a > 1) AND (b = 3))', ['a', 'b'], 0],
  ['(a > 1)', ['a', 'b'], null],
  ['((a = ANY ($1)) AND (b < 3))', ['a', 'b'], null],
  ['("createdAt" >= $1)', ['authorId', 'createdAt'], 0],
  ['((tenant = t.id) AND ((email)::text = $1))', ['tenant', 'email'], null],
  // The other side of a join carries its table's name.
  ['((email)::text = t.tenant)', ['tenant', 'email'], 0],
] as const)('%s skips in %p: %p', (condition, keys, expected) => {
  expect(skippedKey(scan(condition), keys)).toBe(expected)
})
