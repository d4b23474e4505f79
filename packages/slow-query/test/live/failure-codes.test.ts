import { meaningOf } from '../../src/live/failure-codes.ts'

test.each([
  [['P2003', '23503'], /^a foreign key does not hold/],
  [['1062'], /^a row with these unique values exists/],
  [['E_UNKNOWN', '40P01'], /^another transaction wrote the same rows/],
])('what %j means is told by the first code that is known', (codes, meaning) => {
  expect(meaningOf(codes)).toMatch(meaning)
})

test('of a code that is not known nothing is made up', () => {
  expect(meaningOf(['P9999'])).toBeNull()
  expect(meaningOf([])).toBeNull()
})
