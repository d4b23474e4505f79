import { checks, conversation, failsWith, people, same } from './checks.ts'

export const briskChecks = checks('brisk', (check) => {
  check('all parts are there, and one part can be left out', async (given) => {
    const base = given.client()
    const prisma = base.$extends(given.suite.brisk())
    same(
      ['$batching', '$cache', '$queries', '$deferred'].map((member) => member in prisma),
      [true, true, true, true],
    )
    const some = given.client().$extends(given.suite.brisk({ cache: false, pagination: false }))
    same(await some.tag.findMany({ cacheStrategy: { ttl: 60 }, unbounded: 'all' }), [])
  })

  check('the parts mounted one by one work together', async (given) => {
    const { slowQuery, pagination, resilience, cache, batching } = given.suite
    const prisma = given
      .client()
      .$extends(slowQuery({ sinks: [] }))
      .$extends(pagination({ maxLimit: 2, cursor: { secret: 'a secret of enough letters' } }))
      .$extends(resilience())
      .$extends(cache())
      .$extends(batching())
    await prisma.tag.createMany({ data: ['a', 'b', 'c'].map((name) => ({ name })) })
    await failsWith('E_UNBOUNDED_READ', () => prisma.tag.findMany({ cacheStrategy: { ttl: 60 } }))
    same((await prisma.tag.findMany({ take: 2, cacheStrategy: { ttl: 60 } })).length, 2)
    same(prisma.$queries.stats().length > 0, true, 'series')
    const { info } = await prisma.$cache.withInfo(() =>
      prisma.tag.findMany({ take: 2, cacheStrategy: { ttl: 60 } }),
    )
    same(info.status, 'hit')
  })

  check(
    'nothing is warned about where nothing is wrong, in one line or part by part',
    async (given) => {
      const { slowQuery, pagination, resilience, cache, batching } = given.suite
      const cursor = { secret: 'a secret of enough letters' }
      const parts = [
        slowQuery({ sinks: [] }),
        pagination({ cursor }),
        resilience(),
        cache(),
        batching(),
      ] as never[]
      const before = given.warnings().length
      for (const client of [
        given.client().$extends(given.suite.brisk({ slowQuery: { sinks: [] }, pagination: { cursor } })),
        parts.reduce((client, part) => client.$extends(part) as never, given.client()),
      ] as ReturnType<typeof given.client>[]) {
        await client.tag.create({ data: { name: 'one' } })
        await Promise.all([client.tag.count(), client.tag.findMany({ where: { name: 'one' } })])
        await client.tag.deleteMany()
        await client.$disconnect()
      }
      same(given.warnings().slice(before), [], 'warnings')
    },
    'warnings',
  )

  check('a limit, a page, a cached list and merged reads at once', async (given) => {
    const { client, log } = given.watched()
    const [id] = await people(given, 'ada')
    for (const name of ['c1', 'c2', 'c3']) await conversation(given, name, id!, 5)
    const prisma = client.$extends(
      given.suite.brisk({ pagination: { cursor: { secret: 'a secret of enough letters' } } }),
    )
    log.clear()
    const lists = await Promise.all(
      ['c1', 'c2', 'c3'].map((conversationId) =>
        prisma.message.findMany({
          where: { conversationId },
          orderBy: { id: 'asc' },
          cacheStrategy: { ttl: 60 },
        }),
      ),
    )
    same([lists.map((list) => list.length), log.statements.length <= 2], [[5, 5, 5], true])
    const page = await prisma.message.cursorPage({ orderBy: { createdAt: 'desc' }, first: 4 })
    same([page.items.length, page.pageInfo.hasNextPage], [4, true])
    await prisma.message.deleteMany({ where: { conversationId: 'c2' } })
    const again = await prisma.message.findMany({
      where: { conversationId: 'c2' },
      cacheStrategy: { ttl: 60 },
    })
    same(again, [])
  })

  check('fifty users at once each have their own answers', async (given) => {
    const base = given.client()
    const ids = await people(given, ...Array.from({ length: 50 }, (_, index) => `u${index}`))
    const prisma = base.$extends(given.suite.brisk())
    const names = await Promise.all(
      ids.map(async (id) => {
        await prisma.user.update({ where: { id }, data: { name: `n${id}` } })
        const row = await prisma.user.findUnique({ where: { id }, cacheStrategy: { ttl: 60 } })
        return row?.name
      }),
    )
    same(
      names,
      ids.map((id) => `n${id}`),
    )
  })
})
