import { checks, conversation, failsWith, people, same, type Given } from './checks.ts'

const strategy = { cacheStrategy: { ttl: 60 } }

/** A client with a cache, and how often its reads reach the database. */
function cached(given: Given, options: Parameters<Given['suite']['cache']>[0] = {}) {
  const { client, log } = given.watched()
  return { prisma: client.$extends(given.suite.cache(options)), log }
}

export const cacheChecks = checks('cache', (check) => {
  check('a second read is a hit, and sends nothing', async (given) => {
    const { prisma, log } = cached(given)
    await people(given, 'ada')
    const read = () => prisma.user.findMany(strategy)
    const first = await read()
    log.clear()
    const { data, info } = await prisma.$cache.withInfo(read)
    same([data, info.status, log.statements.length], [first, 'hit', 0])
  })

  check('C1 different reads have different keys, equal ones the same', async (given) => {
    const { prisma, log } = cached(given)
    await people(given, 'a', 'b')
    const reads = [
      { where: { name: 'a' } },
      { where: { name: 'b' } },
      { where: { name: 'a' }, select: { id: true } },
      { where: { name: 'a' }, orderBy: { id: 'asc' } },
    ] as const
    for (const read of reads) await prisma.user.findMany({ ...read, ...strategy })
    await prisma.user.findFirst({ where: { name: 'a' }, ...strategy })
    log.clear()
    await prisma.user.findMany({ cacheStrategy: { ttl: 60 }, where: { name: 'a' } })
    same(log.statements.length, 0, 'statements of an equal read')
    same(prisma.$cache.stats().misses, 5)
  })

  check('a result lasts for ttl, is served stale for swr, and is then read anew', async (given) => {
    let now = 1_800_000_000_000
    const { prisma } = cached(given, { now: () => now, earlyRefresh: 0 })
    await people(given, 'ada')
    const status = async () => {
      const { info } = await prisma.$cache.withInfo(() =>
        prisma.user.findMany({ cacheStrategy: { ttl: 10, swr: 5 } }),
      )
      return info.status
    }
    const seen = [await status()]
    now += 9_000
    seen.push(await status())
    now += 3_000
    seen.push(await status())
    now += 60_000
    seen.push(await status())
    same(seen, ['miss', 'hit', 'stale', 'miss'])
  })

  check('C4 a result read before a write and stored after it is not served', async (given) => {
    const { prisma } = cached(given)
    const [id] = await people(given, 'ada')
    const read = () => prisma.user.findMany(strategy)
    const [before] = await Promise.all([
      read(),
      prisma.user.update({ where: { id: id! }, data: { name: 'new' } }),
    ])
    same(before.length, 1)
    same((await read())[0]?.name, 'new')
  })

  check(
    'C6 a write that fails invalidates nothing',
    async (given) => {
      const { prisma, log } = cached(given)
      await people(given, 'ada')
      await prisma.user.findMany(strategy)
      await prisma.user.create({ data: { name: 'x', email: 'ada@example.org' } }).catch(() => undefined)
      log.clear()
      await prisma.user.findMany(strategy)
      same(log.statements.length, 0, 'statements')
    },
    'errorCodes',
  )

  check(
    'C10 C11 a transaction does not use the cache; its commit invalidates, its rollback does not',
    async (given) => {
      const { prisma } = cached(given)
      await people(given, 'ada')
      const read = async () => (await prisma.user.findMany(strategy))[0]?.name
      await read()
      await prisma
        .$transaction(async (tx) => {
          await tx.user.updateMany({ data: { name: 'lost' } })
          same((await tx.user.findMany(strategy))[0]?.name, 'lost', 'read within')
          throw new Error('roll back')
        })
        .catch(() => undefined)
      const { info } = await prisma.$cache.withInfo(read)
      same(info.status, 'hit', 'after the rollback')
      await prisma.$transaction(async (tx) => tx.user.updateMany({ data: { name: 'kept' } }))
      same(await read(), 'kept')
    },
    'transactions',
  )

  check(
    'C13 cached reads in $transaction([…]) run there, and settle',
    async (given) => {
      const { prisma } = cached(given)
      await people(given, 'ada')
      const [rows, count] = await prisma.$transaction([
        prisma.user.findMany(strategy),
        prisma.user.count(strategy),
      ])
      same([rows.length, count], [1, 1])
    },
    'nested',
  )

  check('C15 a read with relations is fresh after a write to any of its models', async (given) => {
    const { prisma } = cached(given)
    const [id] = await people(given, 'ada')
    await conversation(given, 'c1', id!, 1)
    const read = async () => {
      const rows = await prisma.user.findMany({
        ...strategy,
        include: { conversations: { include: { messages: true } } },
      })
      return rows[0]?.conversations[0]?.messages[0]?.body
    }
    await read()
    await prisma.message.updateMany({ data: { body: 'new' } })
    same(await read(), 'new')
  })

  check(
    'C16 nested writes invalidate every model that they touch',
    async (given) => {
      const { prisma } = cached(given)
      const [id] = await people(given, 'ada')
      const read = async () => [await prisma.tag.count(strategy), await prisma.message.count(strategy)]
      same(await read(), [0, 0])
      await prisma.user.update({
        where: { id: id! },
        data: {
          conversations: {
            create: {
              title: 'c',
              tags: { create: { name: 't' } },
              messages: { create: { role: 'USER', body: 'm' } },
            },
          },
        },
      })
      same(await read(), [1, 1])
    },
    'nested',
  )

  check('C17 cascades invalidate children and grandchildren', async (given) => {
    const { prisma } = cached(given)
    const [id] = await people(given, 'ada')
    await conversation(given, 'c1', id!, 2)
    same(await prisma.message.count(strategy), 2)
    await prisma.user.delete({ where: { id: id! } })
    same(await prisma.message.count(strategy), 0)
  })

  check('C18 updateMany, createMany and deleteMany invalidate', async (given) => {
    const { prisma } = cached(given)
    const names = async () =>
      (await prisma.tag.findMany({ ...strategy, select: { name: true } })).map(({ name }) => name)
    const seen = [await names()]
    await prisma.tag.createMany({ data: [{ name: 'one' }] })
    seen.push(await names())
    await prisma.tag.updateMany({ data: { name: 'two' } })
    seen.push(await names())
    await prisma.tag.deleteMany()
    seen.push(await names())
    same(seen, [[], ['one'], ['two'], []])
  })

  check('C19 raw writes invalidate what onRawWrite says', async (given) => {
    const { Prisma, provider } = given
    const { prisma } = cached(given, { onRawWrite: () => ({ models: ['Tag'] }) })
    await prisma.tag.create({ data: { name: 'one' } })
    await prisma.tag.findMany(strategy)
    await prisma.$executeRaw`UPDATE ${Prisma.raw(provider === 'mysql' ? '`Tag`' : '"Tag"')} SET name = ${'two'}`
    same((await prisma.tag.findMany(strategy))[0]?.name, 'two')
  })

  check('C20 a row read by its key stays cached while others are written', async (given) => {
    const { prisma, log } = cached(given)
    const [a, b] = await people(given, 'a', 'b')
    await prisma.user.findUnique({ where: { id: a! }, ...strategy })
    await prisma.user.update({ where: { id: b! }, data: { name: 'new' } })
    log.clear()
    await prisma.user.findUnique({ where: { id: a! }, ...strategy })
    same(log.statements.length, 0, 'statements')
    await prisma.user.update({ where: { id: a! }, data: { name: 'newer' } })
    same((await prisma.user.findUnique({ where: { id: a! }, ...strategy }))?.name, 'newer')
  })

  check('C24 C30 concurrent misses share one statement, each with its own copy', async (given) => {
    const { prisma, log } = cached(given)
    await people(given, 'ada')
    log.clear()
    const lists = await Promise.all(Array.from({ length: 20 }, () => prisma.user.findMany(strategy)))
    same(log.statements.length, 1, 'statements')
    lists[0]![0]!.name = 'changed'
    same(
      lists.slice(1).every(([row]) => row?.name === 'ada'),
      true,
      'copies',
    )
    same((await prisma.user.findMany(strategy))[0]?.name, 'ada', 'the next hit')
  })

  check('C25 a read that fails is not stored', async (given) => {
    const { prisma } = cached(given)
    const read = () => prisma.user.findFirstOrThrow({ where: { name: 'ada' }, ...strategy })
    await failsWith('P2025', read)
    await given.caretaker.user.create({ data: { name: 'ada', email: 'ada@example.org' } })
    same((await read()).name, 'ada')
  })

  check('C29 a hit is equal to a miss, types and classes included', async (given) => {
    const { prisma } = cached(given)
    const [id] = await people(given, 'ada')
    await given.caretaker.profile.create({
      data: {
        userId: id!,
        displayName: 'A',
        avatar: new Uint8Array([1, 255]),
        preferences: { a: [1, null] },
      },
    })
    await given.caretaker.studySession.create({
      data: { userId: id!, subject: 's', minutes: 1, focus: 0.5, events: 2n ** 50n, startedAt: new Date(0) },
    })
    const read = () => prisma.user.findMany({ ...strategy, include: { profile: true, studySessions: true } })
    const miss = await read()
    const { data: hit, info } = await prisma.$cache.withInfo(read)
    same(info.status, 'hit')
    same(hit, miss)
    same(hit[0]?.balance instanceof given.Prisma.Decimal, true, 'the class of a Decimal')
  })

  check('C31 null is cached, and told from a miss', async (given) => {
    const { prisma, log } = cached(given)
    const read = () => prisma.user.findUnique({ where: { id: 1_000_000 }, ...strategy })
    same(await read(), null)
    log.clear()
    same([await read(), log.statements.length], [null, 0])
  })

  check('C32 cacheStrategy never reaches Prisma', async (given) => {
    const prisma = given.client().$extends(given.suite.cache({ enabled: false }))
    const created = await prisma.tag.create({ data: { name: 'one' }, ...strategy } as never)
    same((created as { name: string }).name, 'one')
    same((await prisma.tag.findMany({ cacheStrategy: false })).length, 1)
  })

  check('C34 many cached misses of one tick are one statement, together with batching', async (given) => {
    const { client, log } = given.watched()
    const ids = await people(given, 'a', 'b', 'c', 'd')
    const prisma = client.$extends(given.suite.brisk())
    log.clear()
    const read = () => Promise.all(ids.map((id) => prisma.user.findUnique({ where: { id }, ...strategy })))
    same(
      (await read()).map((row) => row?.name),
      ['a', 'b', 'c', 'd'],
    )
    same(log.statements.length, 1, 'statements')
    await read()
    same(log.statements.length, 1, 'statements after hits')
  })

  check('C38 etag, tags and invalidateAll', async (given) => {
    const { prisma, log } = cached(given)
    const etag = () => prisma.$cache.etag({ tags: ['team'] })
    const first = await etag()
    same(await etag(), first)
    const read = () => prisma.tag.findMany({ cacheStrategy: { ttl: 60, tags: ['team'] } })
    await read()
    await prisma.$cache.invalidate({ tags: ['team'] })
    same((await etag()) === first, false, 'equal after the invalidation')
    log.clear()
    await read()
    await prisma.$cache.invalidateAll()
    await read()
    same(log.statements.length, 2, 'statements')
  })

  check('a computed value is kept until one of its models is written', async (given) => {
    const { prisma } = cached(given)
    let times = 0
    const value = () => prisma.$cache.wrap('n', { ttl: 60, models: ['Tag'] }, async () => ++times)
    same([await value(), await value()], [1, 1])
    await prisma.tag.create({ data: { name: 'one' } })
    same(await value(), 2)
  })
})
