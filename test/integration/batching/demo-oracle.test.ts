import { batching } from '@prisma-brisk/batching'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider } from '../../support/databases.ts'
import { hooked } from '../../support/hooked-client.ts'
import { forSeeds } from '../../support/random.ts'
import { demoSources, randomDemoCalls } from './support/demo-calls.ts'
import { expectSameAnswers, expectSameAnswersInTransaction, indexForeignKeys } from './support/oracle.ts'

/** 10,000 (`BRISK_SEEDS`) run through the night. */
const SEEDS = 500
const BUDGET = { seconds: 10, atLeast: 100 }

/** What Prisma leaves out of rows, and whether calls come by Prisma's way to a hook. */
interface ClientKind {
  readonly omit?: object
  readonly isHooked?: boolean
}

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('the demo domain on %s', (provider) => {
  test('B1 B3 B4 B6 B7 B12 B14 B15 B16 B17 B18 B19 B20 B21 any calls at once answer as they do alone', async () => {
    const database = await createDatabase(provider, { seed: 0.01 })
    try {
      const omit = { user: { email: true }, insight: { userId: true } }
      const pairs = [{}, { omit }, { isHooked: true }].map(({ isHooked = false, ...options }: ClientKind) => {
        const [plain, base] = [1, 2].map(() =>
          database.createClient({
            ...options,
            errorFormat: 'minimal',
            adapter: database.adapter({ connections: 3 }),
          }),
        ) as [PrismaClient, PrismaClient]
        return {
          plain,
          batched: (isHooked ? hooked(base) : base).$extends(batching()),
          known: new Map<string, string>(),
        }
      })
      if (provider === 'postgresql') await indexForeignKeys(pairs[0]!.plain)
      const sources = await demoSources(pairs[0]!.plain)
      await forSeeds(
        SEEDS,
        async (random) => {
          const { plain, batched, known } = random.pick(pairs)
          const expectSame = random.chance(0.15) ? expectSameAnswersInTransaction : expectSameAnswers
          const calls = randomDemoCalls(random, sources)
          await expectSame(plain, batched, calls, {
            random,
            known,
            endsTransactions: provider === 'postgresql',
          })
        },
        BUDGET,
      )
      for (const { batched } of pairs) {
        const { batched: merged, statements } = batched.$batching.stats()
        expect(merged).toBeGreaterThan(statements)
      }
    } finally {
      await database.drop()
    }
  }, 7_200_000)
})
