import { memoryStore } from '@prisma-brisk/cache'
import { createDatabase } from '../../support/databases.ts'
import { expectStatements } from '../../support/statements.ts'
import { cached, ownNamespace, settled } from './support/cached-client.ts'
import { useBench } from './support/bench.ts'

const bench = useBench()
const minute = { cacheStrategy: { ttl: 60 } }

test('KN13 two clients of one database share the entries of the memory store that both are given', async () => {
  const options = { store: memoryStore(), namespace: ownNamespace() }
  const first = cached(bench.base, options)
  const { client, log } = bench.database.createRecordedClient()
  const second = cached(client, options)
  await first.user.findMany(minute)
  await settled()
  const found = await expectStatements(log, 0, () =>
    second.$cache.withInfo(() => second.user.findMany(minute)),
  )
  expect(found.info.status).toBe('hit')
  await second.user.create({ data: { email: 'bob@example.org', name: 'Bob' } })
  expect(await first.user.findMany(minute)).toHaveLength(2)
})

test('KN13 two databases of one server share nothing', async () => {
  const other = await createDatabase('postgresql')
  try {
    const options = { store: memoryStore(), namespace: ownNamespace() }
    await cached(bench.base, options).user.findMany(minute)
    await settled()
    expect(await cached(other.createClient(), options).user.findMany(minute)).toEqual([])
  } finally {
    await other.drop()
  }
})
