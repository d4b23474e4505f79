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

  test('what another client on the adapter writes is seen by the cache, after COMMIT', async () => {
    const adapter = database.adapter()
    const cached = extend(database.createClient({ adapter }))
    const other = database.createClient({ adapter })
    await other.user.create({ data: { name: 'v0', email: 'shared@example.org' } })
    const read = async () =>
      (await cached.user.findFirst({ where: { email: 'shared@example.org' }, cacheStrategy: { ttl: 60 } }))
        ?.name
    expect(await read()).toBe('v0')
    await other.user.updateMany({ data: { name: 'v1' } })
    expect(await read()).toBe('v1')
    await other.$executeRawUnsafe(
      provider === 'postgresql' ? `UPDATE "User" SET "name" = 'v2'` : "UPDATE `User` SET `name` = 'v2'",
    )
    expect(await read()).toBe('v2')
    await other.$transaction(async (tx) => {
      await tx.user.updateMany({ data: { name: 'v3' } })
      if (provider === 'postgresql') expect(await read()).toBe('v2')
    })
    expect(await read()).toBe('v3')
    await other
      .$transaction(async (tx) => {
        await tx.user.updateMany({ data: { name: 'never' } })
        throw new Error('back')
      })
      .catch(() => undefined)
    expect(await read()).toBe('v3')
    expect(cached.$cache.stats()).toMatchObject({ hits: provider === 'postgresql' ? 2 : 1 })
  })
})
