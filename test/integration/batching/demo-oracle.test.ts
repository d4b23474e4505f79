import { batching } from '@prisma-brisk/batching'
import { seed } from '../../../prisma/seed.ts'
import { createDatabase, type Provider } from '../../support/databases.ts'
import { forSeeds } from '../../support/random.ts'
import { demoSources, randomDemoCalls } from './demo-calls.ts'
import { expectSameAnswers } from './oracle.ts'

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('the demo domain on %s', (provider) => {
  test('B1 B3 B4 B6 B7 B12 B14 B15 B16 B17 B18 B19 B20 B21 any calls at once answer as they do alone', async () => {
    const database = await createDatabase(provider)
    try {
      await seed(database.adapter(), { factor: 0.01 })
      const plain = database.createClient({
        errorFormat: 'minimal',
        adapter: database.adapter({ connections: 3 }),
      })
      const batched = database
        .createClient({ errorFormat: 'minimal', adapter: database.adapter({ connections: 3 }) })
        .$extends(batching())
      const sources = await demoSources(plain)
      await forSeeds(70, async (random) => {
        await expectSameAnswers(plain, batched, randomDemoCalls(random, sources))
      })
      expect(batched.$batching.stats().batched).toBeGreaterThan(0)
    } finally {
      await database.drop()
    }
  }, 600_000)
})
