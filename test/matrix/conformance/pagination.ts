import { checks, conversation, failsWith, people, same, show, type Given } from './checks.ts'

const secret = 'a secret of enough letters'

/** A client with limits, on a conversation of so many messages. */
async function paged(
  given: Given,
  messages: number,
  options: Parameters<Given['suite']['pagination']>[0] = {},
) {
  const { client, log } = given.watched()
  const prisma = client.$extends(given.suite.pagination({ cursor: { secret }, ...options }))
  const [id] = await people(given, 'ada')
  await conversation(given, 'c1', id!, messages)
  return { prisma, log, client, id: id! }
}

export const paginationChecks = checks('pagination', (check) => {
  check('P1 a list without take is whole up to maxLimit, and refused beyond', async (given) => {
    const { prisma } = await paged(given, 4, { maxLimit: 4 })
    same((await prisma.message.findMany()).length, 4)
    await prisma.message.create({ data: { conversationId: 'c1', role: 'USER', body: 'm4' } })
    await failsWith('E_UNBOUNDED_READ', () => prisma.message.findMany())
  })

  check('P1 a list without take is cut to the defaultLimit that was stated', async (given) => {
    const { prisma } = await paged(given, 4, { defaultLimit: 3 })
    same((await prisma.message.findMany()).length, 3)
  })

  check('P2 a take above maxLimit is refused, or lowered', async (given) => {
    const { prisma, client } = await paged(given, 4, { maxLimit: 3 })
    await failsWith('E_LIMIT_EXCEEDED', () => prisma.message.findMany({ take: 4 }))
    const clamped = client.$extends(
      given.suite.pagination({ maxLimit: 3, onExceeded: 'clamp', cursor: { secret } }),
    )
    same((await clamped.message.findMany({ take: 4 })).length, 3)
  })

  check('P3 a take that is no whole number is refused before anything is sent', async (given) => {
    const { prisma, log } = await paged(given, 1)
    for (const take of [2.5, '5', Number.NaN, 2 ** 32 + 1])
      await failsWith('E_INVALID_LIMIT', () => prisma.message.findMany({ take: take as number }))
    same([log.statements.length, (await prisma.message.findMany({ take: -5 })).length], [0, 1])
  })

  check('P4 a deep skip is refused', async (given) => {
    const { prisma } = await paged(given, 1)
    await failsWith('E_OFFSET_TOO_DEEP', () => prisma.message.findMany({ skip: 10_001 }))
    await failsWith('E_INVALID_OFFSET', () => prisma.message.findMany({ skip: -1 }))
  })

  check('P5 P6 lists within rows and fluent lists are limited', async (given) => {
    const { prisma } = await paged(given, 4, { maxLimit: 3 })
    await failsWith('E_UNBOUNDED_READ', () => prisma.conversation.findMany({ include: { messages: true } }))
    await failsWith('E_UNBOUNDED_READ', () =>
      prisma.conversation.findUnique({ where: { id: 'c1' } }).messages(),
    )
    const rows = await prisma.conversation.findMany({ include: { messages: { take: 2 }, user: true } })
    same([rows[0]?.messages.length, rows[0]?.user.name], [2, 'ada'])
  })

  check('P10 a statement of too many rows is refused, raw ones too', async (given) => {
    const { prisma } = await paged(given, 4, { maxDriverRows: 3, limits: 'allow' })
    await failsWith('E_DRIVER_ROWS', () => prisma.message.findMany())
    const table = given.Prisma.raw(given.provider === 'mysql' ? '`Message`' : '"Message"')
    await failsWith('E_DRIVER_ROWS', () => prisma.$queryRaw`SELECT id FROM ${table}`)
  })

  check('P11 unbounded: reason lifts the limit, and never reaches Prisma', async (given) => {
    const { prisma } = await paged(given, 4, { maxLimit: 3 })
    same((await prisma.message.findMany({ unbounded: 'export' })).length, 4)
  })

  check('P12 one refused member refuses $transaction([…]), and nothing is sent', async (given) => {
    const { prisma, log } = await paged(given, 1, { maxLimit: 3 })
    await failsWith('E_LIMIT_EXCEEDED', () =>
      prisma.$transaction([
        prisma.tag.create({ data: { name: 'one' } }),
        prisma.message.findMany({ take: 9 }),
      ]),
    )
    same([log.statements.length, await prisma.tag.count()], [0, 0])
  })

  check('P13 omitHeavy leaves Json and Bytes out of lists', async (given) => {
    const { client, id } = await paged(given, 1)
    await client.profile.create({ data: { userId: id, displayName: 'A', preferences: {}, locale: 'de' } })
    const prisma = client.$extends(given.suite.pagination({ omitHeavy: true, cursor: { secret } }))
    const [row] = await prisma.profile.findMany()
    same(['avatar' in row!, 'preferences' in row!, row!.locale], [false, false, 'de'])
  })

  check('P15 P16 pages by number count, and keep the arguments of findMany', async (given) => {
    const { prisma } = await paged(given, 5)
    const page = (page: number) =>
      prisma.message.paginate({ orderBy: { id: 'asc' }, select: { body: true }, page, limit: 2 })
    const first = await page(1)
    same(first.items, [{ body: 'm0' }, { body: 'm1' }])
    same(first.pagination, { page: 1, limit: 2, offset: 0, total: 5, capped: false, hasMore: true })
    same((await page(3)).pagination.hasMore, false)
    const capped = await prisma.message.paginate({ limit: 2, total: { upTo: 3 } })
    same([capped.pagination.total, capped.pagination.capped], [3, true])
  })

  check(
    'P17 walking forward and backward gives the list once, for every order and page size',
    async (given) => {
      const { prisma, client } = await paged(given, 9)
      const nulls = given.provider === 'mysql' ? [] : [[{ tokens: { sort: 'desc', nulls: 'last' } }] as const]
      const orders = [
        [{ createdAt: 'desc' }],
        [{ role: 'asc' }, { body: 'desc' }],
        [{ tokens: 'asc' }],
        [{ tokens: 'desc' }],
        ...nulls,
      ] as const
      for (const orderBy of orders)
        for (const size of [1, 4]) {
          const forward: number[] = []
          const backward: number[] = []
          for (let after: string | null = null; ;) {
            const page: {
              items: { id: number }[]
              pageInfo: { hasNextPage: boolean; endCursor: string | null }
            } = await prisma.message.cursorPage({ orderBy: [...orderBy], first: size, after })
            forward.push(...page.items.map(({ id }) => id))
            if (!page.pageInfo.hasNextPage) break
            after = page.pageInfo.endCursor
          }
          for (let before: string | null = null; ;) {
            const page: {
              items: { id: number }[]
              pageInfo: { hasPreviousPage: boolean; startCursor: string | null }
            } = await prisma.message.cursorPage({ orderBy: [...orderBy], last: size, before })
            backward.unshift(...page.items.map(({ id }) => id))
            if (!page.pageInfo.hasPreviousPage) break
            before = page.pageInfo.startCursor
          }
          const all = await client.message.findMany({ select: { id: true } })
          same(backward, forward, `backward by ${show(orderBy)}, ${size} a page`)
          same(
            forward.toSorted((a, b) => a - b),
            all.map(({ id }) => id).toSorted((a, b) => a - b),
            `forward by ${show(orderBy)}, ${size} a page`,
          )
        }
    },
  )

  check('P19 the row of a cursor may be deleted', async (given) => {
    const { prisma } = await paged(given, 4)
    const page = (after: string | null) =>
      prisma.message.cursorPage({ orderBy: { createdAt: 'asc' }, first: 2, after, select: { body: true } })
    const first = await page(null)
    await prisma.message.deleteMany({ where: { body: 'm1' } })
    same((await page(first.pageInfo.endCursor)).items, [{ body: 'm2' }, { body: 'm3' }])
  })

  check('P22 columns of the order that were not selected are not in the rows', async (given) => {
    const { prisma } = await paged(given, 2)
    const { items } = await prisma.message.cursorPage({
      orderBy: { createdAt: 'asc' },
      first: 1,
      select: { body: true },
    })
    same(items, [{ body: 'm0' }])
  })

  check('P23 P24 a cursor of another list, a changed and an encrypted one', async (given) => {
    const { prisma, client } = await paged(given, 3)
    const { pageInfo } = await prisma.message.cursorPage({ orderBy: { createdAt: 'asc' }, first: 1 })
    const after = pageInfo.endCursor!
    await failsWith('E_CURSOR_MISMATCH', () =>
      prisma.message.cursorPage({ orderBy: { createdAt: 'desc' }, first: 1, after }),
    )
    const changed = `${after.slice(0, 8)}${after[8] === 'A' ? 'B' : 'A'}${after.slice(9)}`
    await failsWith('E_INVALID_CURSOR', () =>
      prisma.message.cursorPage({ orderBy: { createdAt: 'asc' }, first: 1, after: changed }),
    )
    const sealed = client.$extends(given.suite.pagination({ cursor: { secret, encrypt: true } }))
    const one = await sealed.message.cursorPage({ orderBy: { body: 'asc' }, first: 1 })
    const two = await sealed.message.cursorPage({
      orderBy: { body: 'asc' },
      first: 1,
      after: one.pageInfo.endCursor,
    })
    same(two.items[0]?.body, 'm1')
  })

  check('P25 P26 a full last page has no next, and becomes a Relay connection', async (given) => {
    const { prisma } = await paged(given, 2)
    const page = await prisma.message.cursorPage({ orderBy: { id: 'asc' }, first: 2 })
    same(page.pageInfo.hasNextPage, false)
    const { edges } = given.suite.toConnection(page)
    same([edges.length, edges.at(-1)!.cursor === page.pageInfo.endCursor], [2, true])
  })

  check('iterate walks all rows in batches', async (given) => {
    const { prisma, log } = await paged(given, 7)
    const bodies: string[] = []
    for await (const { body } of prisma.message.iterate({ orderBy: { id: 'asc' }, batch: 3 }))
      bodies.push(body)
    same([bodies.length, bodies[6], log.statements.length], [7, 'm6', 3])
  })
})
