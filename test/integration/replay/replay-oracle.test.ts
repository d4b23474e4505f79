import { mount, Replay, hostOf } from '@prisma-brisk/core'
import { forSeeds } from '../../support/random.ts'
import { Random } from '../../support/random.ts'
import type { Provider } from '../../support/databases.ts'
import { everyType, fill, type AnyClient, type EveryType } from './support/every-type.ts'
import { look } from './support/look.ts'
import { randomRead } from './support/random-reads.ts'

// Random reads, each with other values twenty times, on plain Prisma and past its planner: equal to the last type, the order
// of keys, prototypes, and errors.

/** More (`BRISK_SEEDS`) run through the night. */
const SHAPES = 1000
const CALLS = 20
const BUDGET = { seconds: 6, atLeast: 20 }

describe.each(['postgresql', 'mysql', 'sqlite'] as Provider[])('%s', (provider) => {
  let types: EveryType
  let plain: AnyClient
  let replayed: AnyClient
  const warnings: string[] = []
  const note = (warning: Error) => warnings.push(warning.message)

  beforeAll(async () => {
    types = await everyType(provider)
    plain = types.createClient()
    await fill(types, plain, new Random(1))
    const base = types.createClient()
    hostOf(base)
    Replay.of(hostOf(base), 5)
    replayed = mount(base, [{ name: 'oracle' }])
    process.on('warning', note)
  })
  afterAll(async () => {
    process.off('warning', note)
    await types.drop()
  })

  test('reads past the planner answer and fail as Prisma does', async () => {
    let calls = 0
    await forSeeds(
      SHAPES,
      async (random) => {
        const { model, operation, args } = randomRead(random, types)
        for (let call = 0; call < CALLS; call++) {
          const given = args(random)
          const [theirs, ours] = [
            await look(() => plain[model][operation](given)),
            await look(() => replayed[model][operation](given)),
          ]
          calls++
          if (theirs !== ours)
            expect({ model, operation, given, ours }).toEqual({ model, operation, given, ours: theirs })
        }
      },
      BUDGET,
    )
    expect(warnings).toEqual([])
    const statistics = Replay.of(hostOf(replayed))!.statistics
    console.log(provider, calls, statistics)
    expect(statistics.replayed).toBeGreaterThan(calls * 0.3)
  }, 600_000)
})
