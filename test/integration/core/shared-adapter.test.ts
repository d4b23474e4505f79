import { brisk } from 'prisma-brisk'
import { DriverTap, hostOf } from '@prisma-brisk/core'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'

/** State belongs to the thing it came from: the connection, the adapter, the client. */
describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('clients on one adapter of %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  beforeAll(async () => {
    database = await createDatabase(provider)
  })
  afterAll(() => database.drop())
  const extend = (client: PrismaClient) => client.$extends(brisk({ slowQuery: { sinks: [] } }))

  test('KR03 one goes on when the other disconnects, whichever is extended', async () => {
    const adapter = database.adapter()
    const first = extend(database.createClient({ adapter }))
    const second = database.createClient({ adapter })
    const third = extend(database.createClient({ adapter }))
    for (const client of [first, second, third] as PrismaClient[]) expect(await client.user.count()).toBe(0)
    await second.$disconnect()
    expect(await first.user.count()).toBe(0)
    expect(await first.$transaction((tx) => tx.user.count())).toBe(0)
    expect(await first.$queryRawUnsafe('SELECT 1 AS one')).toHaveLength(1)
    await first.$disconnect()
    expect(await first.user.count()).toBe(0)
    await first.$disconnect()
    expect(await third.user.findMany({ take: 1 })).toEqual([])
    expect(await Promise.all([third.user.count(), third.$transaction([third.user.count()])])).toEqual([
      0,
      [0],
    ])
  })

  test('KR03 the gauge is that of a pool that is open', async () => {
    const adapter = database.adapter({ connections: 2 })
    const first = extend(database.createClient({ adapter }))
    const second = extend(database.createClient({ adapter }))
    await first.user.count()
    await second.user.count()
    await second.$disconnect()
    const tap = DriverTap.of(hostOf(first))
    expect(tap?.adapter).not.toBeNull()
    expect(first.$queries.connections().pool?.total).toBeGreaterThan(0)
  })
})
