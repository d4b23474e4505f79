import { mount } from '@prisma-brisk/core'
import { Random, forSeeds } from '../../support/random.ts'
import type { Provider } from '../../support/databases.ts'
import { everyType, fill, type AnyClient, type EveryType } from './support/every-type.ts'
import { look } from './support/look.ts'

// Calls that begin in one tick, reads and writes in any order, in a transaction and on one connection: what each gives, and what
// they leave behind, is what plain Prisma gives and leaves.

/** More (`BRISK_SEEDS`) run through the night. */
const SEEDS = 1000
const BUDGET = { seconds: 3, atLeast: 10 }

type Step = (client: AnyClient) => PromiseLike<unknown>

const select = { id: true, code: true, parentId: true }

function randomStep(random: Random, number: number, table: string): Step {
  const id = random.int(1, 3)
  const parentId = random.int(1, 40)
  return random.pick<Step>([
    (client) => client.thing.findMany({ where: { id }, select }),
    (client) => client.thing.findMany({ where: { id: { in: [1, 2, 3] } }, select, orderBy: { id: 'asc' } }),
    (client) => client.thing.findFirst({ where: { id }, select }),
    (client) => client.thing.findUnique({ where: { id }, select }),
    (client) => client.thing.findUniqueOrThrow({ where: { id: id + 100 * (number % 2) }, select }),
    (client) =>
      client.thing.findMany({ where: { id }, select: { id: true, parts: { select: { left: true } } } }),
    (client) => client.thing.count({ where: { parentId } }),
    (client) => client.thing.update({ where: { id }, data: { parentId }, select: { id: true } }),
    (client) =>
      client.thing.update({ where: { id }, data: { parent: { connect: { id: parentId } } }, select }),
    (client) => client.thing.updateMany({ where: { id: { lte: id } }, data: { parentId } }),
    (client) => client.$executeRawUnsafe(`UPDATE ${table} SET code = code WHERE id = ${id}`),
  ])
}

const TABLES = { postgresql: '"the things"', mysql: '`the things`', sqlite: '"the things"' }

describe.each(['postgresql', 'mysql', 'sqlite'] as Provider[])('%s', (provider) => {
  let types: EveryType
  let theirs: AnyClient
  let ours: AnyClient

  beforeAll(async () => {
    types = await everyType(provider)
    const clientOf = (): AnyClient =>
      types.createClient({ adapter: types.database.adapter({ connections: 1 }) })
    theirs = clientOf()
    await fill(types, theirs, new Random(1))
    ours = mount(clientOf(), [{ name: 'oracle' }])
    for (let id = 1; id < 8; id++)
      for (const operation of ['findMany', 'findFirst', 'findUnique'])
        await ours.thing[operation]({ where: { id }, select })
  })
  afterAll(() => types.drop())

  test('RP13 calls of one tick see and leave what they do in Prisma', async () => {
    let compared = 0
    await forSeeds(
      SEEDS,
      async (random) => {
        const ticks = random.list(1, 3, () =>
          random.list(2, 5, (number) => randomStep(random, number, TABLES[provider])),
        )
        const isWithin = random.chance(0.6)
        const run = async (client: AnyClient): Promise<string> => {
          await client.thing.updateMany({ where: { id: { in: [1, 2, 3] } }, data: { parentId: null } })
          const told: string[] = []
          const program = async (on: AnyClient): Promise<void> => {
            await on.thing.count()
            for (const steps of ticks)
              told.push(...(await Promise.all(steps.map((step) => look(() => step(on))))))
          }
          const end = isWithin
            ? await look(() => client.$transaction(program, { timeout: 20_000 }))
            : await look(() => program(client))
          told.push(end, await look(() => client.thing.findMany({ select, orderBy: { id: 'asc' } })))
          return told.join('\n').replaceAll(/tick-oracle\.test\.ts:\d+:\d+/g, 'place')
        }
        const expected = await run(theirs)
        // Where Prisma itself does not always give the same, there is nothing to compare.
        if ((await run(theirs)) !== expected) return
        compared++
        expect(await run(ours)).toBe(expected)
      },
      BUDGET,
    )
    expect(compared).toBeGreaterThan(5)
  }, 3_600_000)
})
