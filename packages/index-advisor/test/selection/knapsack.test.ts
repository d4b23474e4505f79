import { chooseExhaustively } from '../../../../bench/advisor/exhaustive.ts'
import { chooseByExtend } from '../../src/selection/knapsack/extend.ts'
import {
  isAllowed,
  type SelectionItem,
  type Knapsack,
  totalCost,
} from '../../src/selection/knapsack/knapsack.ts'

const SEEDS = Number(process.env['BRISK_SEEDS'] ?? 150)

/** mulberry32 */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/**
 * Queries that each can use some of the indexes, alone or two together, at costs that a planner could name: more
 * indexes never make one dearer. Some indexes begin with others.
 */
function randomProblem(seed: number): Knapsack {
  const random = randomOf(seed)
  const pick = (below: number) => Math.floor(random() * below)
  const count = 3 + pick(10)
  const ids = Array.from({ length: count }, (_, at) => `i${String(at).padStart(2, '0')}`)
  const extended = new Map(ids.map((id, at) => [id, at > 0 && random() < 0.4 ? ids[pick(at)] : undefined]))
  const rivals = (id: string) =>
    ids.filter((other) => extended.get(id) === other || extended.get(other) === id)
  const items = ids.map((id): SelectionItem => ({
    id,
    table: random() < 0.7 ? 'a' : 'b',
    bytes: 8192 * (1 + pick(1000)),
    upkeep: random() < 0.5 ? 0 : pick(400),
    excludes: new Set(rivals(id)),
    extends: new Set([extended.get(id)].filter((each) => each !== undefined)),
  }))
  const queries = Array.from({ length: 1 + pick(8) }, () => ({
    base: 100 + pick(1000),
    options: Array.from({ length: pick(5) }, () => ({
      needs: Array.from({ length: random() < 0.75 ? 1 : 2 }, () => ids[pick(count)] as string),
      cost: pick(300),
    })),
  }))
  return {
    items,
    budgetBytes: random() < 0.4 ? 8192 * pick(3000) : Infinity,
    room: () => (seed % 3 === 0 ? 2 : Infinity),
    cost: async (chosen) => {
      const present = new Set(chosen.map((item) => item.id))
      return queries.reduce((sum, { base, options }) => {
        const usable = options.filter(({ needs }) => needs.every((id) => present.has(id)))
        return sum + Math.min(base, ...usable.map(({ cost }) => cost))
      }, 0)
    },
  }
}

test(`X51 the choice equals exhaustive search on ${SEEDS} random workloads of up to 12 candidates`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const problem = randomProblem(seed)
    const chosen = await chooseByExtend(problem)
    const best = await chooseExhaustively(problem)
    expect(isAllowed(problem, chosen)).toBe(true)
    const [ours, theirs] = [await totalCost(problem, chosen), await totalCost(problem, best)]
    expect({ seed, cost: ours }).toEqual({ seed, cost: expect.closeTo(theirs, 6) })
  }
})

test('X51 never an index and one that begins with it', async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const problem = randomProblem(seed)
    const chosen = await chooseByExtend(problem)
    for (const item of chosen) expect(chosen.filter((other) => item.excludes.has(other.id))).toEqual([])
  }
})

test('X51 the same candidates in any order give the same choice', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    const problem = randomProblem(seed)
    const turned = { ...problem, items: [...problem.items].reverse() }
    const ids = (chosen: readonly SelectionItem[]) => chosen.map((item) => item.id)
    expect(ids(await chooseByExtend(turned))).toEqual(ids(await chooseByExtend(problem)))
  }
})
