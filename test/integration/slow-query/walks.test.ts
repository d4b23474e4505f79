import { pagination } from '@prisma-brisk/pagination'
import { runRequest, slowQuery } from '@prisma-brisk/slow-query'
import { expectNoNPlusOne } from '@prisma-brisk/slow-query/testing'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { keptRecords } from './support/kept-records.ts'

/** A walk through one list, and work on many rows a call, are no loops; a read of each row is, whatever it looks like. */

const ROWS = 120
let database: TestDatabase<PrismaClient>
let prisma: ReturnType<typeof connect>
const { sink, records: reports } = keptRecords('n-plus-one')

function connect() {
  return database
    .createClient({ adapter: database.adapter({ connections: 3 }) })
    .$extends(
      slowQuery({
        threshold: 60_000,
        sinks: [sink],
        nPlusOne: { threshold: 5 },
      }),
    )
    .$extends(pagination({ onMissing: 'allow', onExceeded: 'allow' }))
}

beforeAll(async () => {
  database = await createDatabase('postgresql')
  prisma = connect()
  await prisma.tag.createMany({
    data: Array.from({ length: ROWS }, (_, index) => ({ name: `tag ${index}` })),
  })
})
afterAll(() => database.drop())

async function loopsOf(work: () => Promise<unknown>): Promise<string[]> {
  await runRequest({ name: 'export' }, work)
  await prisma.$queries.flush()
  return reports.splice(0).map(({ model, operation }) => `${model}.${operation}`)
}

const PAGES = 8
const TAKE = 10
type Row = { readonly id: number }
const last = (rows: readonly Row[]): number => rows[rows.length - 1]?.id ?? 0
const pages = Array.from({ length: PAGES }, (_, index) => index)
const chunk = (index: number): number[] => Array.from({ length: 100 }, (_, each) => 100 * index + each)

const walks: readonly (readonly [string, () => Promise<unknown>])[] = [
  [
    'cursorPage',
    async () => {
      let after: string | null = null
      for (const _ of pages) {
        const page: { pageInfo: { endCursor: string | null } } = await prisma.tag.cursorPage({
          orderBy: { id: 'asc' },
          first: TAKE,
          after,
        })
        after = page.pageInfo.endCursor
      }
    },
  ],
  [
    'paginate',
    async () => {
      for (const page of pages)
        await prisma.tag.paginate({ orderBy: { id: 'asc' }, limit: TAKE, page: page + 1 })
    },
  ],
  [
    'skip',
    async () => {
      for (const page of pages)
        await prisma.tag.findMany({ orderBy: { id: 'asc' }, take: TAKE, skip: TAKE * page })
    },
  ],
  [
    'skip, all pages at once',
    () => Promise.all(pages.map((page) => prisma.tag.findMany({ take: TAKE, skip: TAKE * page }))),
  ],
  [
    'a cursor',
    async () => {
      let id = 1
      for (const _ of pages)
        id = last(await prisma.tag.findMany({ cursor: { id }, skip: 1, orderBy: { id: 'asc' }, take: TAKE }))
    },
  ],
  [
    'a bound that moves up',
    async () => {
      let id = 0
      for (const _ of pages)
        id = last(
          await prisma.tag.findMany({ where: { id: { gt: id } }, orderBy: { id: 'asc' }, take: TAKE }),
        )
    },
  ],
  [
    'a bound that moves down, to a fixed one',
    async () => {
      let id = 1000
      for (const _ of pages)
        id = last(
          await prisma.tag.findMany({
            where: { AND: [{ name: { contains: 'tag' } }, { id: { lt: id, gte: 2 } }] },
            orderBy: [{ id: 'desc' }],
            take: TAKE,
          }),
        )
    },
  ],
  [
    'a bound of two columns',
    async () => {
      let row = { id: 0, name: '' }
      for (const _ of pages) {
        const rows = await prisma.tag.findMany({
          where: { OR: [{ name: { gt: row.name } }, { name: row.name, id: { gt: row.id } }] },
          orderBy: [{ name: 'asc' }, { id: 'asc' }],
          take: TAKE,
        })
        row = rows[rows.length - 1] ?? row
      }
    },
  ],
  [
    'reads of a hundred keys each',
    async () => {
      for (const page of pages) await prisma.tag.findMany({ where: { id: { in: chunk(page) } } })
    },
  ],
  [
    'an import by the hundred',
    async () => {
      for (const page of pages)
        await prisma.tag.createMany({ data: chunk(page).map((each) => ({ name: `imported ${each}` })) })
      for (const page of pages)
        await prisma.tag.deleteMany({
          where: { name: { in: chunk(page).map((each) => `imported ${each}`) } },
        })
    },
  ],
]

test.each(walks)('KP7 KR29 is no loop: %s', async (_, walk) => {
  expect(await loopsOf(walk)).toEqual([])
  await expectNoNPlusOne(prisma, walk, { threshold: 5 })
})

test.each<readonly [string, () => Promise<unknown>]>([
  [
    'a first page for each row',
    async () => {
      for (const id of pages) await prisma.tag.paginate({ where: { id }, limit: TAKE })
    },
  ],
  [
    'the rows behind each row',
    () =>
      Promise.all(
        pages.map((id) =>
          prisma.tag.findMany({ where: { id: { gt: id } }, orderBy: { id: 'asc' }, take: 2 }),
        ),
      ),
  ],
  [
    'the row behind each row',
    async () => {
      for (const id of pages)
        await prisma.tag.findMany({ where: { id: { gt: id } }, orderBy: { id: 'asc' }, take: 1 })
    },
  ],
  [
    'a window for each row',
    async () => {
      for (const id of pages)
        await prisma.tag.findMany({
          where: { id: { gt: id, lt: id + 3 } },
          orderBy: { id: 'asc' },
          take: TAKE,
        })
    },
  ],
  [
    'a few keys for each row',
    async () => {
      for (const id of pages) await prisma.tag.findMany({ where: { id: { in: [id, id + 1] } } })
    },
  ],
])('KP7 is a loop: %s', async (_, loop) => {
  expect(await loopsOf(loop)).toEqual(['Tag.findMany'])
})
