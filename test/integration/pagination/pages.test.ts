import {
  pagination,
  relayArguments,
  toConnection,
  type CursorPage,
  type PaginationOptions,
} from '@prisma-brisk/pagination'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import { expectStatements } from '../../support/statements.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

import.meta.jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined)

const cursor = { secret: 'the secret of these tests' }
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: { code?: string }) => error.code,
  )
const ids = (rows: readonly { id: number | string }[]) => rows.map(({ id }) => id)
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** Named, since TypeScript cannot infer what a loop feeds back. */
type Page = Pick<CursorPage<{ id: number | string }>, 'items' | 'pageInfo'>

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let plain: PrismaClient

  beforeAll(async () => {
    database = await createDatabase(provider)
    plain = database.createClient({ adapter: database.adapter({ connections: 2 }) })
    await plain.user.createMany({ data: range(1, 3).map((id) => ({ id, email: `u${id}`, name: `n${id}` })) })
    await plain.recommendation.createMany({
      data: range(1, 30).map((id) => ({ id, userId: 1 + (id % 3), title: `t${id}`, priority: id % 4 })),
    })
  })
  afterAll(() => database.drop())

  function paged(options: PaginationOptions = { cursor }) {
    const { client, log } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
    return { client: client.$extends(pagination(options)), log }
  }

  describe('pages by number', () => {
    test.each([
      [0, { items: [], total: 0, hasMore: false }],
      [1, { items: [1], total: 1, hasMore: false }],
      [10, { items: range(1, 10), total: 10, hasMore: false }],
      [11, { items: range(1, 10), total: 11, hasMore: true }],
    ])('P15 are right on %i rows', async (rows, expected) => {
      const { client } = paged()
      const args = { where: { id: { lte: rows } }, orderBy: { id: 'asc' }, limit: 10 } as const
      const page = await client.recommendation.paginate(args)
      expect({ ...page, items: ids(page.items) }).toEqual({
        items: expected.items,
        pagination: {
          page: 1,
          limit: 10,
          offset: 0,
          total: expected.total,
          capped: false,
          hasMore: expected.hasMore,
        },
      })
      const next = await client.recommendation.paginate({ ...args, page: 2 })
      expect(next.pagination).toEqual({
        page: 2,
        limit: 10,
        offset: 10,
        total: expected.total,
        capped: false,
        hasMore: false,
      })
    })

    test('P15 count only where the page does not show the total', async () => {
      const { client, log } = paged()
      await expectStatements(log, 2, () => client.recommendation.paginate({ limit: 10, page: 2 }))
      await expectStatements(log, 1, () => client.recommendation.paginate({ limit: 10, page: 3 }))
      const none = await expectStatements(log, 1, () =>
        client.recommendation.paginate({ limit: 10, total: 'none' }),
      )
      expect(none.pagination).toMatchObject({ total: null, capped: false, hasMore: true })
    })

    test('P15 count no further than upTo', async () => {
      const { client, log } = paged()
      const total = async (upTo: number) => {
        const { pagination } = await client.recommendation.paginate({ limit: 5, total: { upTo } })
        return [pagination.total, pagination.capped]
      }
      expect(await total(12)).toEqual([12, true])
      expect(log.statements.at(-1)?.args.map(String)).toContain('13')
      expect(await total(29)).toEqual([29, true])
      expect(await total(30)).toEqual([30, false])
      expect(await total(99)).toEqual([30, false])
      expect(await total(0)).toEqual([0, true])
    })

    test('P16 take every other argument of findMany', async () => {
      const { client } = paged()
      const { items, pagination: info } = await client.recommendation.paginate({
        where: { userId: { in: [1, 2] } },
        distinct: ['priority', 'userId'],
        orderBy: [{ priority: 'desc' }, { userId: 'asc' }],
        select: { priority: true, user: { select: { name: true } } },
        limit: 3,
      })
      const typed: { priority: number; user: { name: string } }[] = items
      expect(typed).toEqual([
        { priority: 3, user: { name: 'n1' } },
        { priority: 3, user: { name: 'n2' } },
        { priority: 2, user: { name: 'n1' } },
      ])
      expect(info).toMatchObject({ total: 8, capped: false, hasMore: true })
      const [first] = (
        await client.recommendation.paginate({ omit: { title: true }, include: { user: true } })
      ).items
      expect(first).not.toHaveProperty('title')
      expect(first!.user.name satisfies string).toBe('n2')
    })

    test('P16 order rows that tie, so that no page repeats one', async () => {
      const { client } = paged()
      const seen: unknown[] = []
      for (let page = 1; page <= 5; page++)
        seen.push(
          ...ids(
            (await client.recommendation.paginate({ orderBy: { priority: 'asc' }, limit: 7, page })).items,
          ),
        )
      expect(seen.map(Number).sort((a, b) => a - b)).toEqual(range(1, 30))
    })

    test.each<[object, string]>([
      [{ page: 0 }, 'E_INVALID_OFFSET'],
      [{ page: 1.5 }, 'E_INVALID_OFFSET'],
      [{ page: '2' }, 'E_INVALID_OFFSET'],
      [{ page: 1e300 }, 'E_INVALID_OFFSET'],
      [{ page: 2 ** 40 }, 'E_OFFSET_TOO_DEEP'],
      [{ page: 202, limit: 50 }, 'E_OFFSET_TOO_DEEP'],
      [{ offset: -1 }, 'E_INVALID_OFFSET'],
      [{ offset: 10_001 }, 'E_OFFSET_TOO_DEEP'],
      [{ page: 1, offset: 0 }, 'E_INVALID_PAGE'],
      [{ limit: 0 }, 'E_INVALID_LIMIT'],
      [{ limit: -1 }, 'E_INVALID_LIMIT'],
      [{ limit: 2.5 }, 'E_INVALID_LIMIT'],
      [{ limit: '5' }, 'E_INVALID_LIMIT'],
      [{ limit: 201 }, 'E_LIMIT_EXCEEDED'],
      [{ take: 5 }, 'E_INVALID_PAGE'],
      [{ skip: 5 }, 'E_INVALID_PAGE'],
      [{ cursor: { id: 1 } }, 'E_INVALID_PAGE'],
      [{ total: 'some' }, 'E_INVALID_PAGE'],
      [{ total: { upTo: -1 } }, 'E_INVALID_PAGE'],
      [{ total: 'exact', distinct: ['title'] }, 'E_INVALID_PAGE'],
    ])('P15 %j is refused before anything is sent', async (args, expected) => {
      const { client, log } = paged()
      expect(await code(client.recommendation.paginate(args as never))).toBe(expected)
      expect(log.statements).toEqual([])
    })

    test('P15 in a transaction are read in it', async () => {
      const { client } = paged()
      await client
        .$transaction(async (tx) => {
          await tx.recommendation.create({ data: { id: 31, userId: 1, title: 'new', priority: 9 } })
          expect((await tx.recommendation.paginate({ limit: 5 })).pagination.total).toBe(31)
          expect(ids((await tx.recommendation.cursorPage({ last: 1 })).items)).toEqual([31])
          throw new Error('taken back')
        })
        .catch(() => undefined)
      expect((await client.recommendation.paginate({ limit: 5 })).pagination.total).toBe(30)
    })
  })

  describe('pages behind a cursor', () => {
    test('P18 send one statement with a LIMIT and a range for each page', async () => {
      const { client, log } = paged()
      const args = { orderBy: { priority: 'asc' }, first: 5 } as const
      const first = await expectStatements(log, 1, () => client.recommendation.cursorPage(args))
      const second = await expectStatements(log, 1, () =>
        client.recommendation.cursorPage({ ...args, after: first.pageInfo.endCursor }),
      )
      expect(second.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true })
      expect(log.statements.at(-1)).toMatchObject({
        rows: 7,
        sql: expect.stringMatching(/priority["`] >= .* LIMIT /),
      })
    })

    test('P19 neither repeat nor lose a row when rows come and go, the cursor’s own among them', async () => {
      const { client } = paged()
      const walk = { orderBy: { id: 'asc' }, first: 4, where: { title: { not: 'temporary' } } } as const
      const tx = client.$transaction(async (tx) => {
        const seen: unknown[] = []
        let after: string | null = null
        for (let page = 0; ; page++) {
          const { items, pageInfo }: Page = await tx.recommendation.cursorPage({ ...walk, after })
          seen.push(...ids(items))
          expect(pageInfo.hasPreviousPage).toBe(page > 0)
          if (!pageInfo.hasNextPage) break
          after = pageInfo.endCursor
          await tx.recommendation.delete({ where: { id: items.at(-1)!.id as number } })
          await tx.recommendation.create({
            data: { id: -page - 1, userId: 1, title: 'before the cursor', priority: 1 },
          })
        }
        expect(seen).toEqual(range(1, 30))
        throw new Error('taken back')
      })
      await expect(tx).rejects.toThrow('taken back')
    })

    test('P21 an order that is not by columns of the model is refused before anything is sent', async () => {
      const { client, log } = paged()
      for (const orderBy of [{ user: { name: 'asc' } }, { id: 'sideways' }, { nothing: 'asc' }])
        expect(await code(client.recommendation.cursorPage({ orderBy: orderBy as never }))).toBe(
          'E_UNSUPPORTED_ORDER',
        )
      expect(await code(client.user.cursorPage({ orderBy: { messages: { _count: 'asc' } } }))).toBe(
        'E_UNSUPPORTED_ORDER',
      )
      expect(await code(client.trace.cursorPage({ orderBy: { context: 'asc' } as never }))).toBe(
        'E_UNSUPPORTED_ORDER',
      )
      expect(log.statements).toEqual([])
    })

    test('P22 fetch, use and take out again the columns that were not selected', async () => {
      const { client } = paged()
      const args = { orderBy: { priority: 'desc' }, select: { title: true }, first: 4 } as const
      const first = await client.recommendation.cursorPage(args)
      expect(first.items).toEqual([{ title: 't3' }, { title: 't7' }, { title: 't11' }, { title: 't15' }])
      const second = await client.recommendation.cursorPage({ ...args, after: first.pageInfo.endCursor })
      expect(second.items[0]).toEqual({ title: 't19' })
      const omitted = await client.recommendation.cursorPage({
        orderBy: { priority: 'desc' },
        omit: { priority: true },
        first: 1,
      })
      expect(Object.keys(omitted.items[0] as object)).not.toContain('priority')
    })

    test('P22 columns that the client itself omits are used and stay hidden', async () => {
      const client = database
        .createClient({
          adapter: database.adapter({ connections: 2 }),
          omit: { recommendation: { priority: true } },
        })
        .$extends(pagination({ cursor }))
      const seen: unknown[] = []
      let after: string | null = null
      do {
        const { items, pageInfo }: Page = await client.recommendation.cursorPage({
          orderBy: { priority: 'asc' },
          first: 11,
          after,
        })
        for (const item of items) expect(item).not.toHaveProperty('priority')
        seen.push(...ids(items))
        after = pageInfo.hasNextPage ? pageInfo.endCursor : null
      } while (after !== null)
      expect(seen).toHaveLength(30)
      expect(new Set(seen).size).toBe(30)
    })

    test('P23 refuse the cursor of another model, order, filter or scope', async () => {
      let tenant = 'a'
      const { client, log } = paged({ cursor: { ...cursor, scope: () => tenant } })
      const { pageInfo } = await client.recommendation.cursorPage({ where: { priority: 1 }, first: 2 })
      const after = pageInfo.endCursor
      log.clear()
      const refused = [
        client.user.cursorPage({ first: 2, after }),
        client.recommendation.cursorPage({
          where: { priority: 1 },
          orderBy: { id: 'desc' },
          first: 2,
          after,
        }),
        client.recommendation.cursorPage({ where: { priority: 2 }, first: 2, after }),
        client.recommendation.cursorPage({ first: 2, after }),
      ]
      for (const page of refused) expect(await code(page)).toBe('E_CURSOR_MISMATCH')
      tenant = 'b'
      expect(await code(client.recommendation.cursorPage({ where: { priority: 1 }, first: 2, after }))).toBe(
        'E_CURSOR_MISMATCH',
      )
      expect(await code(client.recommendation.cursorPage({ after: 'not a cursor' }))).toBe('E_INVALID_CURSOR')
      expect(log.statements).toEqual([])
      tenant = 'a'
      expect(
        (await client.recommendation.cursorPage({ where: { priority: 1 }, first: 2, after })).items,
      ).toHaveLength(2)
    })

    test('P25 know what is around them on exact last pages, from the end and between two cursors', async () => {
      const { client, log } = paged()
      const page = (args: object) => client.recommendation.cursorPage(args)
      const all = await page({ first: 30 })
      expect(all.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: false })
      const last = await page({ last: 4 })
      expect(ids(last.items)).toEqual(range(27, 30))
      expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true })
      const before = await page({ last: 4, before: last.pageInfo.startCursor })
      expect(ids(before.items)).toEqual(range(23, 26))
      expect(before.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true })
      const between = await page({
        first: 10,
        after: before.pageInfo.startCursor,
        before: last.pageInfo.startCursor,
      })
      expect(ids(between.items)).toEqual(range(24, 26))
      expect(between.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true })
      const behind = await page({ first: 4, after: last.pageInfo.endCursor })
      expect(behind).toEqual({
        items: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: true, startCursor: null, endCursor: null },
      })
      expect(Math.max(...log.statements.map(({ rows }) => rows))).toBeLessThanOrEqual(31)
    })

    test('KP23 a page of no rows is empty, and knows whether there are some', async () => {
      const { client } = paged()
      const page = await client.recommendation.cursorPage({ first: 0 })
      expect(page).toEqual({
        items: [],
        pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: null, endCursor: null },
      })
      await expect(client.recommendation.cursorPage({ first: -1 })).rejects.toThrow(
        'must be a whole number from 0 to',
      )
      await expect(client.recommendation.paginate({ page: 1, offset: 1 })).rejects.toThrow(
        'offset is not to be given together with page',
      )
    })

    test.each<[object, string]>([
      [{ first: -1 }, 'E_INVALID_LIMIT'],
      [{ last: -1 }, 'E_INVALID_LIMIT'],
      [{ first: '5' }, 'E_INVALID_LIMIT'],
      [{ first: 201 }, 'E_LIMIT_EXCEEDED'],
      [{ first: 5, last: 5 }, 'E_INVALID_PAGE'],
      [{ distinct: ['title'] }, 'E_INVALID_PAGE'],
      [{ take: 5 }, 'E_INVALID_PAGE'],
      [{ after: 7 }, 'E_INVALID_CURSOR'],
      [{ before: 'x'.repeat(5000) }, 'E_INVALID_CURSOR'],
    ])('P23 %j is refused before anything is sent', async (args, expected) => {
      const { client, log } = paged()
      expect(await code(client.recommendation.cursorPage(args as never))).toBe(expected)
      expect(log.statements).toEqual([])
    })

    test('P26 become Relay connections', async () => {
      const { client } = paged()
      const read = async (args: Record<string, unknown>) =>
        toConnection(
          await client.recommendation.cursorPage({ orderBy: { id: 'asc' }, ...relayArguments(args) }),
        )
      const { edges, pageInfo, nodes } = await read({ first: 5, after: null })
      expect(edges.map(({ node }) => node)).toEqual(nodes)
      expect(new Set(edges.map(({ cursor }) => cursor)).size).toBe(5)
      expect([pageInfo.startCursor, pageInfo.endCursor]).toEqual([edges[0]?.cursor, edges[4]?.cursor])
      // "after" cuts off all edges up to the cursor's, whichever edge it is of; so does "before" from the other end.
      for (const [index, { cursor }] of edges.entries()) {
        expect(ids((await read({ first: 3, after: cursor })).nodes)).toEqual(range(index + 2, index + 4))
        expect(ids((await read({ last: 3, before: cursor })).nodes)).toEqual(
          range(Math.max(1, index - 2), index),
        )
      }
      const empty = toConnection(await client.recommendation.cursorPage({ where: { id: 0 } }))
      expect(empty).toEqual({
        edges: [],
        nodes: [],
        pageInfo: { hasNextPage: false, hasPreviousPage: false, startCursor: null, endCursor: null },
      })
    })

    test('a page is sent as JSON without its methods', async () => {
      const { client } = paged()
      expect(Object.keys(await client.recommendation.cursorPage({ first: 1 }))).toEqual(['items', 'pageInfo'])
    })

    test.each(['before', 'behind'] as const)(
      'P10 KR28 a field computed %s the suite, of a column of the order that is left out, is computed on every page',
      async (place) => {
        const compute = (on: PrismaClient) =>
          on.$extends({
            result: {
              recommendation: {
                rank: { needs: { priority: true }, compute: ({ priority }) => `#${priority}` },
              },
            },
          })
        const base = database.createClient({ adapter: database.adapter({ connections: 2 }) })
        const suite = pagination({ cursor })
        const client = (place === 'before'
          ? compute(base).$extends(suite)
          : compute(base.$extends(suite) as never)) as unknown as ReturnType<typeof paged>['client']
        const args = { orderBy: { priority: 'asc' }, omit: { priority: true }, where: { userId: 2 } } as const
        const expected = await compute(plain).recommendation.findMany({
          ...args,
          orderBy: [{ priority: 'asc' }, { id: 'asc' }],
        })
        expect(expected[0]).toMatchObject({ rank: expect.stringMatching(/^#/) })
        expect(expected[0]).not.toHaveProperty('priority')
        const { items } = await client.recommendation.cursorPage({ ...args, first: 3 })
        expect(JSON.stringify(items)).toBe(JSON.stringify(expected.slice(0, 3)))
        const walked: unknown[] = []
        for await (const row of client.recommendation.iterate({ ...args, batch: 2 })) walked.push(row)
        expect(JSON.stringify(walked)).toBe(JSON.stringify(expected))
      },
    )

    test('extensions before this one hold for pages: filters and computed fields', async () => {
      const { client } = database.createRecordedClient({ adapter: database.adapter({ connections: 2 }) })
      const tenant = client
        .$extends({
          query: {
            recommendation: {
              findMany: ({ args, query }) =>
                query({ ...args, where: { AND: [args.where ?? {}, { userId: 2 }] } }),
            },
          },
          result: { recommendation: { id: { needs: { id: true }, compute: ({ id }) => `#${id}` } } },
        })
        .$extends(pagination({ cursor }))
      const seen: unknown[] = []
      let after: string | null = null
      do {
        const { items, pageInfo }: Page = await tenant.recommendation.cursorPage({
          orderBy: { priority: 'asc' },
          first: 3,
          after,
        })
        seen.push(...items.map(({ id }) => id))
        after = pageInfo.hasNextPage ? pageInfo.endCursor : null
      } while (after !== null)
      const expected = await plain.recommendation.findMany({
        where: { userId: 2 },
        orderBy: [{ priority: 'asc' }, { id: 'asc' }],
      })
      expect(seen).toEqual(expected.map(({ id }) => `#${id}`))
    })
  })
})
