import { quoteText } from '../../src/statistics/sql-text.ts'

test('a literal cannot end its quotes', () => {
  expect(quoteText(`x'); drop table t; --`)).toBe(`'x''); drop table t; --'`)
  expect(quoteText(`a\\'b`)).toBe(`E'a\\\\''b'`)
})
