import { batching } from '@prisma-brisk/batching'
import { cache, memoryStore } from '@prisma-brisk/cache'
import { slowQuery } from '@prisma-brisk/slow-query'
import { runRequest } from 'prisma-brisk'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { hooked } from '../../support/hooked-client.ts'
import { forSeeds, Random } from '../../support/random.ts'
import { randomProgram } from './support/demo-loops.ts'
import { askFrom, run } from './support/loop-programs.ts'
import { indexForeignKeys, print } from './support/oracle.ts'

/** 5,000 (`BRISK_SEEDS`) run through the night. */
const SEEDS = 1000
const BUDGET = { seconds: 5, atLeast: 60 }

/**
 * The oracle for loops: a program on plain Prisma, and the same program on a client that mends loops, on a database of its own.
 * Both are told the same, answers and errors, and leave the same rows behind.
 */
describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('loops on %s', (provider) => {
  test('B38 B40 B41 B43 B44 any program of loops is told what it is told without', async () => {
    const [one, other] = (await Promise.all([1, 2].map(() => createDatabase(provider, { seed: 0.01 })))) as [
      TestDatabase<PrismaClient>,
      TestDatabase<PrismaClient>,
    ]
    try {
      const plain = one.createRecordedClient({ errorFormat: 'minimal' })
      const ways = mendedClients(other)
      if (provider === 'postgresql')
        for (const client of [plain.client, ways[0]!.base]) await indexForeignKeys(client)
      let [plainly, mendedly] = [0, 0]
      await forSeeds(
        SEEDS,
        async (random, seed) => {
          const mended = random.pick(ways)
          const program = randomProgram(random, provider)
          const ask = askFrom(`${provider}-${seed}`)
          const of = (own: number) => new Random(own)
          plain.log.clear()
          mended.log.clear()
          const expected = await run(program, { client: plain.client, base: plain.client, ask }, of)
          const given = await runRequest({ name: 'program' }, () => run(program, { ...mended, ask }, of))
          expect(given).toEqual(expected)
          plainly += plain.log.statements.length
          mendedly += mended.log.statements.length
        },
        BUDGET,
      )
      for (const model of ['message', 'conversation', 'user', 'insight'] as const) {
        const [expected, given] = await Promise.all(
          [plain.client, ways[0]!.base].map(async (client) => {
            const find = client[model].findMany as (args: object) => Promise<object[]>
            return (await find({ orderBy: { id: 'asc' } })).map(print)
          }),
        )
        expect(given).toEqual(expected)
      }
      const used = ways.reduce((sum, { client }) => sum + client.$batching.stats().loops.used, 0)
      process.stderr.write(`${provider}: ${plainly} statements, ${mendedly} mended; ${used} answers kept\n`)
      expect(used).toBeGreaterThan(0)
      if (process.env.BRISK_SEED === undefined) expect(mendedly).toBeLessThan(plainly)
    } finally {
      await Promise.all([one.drop(), other.drop()])
    }
  }, 7_200_000)
})

/** Clients that mend loops in several ways, with parts of the suite before it or none. */
function mendedClients(database: TestDatabase<PrismaClient>) {
  const ways: ((client: PrismaClient) => PrismaClient)[] = [
    (client) => client,
    hooked,
    (client) => client.$extends(slowQuery({ sinks: [] })) as unknown as PrismaClient,
    (client) =>
      client.$extends(
        cache({ store: memoryStore(), models: { WorkshopMember: { ttl: 60 }, Profile: { ttl: 60 } } }),
      ) as unknown as PrismaClient,
  ]
  const options = [{}, { maxPrefetch: 2 }, { maxPrefetch: 3, after: 3 }, { maxAge: 2 }]
  return ways.map((before, index) => {
    const { client, log } = database.createRecordedClient({ errorFormat: 'minimal' })
    const base: PrismaClient = client
    const loops = { mode: 'mend' as const, ...options[index] }
    return { client: before(base).$extends(batching({ loops })), base, log }
  })
}
