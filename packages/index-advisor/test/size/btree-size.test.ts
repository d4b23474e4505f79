import { type BtreeKeyColumn, btreeSize, distinctCombinations } from '../../src/size/btree-size.ts'

const column = (type: string, distinct: number, rest: Partial<BtreeKeyColumn> = {}): BtreeKeyColumn => ({
  type,
  width: 8,
  nullFraction: 0,
  distinct,
  frequencies: [],
  ...rest,
})
const rows = 1_000_000
const size = (keys: readonly BtreeKeyColumn[], serverVersion = 150000) =>
  btreeSize({ rows, keys, serverVersion })

/** Pages as PostgreSQL 15.20 made them of a million rows (`pg_relation_size`), levels as `bt_metap` says. */
test.each([
  ['unique integers', [column('integer', rows)], 2745, 2],
  ['unique timestamps', [column('timestamp without time zone', rows)], 2745, 2],
  ['unique uuids', [column('uuid', rows)], 3853, 2],
  ['an enum of four values', [column('enum', 4)], 849, 2],
  ['numerics, which are never merged', [column('numeric', 48_075, { width: 6 })], 2749, 2],
  ['text of 39 bytes', [column('text', rows, { width: 39 })], 7210, 2],
  ['two texts', [column('text', rows, { width: 39 }), column('text', rows, { width: 65 })], 16_022, 3],
  [
    'integer and timestamp',
    [column('integer', 61_357), column('timestamp without time zone', rows)],
    3853,
    2,
  ],
  [
    'nulls in a sixth of the rows',
    [column('timestamp without time zone', 847_000, { nullFraction: 0.15273 })],
    2461,
    2,
  ],
] as const)('%s take the pages PostgreSQL builds', (_, keys, pages, level) => {
  const foreseen = size(keys)
  expect(Math.abs(foreseen.pages - pages) / pages).toBeLessThan(0.02)
  expect(foreseen.level).toBe(level)
})

test('before version 13 equal keys were not merged', () => {
  expect(size([column('integer', 10)], 120000).pages).toBe(size([column('integer', rows)]).pages)
  expect(size([column('integer', 10)], 130000).pages).toBeLessThan(size([column('integer', rows)]).pages / 3)
})

test('an index on nothing is one page, and every size is finite', () => {
  expect(btreeSize({ rows: 0, keys: [column('integer', 0)], serverVersion: 150000 })).toEqual({
    pages: 1,
    leafPages: 0,
    level: 0,
  })
  for (const distinct of [0, 1, 2, 1e9])
    expect(Number.isFinite(size([column('text', distinct, { width: 3000 })]).pages)).toBe(true)
})

test('combinations of columns are no more than the rows and no fewer than the values of each', () => {
  expect(distinctCombinations([column('integer', 1000), column('integer', 1_000_000)], rows)).toBeGreaterThan(
    999_000,
  )
  expect(distinctCombinations([column('integer', 4), column('integer', 5)], rows)).toBeCloseTo(20, 6)
  expect(distinctCombinations([column('integer', 4)], rows)).toBeCloseTo(4, 6)
})
