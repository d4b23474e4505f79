import { isDueEarly } from '../../src/read/freshness.ts'
import type { CacheEntry } from '../../src/entry/entry.ts'

const entry: CacheEntry = {
  identity: 'i',
  tags: [],
  stamps: [],
  createdAt: 0,
  ttl: 10_000,
  swr: 0,
  staleIfError: 0,
  cost: 100,
}

/** The share of hits at this age that would refresh, over evenly spread random numbers. */
function share(age: number, beta = 1, own = entry): number {
  const draws = Array.from({ length: 10_000 }, (_, index) => index / 10_000)
  return draws.filter((draw) => isDueEarly(own, age, beta, () => draw)).length / draws.length
}

test('the nearer the end, the more likely: e to the power of minus what is left in costs', () => {
  expect(share(0)).toBe(0)
  expect(share(9_000)).toBeCloseTo(Math.exp(-10), 3)
  expect(share(9_800)).toBeCloseTo(Math.exp(-2), 3)
  expect(share(9_900)).toBeCloseTo(Math.exp(-1), 3)
  expect(share(10_000)).toBe(1)
})

test('the dearer the read, and the larger the option, the earlier', () => {
  expect(share(9_800, 1, { ...entry, cost: 200 })).toBeCloseTo(Math.exp(-1), 3)
  expect(share(9_800, 2)).toBeCloseTo(Math.exp(-1), 3)
  expect(share(9_990, 1, { ...entry, cost: 0 })).toBe(0)
})
