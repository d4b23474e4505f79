import { cache, memoryStore } from '@prisma-brisk/cache'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, heardWarnings, settled } from './support/cached-client.ts'

const bench = useBench(async (base) => {
  await base.user.create({
    data: {
      email: 'ada@example.org',
      name: 'Ada',
      conversations: { create: { title: 'one', messages: { create: { role: 'USER', body: 'hi' } } } },
    },
  })
  await base.user.create({ data: { email: 'bob@example.org', name: 'Bob' } })
})

const minute = { cacheStrategy: { ttl: 60 } }
const hits = <T>(read: () => Promise<T>) => expectStatements(bench.log, 0, read)
const misses = async <T>(read: () => Promise<T>) => {
  const before = bench.log.statements.length
  const result = await read()
  expect(bench.log.statements.length).toBeGreaterThan(before)
  return result
}

test('C1 any two different reads have different keys, equal ones the same', async () => {
  const prisma = cached(bench.base)
  const at = new Date('2024-01-01')
  const different: (() => Promise<unknown>)[] = [
    () => prisma.user.findMany(minute),
    () => prisma.user.findFirst(minute),
    () => prisma.user.count(minute),
    () => prisma.user.findMany({ where: { tutorId: null }, ...minute }),
    () => prisma.user.findMany({ where: { createdAt: { gt: at } }, ...minute }),
    () => prisma.user.findMany({ where: { createdAt: { gt: at.toISOString() } }, ...minute }),
    () => prisma.user.findMany({ where: { name: '1' }, ...minute }),
    () => prisma.user.findMany({ where: { id: 1 }, ...minute }),
    () => prisma.studySession.findMany({ where: { events: 1 }, ...minute }),
    () => prisma.studySession.findMany({ where: { events: 1n }, ...minute }),
    () => prisma.user.findMany({ select: { id: true }, ...minute }),
    () => prisma.user.findMany({ omit: { name: true }, ...minute }),
    () => prisma.user.findUnique({ where: { id: 1 }, ...minute }),
    () => prisma.user.findUnique({ where: { id: 1 }, ...minute }).conversations(),
    () => prisma.user.findUnique({ where: { id: 1 }, ...minute }).messages(),
    () => prisma.user.findMany({ cacheStrategy: { ttl: 60, tags: ['a'] } }),
  ]
  for (const read of different) await misses(read)
  await settled()
  for (const read of different) await hits(read)
  await hits(() => prisma.user.findFirst({ where: {}, ...minute }).catch(() => null)).catch(() => undefined)
  await misses(() => prisma.user.findMany({ where: { id: 1, name: 'Ada' }, ...minute }))
  await hits(() => prisma.user.findMany({ where: { name: 'Ada', id: 1 }, ...minute }))
})

test('C1 global omit, scope and namespace are part of the key', async () => {
  const store = memoryStore()
  const omitting = bench.database.createClient({ omit: { user: { name: true } } })
  let scope = 'a'
  const one = bench.base.$extends(cache({ store, scope: () => scope, database: 'same' }))
  const two = omitting.$extends(cache({ store, scope: () => scope, database: 'same' }))
  const three = bench.database
    .createClient()
    .$extends(cache({ store, scope: () => scope, database: 'same', namespace: 'other' }))
  expect(await one.user.findFirst({ ...minute, orderBy: { id: 'asc' } })).toHaveProperty('name')
  expect(await two.user.findFirst({ ...minute, orderBy: { id: 'asc' } })).not.toHaveProperty('name')
  const status = async (prisma: typeof one) =>
    (await prisma.$cache.withInfo(() => prisma.user.findFirst({ ...minute, orderBy: { id: 'asc' } }))).info
      .status
  expect(await status(one)).toBe('hit')
  scope = 'b'
  expect(await status(one)).toBe('miss')
  expect(await status(three)).toBe('miss')
})

test('C1 an entry that is not what its key says is not believed', async () => {
  const inner = memoryStore()
  const keys: string[] = []
  const store = {
    ...inner,
    name: 'colliding',
    isLocal: true,
    lookup: (key: string, tags: readonly string[]) => (keys.push(key), inner.lookup('one key for all', tags)),
    observe: inner.observe.bind(inner),
    write: (_: string, ...rest: [never, never]) => inner.write('one key for all', ...rest),
    remove: inner.remove.bind(inner),
    invalidate: inner.invalidate.bind(inner),
  }
  const prisma = cached(bench.base, { store })
  expect(await prisma.user.count(minute)).toBe(2)
  expect(await prisma.user.count({ where: { id: 1 }, ...minute })).toBe(1)
  expect(keys[0]).not.toBe(keys[1])
})

test('C3 an extension before us keeps tenants apart; one behind us is warned of, and not cached', async () => {
  const { warnings, restore } = heardWarnings()
  const tenant = (id: number) => ({
    name: 'tenant',
    query: {
      user: {
        findMany: ({
          args,
          query,
        }: {
          args: { where?: object }
          query: (args: object) => Promise<unknown>
        }) => query({ ...args, where: { ...args.where, id } }),
      },
    },
  })
  const store = memoryStore()
  const before = (id: number) => bench.base.$extends(tenant(id) as object).$extends(cache({ store }))
  const behind = (id: number) => bench.base.$extends(cache({ store })).$extends(tenant(id))
  const names = async (prisma: { user: PrismaClient['user'] }) =>
    (await prisma.user.findMany(minute as object)).map(({ name }) => name)
  for (const make of [before, behind]) {
    for (let round = 0; round < 2; round++) {
      expect(await names(make(1) as never)).toEqual(['Ada'])
      expect(await names(make(2) as never)).toEqual(['Bob'])
    }
  }
  await settled()
  restore()
  expect(warnings).toContain('W_CACHE_EXTENSION_BEHIND')
})

test('C32 the strategy never reaches Prisma, on any operation or path', async () => {
  const prisma = cached(bench.base) as unknown as PrismaClient
  const strategy = minute as object
  await prisma.user.findUnique({ where: { id: 1 } }).conversations(strategy)
  await prisma.user.create({ data: { email: 'd@example.org', name: 'D' }, ...strategy })
  await prisma.user.updateMany({ data: { name: 'E' }, ...strategy })
  await prisma.user.groupBy({ by: ['name'], ...strategy })
  await prisma.user.findMany({ cacheStrategy: false } as object)
  await prisma.$transaction([prisma.user.findMany(strategy)])
  await prisma.$transaction((tx) => tx.user.findMany(strategy))
})
