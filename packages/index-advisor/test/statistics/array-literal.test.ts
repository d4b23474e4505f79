import { parseArrayLiteral, printArrayLiteral } from '../../src/statistics/array-literal.ts'

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
