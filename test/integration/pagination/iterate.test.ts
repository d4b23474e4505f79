import { AsyncLocalStorage } from 'node:async_hooks'
import { pagination } from '@prisma-brisk/pagination'
import { createDatabase, type Provider, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'

/** Iterating a list; that it gives every row once, whatever the order, is the walk oracle's to prove. */

const ROWS = 25
const named = (name: string | undefined): number => Number(name?.slice('tag '.length))

async function all<T>(rows: AsyncIterable<T>): Promise<T[]> {
  const read: T[] = []
  for await (const row of rows) read.push(row)
  return read
}

describe.each<Provider>(['postgresql', 'mysql', 'sqlite'])('iterate on %s', (provider) => {
  let database: TestDatabase<PrismaClient>
  let writer: PrismaClient
  /** MariaDB's driver opens all connections of a pool at once: of a client for each test there would be more than the server takes. */
  const opened: PrismaClient[] = []
  beforeAll(async () => {
    database = await createDatabase(provider)
    writer = database.createClient()
  })
  afterAll(() => database.drop())
  afterEach(async () => {
    for (const client of opened.splice(0)) await client.$disconnect()
  })
  beforeEach(async () => {
    await writer.tag.deleteMany()
    await writer.tag.createMany({
      data: Array.from({ length: ROWS }, (_, index) => ({ name: `tag ${index}` })),
    })
  })

  function extended(options: Parameters<typeof pagination>[0] = { maxLimit: 10 }) {
    const { client, log } = database.createRecordedClient()
    opened.push(client)
    const prisma = client.$extends(pagination(options))
    log.clear()
    return { prisma, reads: () => log.sql().filter((sql) => /^SELECT[^]*FROM/.test(sql)).length, client }
  }

  test('P27 steps that are asked for at once, and a walk that is closed among them, are what a generator makes of them', async () => {
    const { prisma } = extended()
    async function* generated() {
      yield* Array.from({ length: ROWS }, (_, index) => ({ name: `tag ${index}` }))
    }
    type Rows = AsyncGenerator<{ name: string }, void, void>
    const courses: ((rows: Rows) => Promise<unknown>)[] = [
      (rows) => Promise.all([rows.next(), rows.next(), rows.return(), rows.next()]),
      (rows) => Promise.all(Array.from({ length: ROWS + 2 }, () => rows.next())),
      async (rows) => [await rows.next(), ...(await Promise.all([rows.next(), rows.return(), rows.next()]))],
      async (rows) => [await rows.next(), await rows.return(), await rows.next()],
      async (rows) => [
        await rows.next(),
        await rows.throw(new Error('enough')).catch(String),
        await rows.next(),
      ],
      (rows) => Promise.all([rows.return(), rows.next()]),
    ]
    for (const course of courses) {
      const rows = prisma.tag.iterate({ select: { name: true }, orderBy: { id: 'asc' }, batch: 10 })
      expect(await course(rows as Rows)).toEqual(await course(generated()))
    }
  })

  test('P27 a list is read in statements of a batch each, and no more rows than are asked for', async () => {
    const { prisma, reads } = extended()
    const numbers: number[] = []
    const statements: number[] = []
    for await (const { name } of prisma.tag.iterate({ orderBy: { id: 'asc' }, batch: 10 })) {
      numbers.push(named(name))
      statements.push(reads())
    }
    expect(numbers).toEqual(Array.from({ length: ROWS }, (_, index) => index))
    expect(statements).toEqual(Array.from({ length: ROWS }, (_, index) => 1 + Math.floor(index / 10)))
    expect(reads()).toBe(3)
  })

  test('P27 a loop that ends early reads no further', async () => {
    const { prisma, reads } = extended()
    for await (const { name } of prisma.tag.iterate({ orderBy: { id: 'asc' } })) if (named(name) === 3) break
    expect(reads()).toBe(1)
  })

  test('P27 an aborted walk ends before its next statement, with the reason', async () => {
    const { prisma, reads } = extended()
    const ended = new AbortController()
    const reason = new Error('the client hung up')
    const seen: number[] = []
    await expect(
      (async () => {
        for await (const { name } of prisma.tag.iterate({
          orderBy: { id: 'asc' },
          batch: 5,
          signal: ended.signal,
        })) {
          seen.push(named(name))
          ended.abort(reason)
        }
      })(),
    ).rejects.toBe(reason)
    expect(seen).toEqual([0, 1, 2, 3, 4])
    expect(reads()).toBe(1)
  })

  test('P27 it stays inside the limits, and says so at once', () => {
    const { prisma } = extended()
    const codeOf = (run: () => unknown) => {
      try {
        run()
        return null
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    const untyped = prisma.tag as unknown as { iterate(args: object): unknown }
    expect([
      codeOf(() => prisma.tag.iterate({ batch: 11 })),
      codeOf(() => prisma.tag.iterate({ batch: 0 })),
      codeOf(() => untyped.iterate({ take: 5 })),
      codeOf(() => untyped.iterate({ skip: 5 })),
      codeOf(() => untyped.iterate({ signal: 'soon' })),
      codeOf(() => untyped.iterate({ orderBy: { posts: { _count: 'asc' } } })),
      codeOf(() => prisma.tag.iterate()),
    ]).toEqual([
      'E_LIMIT_EXCEEDED',
      'E_INVALID_LIMIT',
      'E_INVALID_PAGE',
      'E_INVALID_PAGE',
      'E_INVALID_PAGE',
      'E_UNSUPPORTED_ORDER',
      null,
    ])
  })

  test('P27 rows that are written meanwhile come if they are ahead; those that are gone end nothing', async () => {
    const { prisma, client } = extended()
    const seen: number[] = []
    for await (const row of prisma.tag.iterate({ orderBy: { id: 'asc' }, batch: 5 })) {
      const number = named(row.name)
      seen.push(number)
      // The row that the next page begins behind, and one that would have come.
      if (number === 4) await client.tag.deleteMany({ where: { name: { in: ['tag 4', 'tag 7'] } } })
      if (number === 20) await client.tag.create({ data: { name: 'tag 100' } })
    }
    const there = Array.from({ length: ROWS }, (_, index) => index).filter((number) => number !== 7)
    expect(seen).toEqual([...there, 100])
  })

  test('P27 selections are the caller’s, and what extensions before add holds for every page', async () => {
    const base = database.createClient()
    const contexts: unknown[] = []
    const tenant = new AsyncLocalStorage<string>()
    const prisma = base
      .$extends({
        query: {
          tag: {
            findMany: ({ args, query }) => {
              contexts.push(tenant.getStore())
              return query({ ...args, where: { AND: [args.where ?? {}, { name: { not: 'tag 12' } }] } })
            },
          },
        },
      })
      .$extends(pagination({ maxLimit: 10 }))
    const rows = await tenant.run('ours', async () =>
      all(prisma.tag.iterate({ orderBy: { name: 'desc' }, select: { name: true }, batch: 10 })),
    )
    const names: { name: string }[] = rows
    expect(names).toHaveLength(ROWS - 1)
    expect(Object.keys(names[0] ?? {})).toEqual(['name'])
    expect(contexts).toEqual(['ours', 'ours', 'ours'])
  })

  test('P17 P27 a filter that finds nothing does so behind a cursor too', async () => {
    const { prisma } = extended({ maxLimit: 10, cursor: { secret: 'a secret of these tests, long enough' } })
    const { pageInfo } = await prisma.tag.cursorPage({ first: 5, filterName: 'tags' })
    // Prisma forgets it within an AND.
    const where = { OR: [] }
    const page = { first: 5, after: pageInfo.endCursor, filterName: 'tags' }
    const { items } = await prisma.tag.cursorPage({ ...page, where })
    expect([items, await all(prisma.tag.iterate({ where }))]).toEqual([[], []])
  })

  test('P27 within a transaction it reads that transaction', async () => {
    const { prisma } = extended()
    const seen = await prisma
      .$transaction(async (tx) => {
        await tx.tag.create({ data: { name: 'tag 50' } })
        const rows = await all(tx.tag.iterate({ orderBy: { id: 'desc' }, batch: 7 }))
        throw Object.assign(new Error('back'), { rows: rows.map(({ name }) => named(name)) })
      })
      .catch((error: { rows: number[] }) => error.rows)
    expect(seen).toEqual([50, ...Array.from({ length: ROWS }, (_, index) => ROWS - 1 - index)])
    expect(await all(prisma.tag.iterate())).toHaveLength(ROWS)
  })
})
