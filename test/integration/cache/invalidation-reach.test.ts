import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { expectStatements } from '../../support/statements.ts'
import { useBench } from './support/bench.ts'
import { cached, heardWarnings, settled, withoutStrategies } from './support/cached-client.ts'
import { nested } from './support/freshness/transaction.ts'

type Client = ReturnType<typeof cached>

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

describe('transactions', () => {
  test('C10 a read in an interactive transaction neither reads nor fills the cache', async () => {
    const prisma = cached(bench.base)
    await prisma.user.count(minute)
    await settled()
    const inside = await prisma.$transaction(async (tx) => {
      await tx.user.create({ data: { email: 'eve@example.org', name: 'Eve' } })
      return prisma.$cache.withInfo(() => tx.user.count(minute))
    })
    expect(inside).toMatchObject({ data: 3, info: { status: 'bypass', reason: 'transaction' } })
    expect(await prisma.user.count(minute)).toBe(3)
  })

  test('C11 writes invalidate after COMMIT and before the promise resolves; a rollback invalidates nothing', async () => {
    const prisma = cached(bench.base)
    await prisma.user.count(minute)
    await settled()
    await prisma.$transaction(async (tx) => {
      await tx.user.deleteMany({ where: { name: 'Bob' } })
      // Not yet committed: others still read what was, from the cache.
      expect(await hits(() => prisma.user.count(minute))).toBe(2)
    })
    expect(await prisma.user.count(minute)).toBe(1)
    await settled()
    const failed = prisma.$transaction(async (tx) => {
      await tx.user.deleteMany()
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await hits(() => prisma.user.count(minute))).toBe(1)
  })

  test('C12 a write through the outer client within a transaction that fails is invalidated', async () => {
    const prisma = cached(bench.base)
    await prisma.tag.count(minute)
    await settled()
    const failed = prisma.$transaction(async (tx) => {
      await tx.user.count()
      await prisma.tag.create({ data: { name: 'kept' } })
      throw new Error('no')
    })
    await expect(failed).rejects.toThrow('no')
    expect(await prisma.tag.count(minute)).toBe(1)
  })

  test('C13 cached reads in an array transaction run, each once, in the transaction', async () => {
    const prisma = cached(bench.base)
    await prisma.user.count(minute)
    await settled()
    bench.log.clear()
    const answers = await prisma.$transaction([
      prisma.user.count(minute),
      prisma.user.create({ data: { email: 'eve@example.org', name: 'Eve' } }),
      prisma.user.count(minute),
    ])
    expect([answers[0], answers[2]]).toEqual([2, 3])
    const counts = bench.log.statements.filter(({ sql }) => /COUNT\(/i.test(sql))
    expect(counts).toHaveLength(2)
    expect(new Set(counts.map(({ transaction }) => transaction)).size).toBe(1)
    expect(await prisma.user.count(minute)).toBe(3)
  })
})

describe('reach', () => {
  const tree = {
    include: { conversations: { include: { messages: true, tags: true } }, profile: true },
    orderBy: { id: 'asc' as const },
    ...minute,
  }

  test.each<[string, (prisma: PrismaClient, id: string) => Promise<unknown>]>([
    ['C15 a write to an included model', (p) => p.message.updateMany({ data: { body: 'new' } })],
    [
      'C16 nested create, three levels deep',
      (p) =>
        p.user.update({
          where: { id: 1 },
          data: {
            conversations: { create: { title: 'n', messages: { create: { role: 'USER', body: 'n' } } } },
          },
        }),
    ],
    [
      'C16 connectOrCreate of an implicit many-to-many relation',
      (p, id) =>
        p.conversation.update({
          where: { id },
          data: { tags: { connectOrCreate: { where: { name: 't' }, create: { name: 't' } } } },
        }),
    ],
    [
      'C16 connect, from the other side',
      (p, id) => p.tag.create({ data: { name: 'other', conversations: { connect: { id } } } }),
    ],
    [
      'C16 deleteMany within an update',
      (p, id) => p.conversation.update({ where: { id }, data: { messages: { deleteMany: {} } } }),
    ],
    ['C17 a delete that cascades', (p, id) => p.conversation.delete({ where: { id } })],
    [
      'C18 createMany',
      (p, id) => p.message.createMany({ data: [{ conversationId: id, role: 'USER', body: 'm' }] }),
    ],
    ['C18 updateManyAndReturn', (p) => p.message.updateManyAndReturn({ data: { body: 'r' } })],
    ['C18 deleteMany', (p) => p.message.deleteMany()],
    [
      'C16 upsert',
      (p) =>
        p.profile.upsert({
          where: { userId: 1 },
          create: { userId: 1, displayName: 'A', preferences: {} },
          update: {},
        }),
    ],
  ])('%s makes the reads that touch it fresh', async (_, write) => {
    const prisma = cached(bench.base)
    await prisma.user.findMany(tree)
    await settled()
    await hits(() => prisma.user.findMany(tree))
    const { id } = await bench.base.conversation.findFirstOrThrow()
    await write(prisma as never, id)
    expect(await prisma.user.findMany(tree)).toEqual(
      await bench.base.user.findMany({ include: tree.include, orderBy: tree.orderBy }),
    )
  })

  test('C17 a delete makes children and grandchildren fresh, whether they are deleted or set null', async () => {
    const prisma = cached(bench.base)
    await bench.base.message.updateMany({ data: { authorId: 2 } })
    const reads = [() => prisma.message.findMany(minute), () => prisma.conversation.count(minute)] as const
    for (const read of reads) await read()
    await settled()
    await prisma.user.delete({ where: { id: 2 } })
    expect(await reads[0]()).toMatchObject([{ authorId: null }])
    await prisma.user.delete({ where: { id: 1 } })
    expect(await reads[0]()).toEqual([])
    expect(await reads[1]()).toBe(0)
  })

  test('C19 raw writes warn once a call site, or invalidate, or name their tags', async () => {
    const { warnings, restore } = heardWarnings()
    const sql = `UPDATE "User" SET name = name || '!'`
    const warning = cached(bench.base, { onRawWrite: 'warn' })
    await warning.user.findMany(minute)
    await settled()
    for (let time = 0; time < 3; time++) await warning.$executeRawUnsafe(sql)
    await settled()
    expect(warnings.filter((code) => code === 'W_CACHE_RAW_WRITE')).toHaveLength(1)
    await hits(() => warning.user.findMany(minute))
    for (const onRawWrite of ['invalidateAll', () => ({ models: ['User'] }), () => ['mine']] as const) {
      const prisma = cached(bench.base, { onRawWrite })
      const read = () => prisma.user.findMany({ cacheStrategy: { ttl: 60, tags: ['mine'] } })
      await read()
      await settled()
      await hits(read)
      await prisma.$executeRawUnsafe(sql)
      await misses(read)
    }
    restore()
  })

  test('C19 a raw query is cached only through $cache.queryRaw, by its tags and models', async () => {
    const prisma = cached(bench.base)
    const sql = ['SELECT count(*)::int AS n FROM "User" WHERE id > $1', 0] as const
    await prisma.$queryRawUnsafe(...sql)
    await misses(() => prisma.$queryRawUnsafe(...sql))
    const read = () =>
      prisma.$cache.queryRaw<{ n: number }[]>(sql, { ttl: 60, models: ['User'], tags: ['n'] })
    expect(await read()).toEqual([{ n: 2 }])
    await settled()
    expect(await hits(read)).toEqual([{ n: 2 }])
    await prisma.user.create({ data: { email: 'c@example.org', name: 'C' } })
    expect(await read()).toEqual([{ n: 3 }])
    await settled()
    await prisma.$cache.invalidate({ tags: ['n'] })
    await misses(read)
  })

  test('C20 a row read by a unique key stays cached while other rows are written', async () => {
    const prisma = cached(bench.base)
    const byId = () => prisma.user.findUnique({ where: { id: 1 }, ...minute })
    const byEmail = () => prisma.user.findUnique({ where: { email: 'ada@example.org' }, ...minute })
    for (const read of [byId, byEmail]) await read()
    await settled()
    await prisma.user.update({ where: { id: 2 }, data: { name: 'Robert' } })
    await prisma.user.create({ data: { email: 'c@example.org', name: 'C' } })
    for (const read of [byId, byEmail]) await hits(read)
    await prisma.user.update({ where: { id: 1 }, data: { name: 'Countess' } })
    for (const read of [byId, byEmail]) expect(await read()).toMatchObject({ name: 'Countess' })
    await settled()
    await prisma.user.update({ where: { id: 1 }, data: { email: 'countess@example.org' } })
    expect(await byEmail()).toBeNull()
    await settled()
    await prisma.user.update({ where: { id: 2 }, data: { email: 'ada@example.org' } })
    expect(await byEmail()).toMatchObject({ id: 2 })
    await settled()
    await prisma.user.updateMany({ where: { id: 2 }, data: { name: 'Many' } })
    expect(await byEmail()).toMatchObject({ name: 'Many' })
  })
})

describe('KC1 a row that is read with rows of its own table', () => {
  test.each<[string, (prisma: Client) => Promise<unknown>]>([
    ['include', (p) => p.user.findUnique({ where: { id: 2 }, include: { tutor: true }, ...minute })],
    ['select', (p) => p.user.findUnique({ where: { id: 2 }, select: { tutor: true }, ...minute })],
    ['a list', (p) => p.user.findUnique({ where: { id: 1 }, include: { students: true }, ...minute })],
    [
      'a list, two steps away',
      (p) =>
        p.user.findUnique({
          where: { id: 2 },
          select: { tutor: { select: { students: { select: { name: true } } } } },
          ...minute,
        }),
    ],
    [
      '_count',
      (p) =>
        p.user.findUnique({
          where: { id: 1 },
          select: { _count: { select: { students: true } } },
          ...minute,
        }),
    ],
    [
      'a filter',
      (p) =>
        p.user.findUnique({
          where: { id: 2, tutor: { is: { name: 'Ada' } } },
          select: { id: true },
          ...minute,
        }),
    ],
    [
      'a filter in NOT',
      (p) =>
        p.user.findUnique({
          where: { id: 2, NOT: { tutor: { name: 'Ada' } } },
          select: { id: true },
          ...minute,
        }),
    ],
    ['its field, fluent', (p) => p.user.findUnique({ where: { id: 2 }, ...minute }).tutor()],
    ['its list, fluent', (p) => p.user.findUnique({ where: { id: 1 }, ...minute }).students()],
    [
      'include, by email',
      (p) =>
        p.user.findUniqueOrThrow({
          where: { email: 'bob@example.org' },
          include: { tutor: true },
          ...minute,
        }),
    ],
  ])('by %s is fresh after a write to any of them', async (_, read) => {
    const prisma = cached(bench.base)
    await bench.base.user.update({ where: { id: 2 }, data: { tutorId: 1 } })
    const plain = () => read(withoutStrategies(bench.base))
    const writes = [
      () => prisma.user.update({ where: { id: 1 }, data: { name: 'Countess' } }),
      () => prisma.user.update({ where: { id: 2 }, data: { name: 'Robert' } }),
      () => prisma.user.create({ data: { email: 'c@example.org', name: 'C', tutorId: 1 } }),
    ]
    for (const write of writes) {
      await read(prisma)
      await settled()
      await hits(() => read(prisma))
      await write()
      expect(await read(prisma)).toEqual(await plain())
    }
  })
})

describe('KC2 a write that fails in a transaction which is then committed', () => {
  test.each<[string, (tx: PrismaClient) => Promise<unknown>]>([
    [
      'a nested connect of a row that is not there',
      (tx) =>
        tx.user.update({ where: { id: 1 }, data: { name: 'half', messages: { connect: { id: 999 } } } }),
    ],
    [
      'a nested update of a row that is not there',
      (tx) =>
        tx.user.update({
          where: { id: 1 },
          data: { name: 'half', messages: { update: { where: { id: 999 }, data: { body: '' } } } },
        }),
    ],
    [
      'a create that is linked to a row that is not there',
      (tx) => tx.conversation.create({ data: { title: 'half', userId: 1, tags: { connect: { id: 999 } } } }),
    ],
    [
      'in a savepoint that is kept',
      (tx) =>
        nested(tx, (inner) =>
          inner.user
            .update({ where: { id: 1 }, data: { name: 'half', messages: { connect: { id: 999 } } } })
            .catch(() => undefined as never),
        ),
    ],
  ])('%s: what it had done is fresh', async (_, write) => {
    const prisma = cached(bench.base)
    const reads = [
      (p: Client) => p.user.findMany({ orderBy: { id: 'asc' }, ...minute }),
      (p: Client) => p.user.findUnique({ where: { id: 1 }, ...minute }),
      (p: Client) => p.conversation.findMany({ orderBy: { title: 'asc' }, ...minute }),
    ]
    const plain = withoutStrategies(bench.base)
    const before = await Promise.all(reads.map((read) => read(plain)))
    for (const read of reads) await read(prisma)
    await settled()
    await prisma.$transaction(async (tx) => {
      await write(tx as never).catch(() => undefined)
    })
    const after = await Promise.all(reads.map((read) => read(plain)))
    // Prisma has no savepoint around a call: it did change something.
    expect(after).not.toEqual(before)
    expect(await Promise.all(reads.map((read) => read(prisma)))).toEqual(after)
  })
})

describe('KC4 a write whose answer this client cannot read', () => {
  beforeEach(async () => {
    // A migration has added a value that this client does not know yet.
    await bench.base.$executeRawUnsafe(`ALTER TYPE "Role" ADD VALUE IF NOT EXISTS 'GUEST'`)
    await bench.base.$executeRawUnsafe(`UPDATE "User" SET role = 'GUEST' WHERE id = 1`)
  })

  const select = { id: true, name: true }
  test.each<[string, (prisma: PrismaClient) => Promise<unknown>]>([
    ['update', (p) => p.user.update({ where: { id: 1 }, data: { name: 'new' } })],
    ['updateManyAndReturn', (p) => p.user.updateManyAndReturn({ data: { name: 'new' } })],
    [
      'upsert',
      (p) => p.user.upsert({ where: { id: 1 }, create: { email: '', name: '' }, update: { name: 'new' } }),
    ],
    ['delete', (p) => p.user.delete({ where: { id: 1 } })],
  ])('by %s is done, and its rows are fresh', async (_, write) => {
    const prisma = cached(bench.base)
    const reads = [
      (p: Client) => p.user.findMany({ select, orderBy: { id: 'asc' }, ...minute }),
      (p: Client) => p.user.findUnique({ where: { id: 1 }, select, ...minute }),
    ]
    for (const read of reads) await read(prisma)
    await settled()
    await expect(write(prisma as never)).rejects.toMatchObject({ code: 'P2023' })
    for (const read of reads) {
      expect(await read(prisma)).toEqual(await read(withoutStrategies(bench.base)))
    }
  })
})

describe('fluent writes', () => {
  type Plain = PrismaClient
  const ways: Record<string, (client: Plain, name: string) => Promise<unknown>> = {
    'update().tutor()': (client, name) => client.user.update({ where: { id: 1 }, data: { name } }).tutor(),
    'update().conversations()': (client, name) =>
      client.user.update({ where: { id: 1 }, data: { name } }).conversations(),
    'upsert().tutor()': (client, name) =>
      client.user
        .upsert({ where: { id: 1 }, create: { id: 1, email: 'new', name }, update: { name } })
        .tutor(),
    'update().tutor() in an array': (client, name) =>
      client.$transaction([client.user.update({ where: { id: 1 }, data: { name } }).tutor()]),
    'update().tutor() in a transaction': (client, name) =>
      client.$transaction((tx) => tx.user.update({ where: { id: 1 }, data: { name } }).tutor()),
    'create().tutor()': async (client, name) => {
      await client.user.deleteMany({ where: { id: 1 } })
      return client.user.create({ data: { id: 1, email: 'new', name, tutorId: 2 } }).tutor()
    },
    'delete().tutor()': async (client, name) => {
      await client.user.delete({ where: { id: 1 } }).tutor()
      return client.user.createMany({ data: [{ id: 1, email: 'new', name, tutorId: 2 }] })
    },
  }
  test.each(Object.entries(ways))(
    '%s invalidates the row that is written, not the one that is answered',
    async (_, write) => {
      const prisma = cached(bench.base)
      await bench.base.user.update({ where: { id: 1 }, data: { tutorId: 2 } })
      for (const [through, name] of [
        [prisma, 'Ada by the client'],
        [bench.base, 'Ada by its base'],
      ] as const) {
        const read = () => prisma.user.findUnique({ where: { id: 1 }, ...minute })
        const before = await read()
        await settled()
        expect(await hits(read)).toEqual(before)
        await write(through as unknown as Plain, name)
        expect((await read())?.name).toBe(name)
      }
    },
  )
})
