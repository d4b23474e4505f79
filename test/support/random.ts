/** A deterministic source of test data: the same seed gives the same sequence on every machine. */
export class Random {
  #state: number

  constructor(readonly seed: number) {
    this.#state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0
  }

  /** A float in [0, 1). The generator is mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer between the two, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(values: readonly T[]): T {
    if (values.length === 0) throw new RangeError('pick() needs at least one value')
    return values[this.int(0, values.length - 1)] as T
  }

  shuffle<T>(values: readonly T[]): T[] {
    const shuffled = [...values]
    for (let index = shuffled.length - 1; index > 0; index--) {
      const other = this.int(0, index)
      ;[shuffled[index], shuffled[other]] = [shuffled[other] as T, shuffled[index] as T]
    }
    return shuffled
  }

  /** `count` values (all, if there are fewer), each at most once, in random order. */
  sample<T>(values: readonly T[], count: number): T[] {
    return this.shuffle(values).slice(0, count)
  }

  /** Calls `make` between `min` and `max` times. */
  list<T>(min: number, max: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.int(min, max) }, (_, index) => make(index))
  }

  word(length = this.int(1, 8), letters = 'abcdefghijklmnopqrstuvwxyz'): string {
    return Array.from({ length }, () => letters.charAt(this.int(0, letters.length - 1))).join('')
  }
}

/** How long seeds may take on a machine that is slow, and how many run in any case. */
export interface SeedBudget {
  readonly seconds: number
  readonly atLeast: number
}

/**
 * Runs `check` once per seed, one after another. `BRISK_SEEDS` replaces the number of seeds, `BRISK_FIRST_SEED`
 * says where to begin, `BRISK_SEED` replays a single one; a failure names the seed to replay. Where a budget is used up
 * before the last seed, which it says, the rest is left to a faster machine or to the night.
 */
export async function forSeeds(
  seeds: number,
  check: (random: Random, seed: number) => void | Promise<void>,
  budget: SeedBudget | null = null,
): Promise<void> {
  const startedAt = performance.now()
  const replay = process.env.BRISK_SEED
  const count = Number(process.env.BRISK_SEEDS ?? seeds)
  const first = Number(process.env.BRISK_FIRST_SEED ?? 1)
  const list =
    replay === undefined ? Array.from({ length: count }, (_, index) => index + first) : [Number(replay)]
  if (list.length === 0 || list.some((seed) => !Number.isSafeInteger(seed)))
    throw new RangeError('BRISK_SEEDS and BRISK_SEED must be positive integers')
  const isBounded = budget !== null && replay === undefined && process.env.BRISK_SEEDS === undefined
  for (const [index, seed] of list.entries()) {
    if (isBounded && index >= budget.atLeast && performance.now() - startedAt > budget.seconds * 1000) {
      process.stderr.write(`${index} of ${list.length} seeds in ${budget.seconds} s: this machine is slow\n`)
      return
    }
    try {
      await check(new Random(seed), seed)
    } catch (error) {
      if (error instanceof Error) error.message = `Replay with BRISK_SEED=${seed}\n${error.message}`
      throw error
    }
  }
}
