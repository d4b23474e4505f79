import { forSeeds, Random } from '../../support/random.ts'

test('one seed gives one sequence, other seeds give others', () => {
  const numbers = (seed: number): number[] => {
    const random = new Random(seed)
    return Array.from({ length: 20 }, () => random.int(1, 1_000_000))
  }
  expect(numbers(7)).toEqual(numbers(7))
  expect(numbers(7)).not.toEqual(numbers(8))
  expect(new Set(numbers(7)).size).toBeGreaterThan(15)
})

test('a failing seed is named so that it can be replayed', async () => {
  const failing = forSeeds(5, (_random, seed) => {
    if (seed === 3) throw new Error('third time unlucky')
  })
  if (process.env.BRISK_SEED === undefined && process.env.BRISK_SEEDS === undefined)
    await expect(failing).rejects.toThrow('Replay with BRISK_SEED=3\nthird time unlucky')
  else await failing.catch(() => undefined)
})

test('a budget ends seeds early, but never before the least of them', async () => {
  const ran: number[] = []
  const bounded = (seconds: number) =>
    forSeeds(20, (_random, seed) => void ran.push(seed), { seconds, atLeast: 5 })
  await bounded(0)
  if (process.env.BRISK_SEED === undefined && process.env.BRISK_SEEDS === undefined)
    expect(ran).toEqual([1, 2, 3, 4, 5])
  ran.length = 0
  await bounded(3600)
  if (process.env.BRISK_SEED === undefined && process.env.BRISK_SEEDS === undefined)
    expect(ran).toHaveLength(20)
})
