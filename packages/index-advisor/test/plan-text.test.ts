import { parseArrayLiteral, printArrayLiteral } from '../src/statistics/array-literal.ts'
import { skippedKey } from '../src/planner/skip-scan.ts'
import { withoutLiterals } from '../src/planner/plan.ts'
import type { ExplainNode } from '../src/planner/explain-json.ts'
import { quoteText } from '../src/statistics/sql-text.ts'

test.each([
  [`("authorId" = 7)`, `("authorId" = ?)`],
  [`((title)::text ~~ 'se''cret%'::text)`, `((title)::text ~~ ?)`],
  [`(status = ANY ('{secret,other}'::public."Status"[]))`, `(status = ANY (?))`],
  [`(at > '2024-01-01 00:00:00'::timestamp without time zone)`, `(at > ?)`],
  [`((name)::text = E'se\\\\cret'::text)`, `((name)::text = ?)`],
  [`(price = 12.5::numeric) AND (n < '-3'::integer)`, `(price = ?::numeric) AND (n < ?)`],
  [`("col 1" = $1) AND (t2.a1 = 1e5)`, `("col 1" = $1) AND (t2.a1 = ?)`],
  [`(code = 'secret'::character varying(191))`, `(code = ?)`],
  [`("we""ird" IS NOT NULL)`, `("we""ird" IS NOT NULL)`],
])('X43 %s is shown as %s', (condition, shown) => {
  expect(withoutLiterals(condition)).toBe(shown)
})

test.each([
  ['{a,b}', ['a', 'b']],
  ['{"a,b","c\\"d","e\\\\f",NULL,"NULL"}', ['a,b', 'c"d', 'e\\f', null, 'NULL']],
  ['{}', []],
  ['[0:1]={1,2}', ['1', '2']],
  ['{"2024-01-01 00:00:00"}', ['2024-01-01 00:00:00']],
] as const)('an array literal %s is read', (literal, values) => {
  expect(parseArrayLiteral(literal)).toEqual(values)
})

test('an array literal is printed as it is read', () => {
  const values = ['a', 'b"c', 'd\\e', null, '', 'NULL', '{x}', 'ä']
  expect(parseArrayLiteral(printArrayLiteral(values.map((value) => value)))).toEqual(values)
})

test('a literal cannot end its quotes', () => {
  expect(quoteText(`x'); drop table t; --`)).toBe(`'x''); drop table t; --'`)
  expect(quoteText(`a\\'b`)).toBe(`E'a\\\\''b'`)
})

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
