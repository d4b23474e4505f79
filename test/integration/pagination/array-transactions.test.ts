import { pagination } from '@prisma-brisk/pagination'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { seedLearning } from './support/learning-data.ts'

/**
 * Pages where an extension in front makes each call a member of an array transaction, as row-level security does: a page is
 * then one statement. It is right, or refused; it never ends early.
 */

interface Page {
  items: Record<string, unknown>[]
  pageInfo: { hasNextPage: boolean; endCursor: string | null }
}
interface Pages {
  user: { cursorPage(args: object): Promise<Page>; paginate(args: object): Promise<{ pagination: object }> }
}

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let plain: PrismaClient
  beforeAll(async () => {
    database = await createDatabase(provider)
    plain = database.createClient({ adapter: database.adapter({ connections: 2 }) })
    await seedLearning(plain)
  })
  afterAll(() => database.drop())

  /** A client whose calls are members of array transactions, and one statement each beside the first. */
  function byArray(options: object = {}, behind?: object) {
    const { client, log } = database.createRecordedClient({
      adapter: database.adapter({ connections: 2 }),
      ...options,
    })
    const front = client.$extends({
      query: {
        $allModels: {
          $allOperations: async ({ args, query }) =>
            (await client.$transaction([client.$queryRaw`SELECT 1`, query(args)]))[1] as never,
        },
      },
    })
    const paged = front.$extends(pagination({ cursor: { secret: 'a secret of the tests' } }))
    return { pages: (behind === undefined ? paged : paged.$extends(behind)) as unknown as Pages, client, log }
  }

  async function walk({ user }: Pages, args: object): Promise<unknown[]> {
    const ids: unknown[] = []
    for (let after: string | null = null; ids.length < 100;) {
      const { items, pageInfo }: Page = await user.cursorPage({ first: 5, after, ...args })
      ids.push(...items.map(({ id }) => id))
      if (!pageInfo.hasNextPage) return ids
      after = pageInfo.endCursor
    }
    throw new Error('endless')
  }

  const idsBy = async (orderBy: object[]) =>
    (await plain.user.findMany({ orderBy, select: { id: true } })).map(({ id }) => id)
  const outcome = (promise: Promise<unknown>) =>
    promise.then(
      () => 'answered',
      (error: { code?: string; message: string }) => error.code ?? error.message,
    )
  const own = (log: { sql(): string[] }) => log.sql().filter((sql) => sql.includes('User'))

  test('KR07 by columns that the client leaves out: the whole list, in one statement a page', async () => {
    const { pages, log } = byArray({ omit: { user: { createdAt: true, name: true } } })
    const orderBy = [{ name: 'asc' }, { createdAt: 'desc' }, { id: 'asc' }]
    // MariaDB tells the collation of a text only to a statement of its own.
    const order = provider === 'mysql' ? orderBy.slice(1) : orderBy
    expect(await walk(pages, { orderBy: order })).toEqual(await idsBy(order))
    expect(own(log)).toHaveLength(Math.ceil(24 / 5))
    const { items } = await pages.user.cursorPage({ orderBy: order, first: 1 })
    expect(Object.keys(items[0]!).filter((key) => ['createdAt', 'name'].includes(key))).toEqual([])
  })

  test('KR07 by columns that an extension behind leaves out: refused, and one client tells nothing of another', async () => {
    const behind = {
      query: {
        user: {
          findMany: ({ args, query }: { args: object; query: (args: object) => Promise<unknown> }) =>
            query({ ...args, omit: { createdAt: true } }),
        },
      },
    }
    const { pages, client } = byArray({}, behind)
    const orderBy = [{ createdAt: 'asc' }, { id: 'asc' }]
    expect(await outcome(walk(pages, { orderBy }))).toBe('E_UNSUPPORTED_ORDER')
    const others = client.$extends(pagination()) as unknown as Pages
    const { items } = await others.user.cursorPage({ orderBy, first: 2 })
    expect(items.every((item) => 'createdAt' in item)).toBe(true)
  })

  test('KR07 by an enum whose labels are not known: refused before anything is sent, then the whole list', async () => {
    const { pages, client, log } = byArray()
    const orderBy = [{ role: 'asc' }, { id: 'asc' }]
    const first = await outcome(walk(pages, { orderBy }))
    // SQLite has no labels of its own to ask for.
    expect([first, own(log)]).toEqual(
      provider === 'sqlite' ? ['answered', expect.anything()] : ['E_UNSUPPORTED_ORDER', []],
    )
    await (client.$extends(pagination()) as unknown as Pages).user.cursorPage({ orderBy, first: 1 })
    expect(await walk(pages, { orderBy })).toEqual(await idsBy(orderBy))
  })

  test('KR07 by values that may not be read as they are stored: read while the row is there, refused when it is gone', async () => {
    const { pages } = byArray()
    const user = await plain.user.create({
      data: { id: 500, email: 'gone', name: 'gone', createdAt: new Date(Date.UTC(2020, 0, 1)) },
    })
    for (const [orderBy, whenGone] of [
      [[{ createdAt: 'asc' }, { id: 'asc' }], 'E_UNSUPPORTED_ORDER'],
      [[{ id: 'desc' }], 'answered'],
    ] as const) {
      await plain.user.upsert({ where: { id: 500 }, create: user, update: {} })
      const { items, pageInfo } = await pages.user.cursorPage({ orderBy, first: 1 })
      expect(items[0]?.['id']).toBe(500)
      const next = () => pages.user.cursorPage({ orderBy, first: 30, after: pageInfo.endCursor })
      const rest = (await next()).items.map(({ id }) => id)
      expect(rest).toHaveLength(24)
      await plain.user.delete({ where: { id: 500 } })
      expect(await outcome(next())).toBe(whenGone)
      if (whenGone === 'answered') expect((await next()).items.map(({ id }) => id)).toEqual(rest)
    }
  })

  test('KR07 by number: rows and totals', async () => {
    const { pages } = byArray()
    expect(await pages.user.paginate({ limit: 5, page: 2 })).toMatchObject({
      pagination: { total: 24, hasMore: true },
    })
    const names = await plain.user.findMany({ distinct: ['name'] })
    expect(await pages.user.paginate({ limit: 1, distinct: ['name'] })).toMatchObject({
      pagination: { total: names.length, hasMore: true },
    })
  })
})
