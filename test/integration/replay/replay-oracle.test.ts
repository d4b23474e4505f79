import { mount, Replay, hostOf } from '@prisma-brisk/core'
import { forSeeds } from '../../support/random.ts'
import { Random } from '../../support/random.ts'
import type { Provider } from '../../support/databases.ts'
import { everyType, fill, type AnyClient, type EveryType } from './support/every-type.ts'
import { look } from './support/look.ts'
import { randomRead } from './support/random-reads.ts'
import { hearWarnings } from './support/warnings.ts'

// Random reads, each with other values twenty times, on plain Prisma and past its planner: equal to the last type, the order
// of keys, prototypes, and errors.

/** More (`BRISK_SEEDS`) run through the night. */
const SHAPES = 1000
const CALLS = 20
const BUDGET = { seconds: 6, atLeast: 20 }

/** How a call comes to Prisma. */
const WAYS = ['direct', 'direct', 'hooked', 'transaction'] as const

describe.each(['postgresql', 'mysql', 'sqlite'] as Provider[])('%s', (provider) => {
  let types: EveryType
  /** Plain clients and those with replay, by the way of their calls. */
  let clients: Record<'direct' | 'hooked', { theirs: AnyClient; ours: AnyClient }>
  let warnings: ReturnType<typeof hearWarnings>

  beforeAll(async () => {
    types = await everyType(provider)
    const plain = types.createClient()
    await fill(types, plain, new Random(1))
    const replayed = (base: AnyClient): AnyClient => {
      Replay.of(hostOf(base), 5)
      return mount(base, [{ name: 'oracle' }])
    }
    const hook = { query: { $allOperations: ({ args, query }: AnyClient) => query(args) } }
    clients = {
      direct: { theirs: plain, ours: replayed(types.createClient()) },
      hooked: {
        theirs: types.createClient().$extends(hook),
        ours: replayed(types.createClient().$extends(hook)),
      },
    }
    warnings = hearWarnings()
  })
  afterAll(async () => {
    warnings.stop()
    await types.drop()
  })

  test('reads past the planner answer and fail as Prisma does', async () => {
    let calls = 0
    await forSeeds(
      SHAPES,
      async (random) => {
        const { model, operation, args } = randomRead(random, types)
        const way = random.pick(WAYS)
        const given = Array.from({ length: CALLS }, () => args(random))
        const { theirs, ours } = clients[way === 'hooked' ? 'hooked' : 'direct']
        const answers = async (client: AnyClient): Promise<string[]> => {
          const each: string[] = []
          for (const one of given) each.push(await look(() => client[model][operation](one)))
          return each
        }
        const all = (client: AnyClient): Promise<string[]> =>
          way === 'transaction' ? client.$transaction(answers, { timeout: 60_000 }) : answers(client)
        const [expected, received] = [await all(theirs), await all(ours)]
        calls += CALLS
        for (const [index, answer] of expected.entries())
          if (answer !== received[index])
            expect({ way, model, operation, index, given: given[index], answer: received[index] }).toEqual({
              way,
              model,
              operation,
              index,
              given: given[index],
              answer,
            })
      },
      BUDGET,
    )
    expect(warnings.codes).toEqual([])
    const replayed = ['direct', 'hooked'].map(
      (way) => Replay.of(hostOf(clients[way as 'direct'].ours))!.statistics.replayed,
    )
    // An oracle whose reads all go to Prisma would see nothing.
    expect(replayed[0]).toBeGreaterThan(calls * 0.12)
    expect(replayed[1]).toBeGreaterThan(calls * 0.03)
  }, 3_600_000)
})
