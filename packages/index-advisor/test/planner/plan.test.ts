import { withoutLiterals } from '../../src/planner/plan.ts'

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
