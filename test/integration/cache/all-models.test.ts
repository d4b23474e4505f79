import { cache, memoryStore } from '@prisma-brisk/cache'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, settled } from './support/cached-client.ts'

const bench = useBench((base) =>
  base.user.create({
    data: {
      email: 'ada@example.org',
      name: 'Ada',
      profile: { create: { displayName: 'Ada', preferences: {} } },
    },
  }),
)

const allBut = (...except: string[]) =>
  cached(bench.base, { models: '*', except, defaultStrategy: { ttl: 60, swr: 30 } })

/** Statements of a read when it is made for the second time. */
async function again(statements: number, read: () => Promise<unknown>): Promise<void> {
  await read()
  await settled()
  await expectStatements(bench.log, statements, read)
}

test('reads of every model are cached, and a write makes them fresh', async () => {
  const prisma = allBut()
  await again(0, () => prisma.user.findMany())
  await again(0, () => prisma.profile.count())
  await again(1, () => prisma.user.findMany({ cacheStrategy: false }))
  await prisma.user.update({ where: { id: 1 }, data: { name: 'Lovelace' } })
  expect(await prisma.user.findMany()).toMatchObject([{ name: 'Lovelace' }])
})

test('but no read that rests on an excepted model: its own, one that includes it, one that filters by it', async () => {
  const prisma = allBut('Profile')
  await again(0, () => prisma.user.findMany())
  await again(1, () => prisma.profile.findMany())
  await again(2, () => prisma.user.findUnique({ where: { id: 1 } }).profile())
  await again(1, () => prisma.user.count({ where: { profile: { isNot: null } } }))
  const including = () => prisma.user.findMany({ include: { profile: true } })
  const { info } = await prisma.$cache.withInfo(including)
  expect(info).toMatchObject({ status: 'bypass', reason: 'excepted' })
  expect(prisma.$cache.stats().bypassesByReason).toMatchObject({ excepted: expect.any(Number) as number })
})

test('a call that asks for the cache is cached, whatever is excepted', async () => {
  const prisma = allBut('Profile')
  const cacheStrategy = { ttl: 60 }
  await again(0, () => prisma.profile.findMany({ cacheStrategy }))
  await again(0, () => prisma.user.findMany({ include: { profile: true }, cacheStrategy }))
})

test.each([
  ['cache.except[1]', { models: '*', except: ['User', 'Profil'] }, 'did you mean Profile?'],
  ['cache.models.Usr', { models: { Usr: { ttl: 60 } } }, 'did you mean User?'],
  ['cache.models.Invoice', { models: { Invoice: false } }, 'expected the name of a model of the schema'],
] as const)(
  '%s: a name that the schema does not have is refused, with the nearest',
  (path, options, advice) => {
    const refused = expect.objectContaining({
      code: 'E_INVALID_OPTIONS',
      path,
      message: expect.stringContaining(advice) as string,
    }) as unknown as Error
    expect(() => bench.base.$extends(cache({ store: memoryStore(), ...options }))).toThrow(refused)
  },
)
