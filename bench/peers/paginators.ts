import { findManyCursorConnection } from '@devoxa/prisma-relay-cursor-connection'
import { brisk } from 'prisma-brisk'
import { pagination as prismaExtensionPagination } from 'prisma-extension-pagination'
import { extension as prismaPaginate } from 'prisma-paginate'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import type { Check, Contender } from './contender.ts'
import { installedVersion } from './installed-version.ts'

type Order = Record<string, 'asc' | 'desc' | { sort: 'asc' | 'desc'; nulls: 'first' | 'last' }>

export interface Page {
  readonly ids: number[]
  /** What to ask the next page with; null where there is none. */
  readonly next: string | null
}

/** A way to read users page by page, and the client that ordinary reads go through. */
export interface Paginator {
  readonly client: PrismaClient
  page(orderBy: Order | Order[], first: number, after: string | null): Promise<Page>
}

const secret = 'of the comparison, and of nothing else'
const ids = (rows: readonly { id: number }[]) => rows.map((row) => row.id)

export const paginators: Contender<Paginator>[] = [
  {
    name: 'prisma-brisk',
    version: installedVersion('prisma-brisk'),
    mount: ({ client }) => {
      const prisma = client.$extends(
        brisk({ pagination: { defaultLimit: 50, cursor: { secret } }, slowQuery: { sinks: [] } }),
      )
      return {
        client: prisma as unknown as PrismaClient,
        async page(orderBy, first, after) {
          const { items, pageInfo } = await prisma.user.cursorPage({
            orderBy,
            first,
            ...(after === null ? {} : { after }),
          })
          return { ids: ids(items), next: pageInfo.hasNextPage ? pageInfo.endCursor : null }
        },
      }
    },
  },
  {
    name: 'prisma-extension-pagination',
    version: installedVersion('prisma-extension-pagination'),
    mount: ({ client }) => {
      const prisma = client.$extends(prismaExtensionPagination())
      return {
        client: prisma as unknown as PrismaClient,
        async page(orderBy, first, after) {
          const [rows, meta] = await prisma.user
            .paginate({ orderBy })
            .withCursor({ limit: first, ...(after === null ? {} : { after }) })
          return { ids: ids(rows), next: meta.hasNextPage ? meta.endCursor : null }
        },
      }
    },
  },
  {
    name: 'prisma-paginate',
    version: installedVersion('prisma-paginate'),
    mount: ({ client }) => {
      const prisma = client.$extends(prismaPaginate) as unknown as PrismaClient & {
        user: {
          paginate(args: object, page: object): Promise<{ result: { id: number }[]; hasNextPage: boolean }>
        }
      }
      return {
        client: prisma,
        async page(orderBy, limit, after) {
          const page = Number(after ?? 1)
          const { result, hasNextPage } = await prisma.user.paginate({ orderBy }, { page, limit })
          return { ids: ids(result), next: hasNextPage ? String(page + 1) : null }
        },
      }
    },
  },
  {
    name: '@devoxa/prisma-relay-cursor-connection',
    version: installedVersion('@devoxa/prisma-relay-cursor-connection'),
    mount: ({ client }) => ({
      client,
      async page(orderBy, first, after) {
        const { nodes, pageInfo } = await findManyCursorConnection<{ id: number }, { id: number }>(
          (args) => client.user.findMany({ ...args, orderBy }),
          () => client.user.count(),
          { first, after },
          {
            getCursor: ({ id }) => ({ id }),
            encodeCursor: (cursor) => Buffer.from(JSON.stringify(cursor)).toString('base64'),
            decodeCursor: (text) => JSON.parse(Buffer.from(text, 'base64').toString()) as { id: number },
          },
        )
        return { ids: ids(nodes), next: pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null }
      },
    }),
  },
]

async function walk(
  paginator: Paginator,
  orderBy: Order | Order[],
  first: number,
  between?: (page: Page) => Promise<void>,
): Promise<number[]> {
  const seen: number[] = []
  let after: string | null = null
  for (let pages = 0; pages < 200; pages++) {
    const page: Page = await paginator.page(orderBy, first, after)
    seen.push(...page.ids)
    if (page.next === null) return seen
    await between?.(page)
    after = page.next
  }
  return seen
}

const sameOnce = (seen: readonly number[], all: number) => seen.length === all && new Set(seen).size === all

export const paginatorChecks: Check<Paginator>[] = [
  {
    id: 'P1',
    says: 'an ordinary findMany without take is bounded',
    holds: async ({ client }, { log }) => {
      log.clear()
      await client.user.findMany().catch(() => undefined)
      return log.statements.every((statement) => statement.rows <= 51)
    },
  },
  {
    id: 'P3',
    says: 'a page size of 1,000,000 from the request is refused or cut',
    holds: async (paginator, { log }) => {
      log.clear()
      await paginator.page({ id: 'asc' }, 1_000_000, null).catch(() => undefined)
      return log.statements.every((statement) => !statement.args.some((value) => Number(value) >= 1_000_000))
    },
  },
  {
    id: 'P17',
    says: 'walking by a column with ties and nulls gives each row once',
    holds: async (paginator) =>
      sameOnce(
        await walk(
          paginator,
          [{ tutorId: { sort: 'desc', nulls: 'last' } }, { createdAt: 'asc' }, { id: 'asc' }],
          7,
        ),
        100,
      ),
  },
  {
    id: 'P17',
    says: 'the same without a tiebreaker named',
    holds: async (paginator) => sameOnce(await walk(paginator, { createdAt: 'asc' }, 7), 100),
  },
  {
    id: 'P18',
    says: 'no statement reads more rows than the page needs',
    holds: async (paginator, { log }) => {
      log.clear()
      await walk(paginator, [{ createdAt: 'asc' }], 10)
      return log.statements.every((statement) => statement.rows <= 12)
    },
  },
  {
    id: 'P19',
    says: 'deleting the row under the cursor, and rows before it, loses and repeats nothing',
    holds: async (paginator, { database }) => {
      const plain = database.createClient()
      const gone: number[] = []
      const seen = await walk(paginator, { id: 'asc' }, 10, async (page) => {
        const last = page.ids.at(-1) as number
        if (last === 1) return
        gone.push(last)
        await plain.user.delete({ where: { id: last } })
      })
      return sameOnce(seen, 100)
    },
  },
  {
    id: 'P23',
    says: 'a changed cursor is refused',
    holds: async (paginator) => {
      const { next } = await paginator.page({ id: 'asc' }, 10, null)
      const token = next ?? ''
      const changed =
        token.length < 4
          ? String(Number(token) + 1)
          : `${token.slice(0, 6)}${token[6] === 'A' ? 'B' : 'A'}${token.slice(7)}`
      return paginator.page({ id: 'asc' }, 10, changed).then(
        () => false,
        (error: unknown) => String((error as { code?: string }).code).startsWith('E_'),
      )
    },
  },
  {
    id: 'P25',
    says: 'a last page that is exactly full says there is no next one',
    holds: async (paginator) => {
      const first = await paginator.page({ id: 'asc' }, 50, null)
      const second = await paginator.page({ id: 'asc' }, 50, first.next)
      return second.ids.length === 50 && second.next === null
    },
  },
]
