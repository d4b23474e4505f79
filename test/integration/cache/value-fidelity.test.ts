import { cache } from '@prisma-brisk/cache'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, settled, until } from './support/cached-client.ts'
import { storeKinds } from './support/stores.ts'

const bench = useBench((base) =>
  base.user.create({
    data: { email: 'ada@example.org', name: '$dAda', balance: '1234567890.10' },
  }),
)
const { stores } = bench

const minute = { cacheStrategy: { ttl: 60 } }

describe.each(storeKinds)('on the %s store', (kind) => {
  test('C29 a hit is deep-equal to a miss: types, prototypes, key order', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    const preferences = JSON.parse(
      '{"__proto__": {"x": 1}, "b": [null, "$u"], "a": -0.0, "deep": {"at": "2024-01-01"}}',
    )
    await bench.base.profile.create({
      data: {
        userId: 1,
        displayName: 'A',
        preferences,
        avatar: new Uint8Array([0, 255]),
        birthday: new Date(0),
      },
    })
    await bench.base.studySession.create({
      data: { userId: 1, subject: 's', minutes: 1, focus: -0, events: 2n ** 60n, startedAt: new Date(1) },
    })
    const reads: (() => Promise<unknown>)[] = [
      () => prisma.user.findMany({ include: { profile: true, studySessions: true }, ...minute }),
      () => prisma.studySession.aggregate({ _sum: { events: true }, _avg: { focus: true }, ...minute }),
      () => prisma.user.groupBy({ by: ['role'], _sum: { balance: true }, ...minute }),
      () => prisma.user.findUnique({ where: { id: 404 }, ...minute }),
      () => prisma.user.findMany({ where: { id: 404 }, ...minute }),
      () => prisma.user.count({ select: { _all: true, deletedAt: true }, ...minute }),
    ]
    for (const read of reads) {
      const miss = await read()
      await settled()
      await until(() => prisma.$cache.stats().fills === prisma.$cache.stats().misses)
      const hit = await expectStatements(bench.log, 0, read)
      expect(hit).toStrictEqual(miss)
      expect(JSON.stringify(keysOf(hit))).toBe(JSON.stringify(keysOf(miss)))
    }
  })

  test('C30 what a caller does to a hit stays with that caller', async () => {
    const prisma = cached(bench.base, { store: stores.make(kind) })
    const [first, second] = await Promise.all([prisma.user.findMany(minute), prisma.user.findMany(minute)])
    first[0]!.name = 'changed'
    first[0]!.createdAt.setTime(0)
    expect(second).toMatchObject([{ name: '$dAda' }])
    await until(() => prisma.$cache.stats().fills > 0)
    const third = await prisma.user.findMany(minute)
    third[0]!.name = 'changed'
    expect(await prisma.user.findMany(minute)).toEqual(second)
  })

  test('C31 null and empty results are cached, for their own time', async () => {
    let now = Date.now()
    const prisma = cached(bench.base, { store: stores.make(kind), nullTtl: 5, now: () => now })
    const reads: (() => Promise<unknown>)[] = [
      () => prisma.user.findUnique({ where: { id: 7 }, ...minute }),
      () => prisma.user.findMany({ where: { id: 7 }, ...minute }),
    ]
    for (const read of reads) {
      await read()
      await until(() => prisma.$cache.stats().fills === prisma.$cache.stats().misses)
      await expectStatements(bench.log, 0, read)
    }
    now += 6000
    for (const read of reads) await expectStatements(bench.log, 1, read)
  })
})

test('C31 each caller decides for itself how long an empty result is fresh', async () => {
  let now = Date.now()
  const prisma = cached(bench.base, { now: () => now })
  const read = (nullTtl?: number) => () =>
    prisma.user.findMany({
      where: { id: 7 },
      cacheStrategy: { ttl: 60, ...(nullTtl === undefined ? {} : { nullTtl }) },
    })
  await read()()
  await settled()
  now += 6000
  await expectStatements(bench.log, 0, read())
  await expectStatements(bench.log, 1, read(5))
  await settled()
  // Longer for empty results than for others.
  await prisma.user.count({ where: { id: 7 }, cacheStrategy: { ttl: 1 } })
  const rare = () => prisma.user.findFirst({ where: { id: 7 }, cacheStrategy: { ttl: 1, nullTtl: 60 } })
  await rare()
  await settled()
  now += 30_000
  await expectStatements(bench.log, 0, rare)
})

test('C31 who gives empty results no lifetime has none of them served, not for `swr` either', async () => {
  const prisma = cached(bench.base, { nullTtl: 0 })
  const read = () => prisma.user.findUnique({ where: { id: 7 }, cacheStrategy: { ttl: 60, swr: 30 } })
  await prisma.$cache.warm([read])
  await bench.base.user.create({ data: { id: 7, email: 'seven@example.org', name: 'Seven' } })
  expect(await read()).toMatchObject({ name: 'Seven' })
  await settled()
  await expectStatements(bench.log, 0, read)
})

test('C33 result extensions and computed fields: a hit is identical to a miss', async () => {
  const computed = {
    result: {
      user: { shout: { needs: { name: true }, compute: ({ name }: { name: string }) => `${name}!` } },
    },
  }
  const before = bench.base.$extends(computed).$extends(cache())
  const behind = bench.base.$extends(cache()).$extends(computed)
  for (const prisma of [before, behind]) {
    for (const args of [{}, { select: { id: true, shout: true } }, { omit: { name: true } }]) {
      const read = () =>
        prisma.user.findMany({ ...args, ...minute }) as unknown as Promise<{ shout?: string }[]>
      const miss = await read()
      await settled()
      const hit = await read()
      // Prisma hands out proxies, which differ in a function of their own.
      expect(hit.map((row) => Object.entries(row))).toEqual(miss.map((row) => Object.entries(row)))
      expect(hit[0]?.shout).toBe('$dAda!')
    }
  }
})

function keysOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return null
  return Object.entries(value).map(([key, each]) => [key, keysOf(each)])
}
