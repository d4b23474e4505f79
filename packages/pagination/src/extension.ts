import { randomBytes } from 'node:crypto'
import type { Prisma } from '@prisma/client/extension'
import {
  defineExtension,
  mount,
  type Args,
  type BriskExtension,
  type Host,
  type ListReads,
  type Middleware,
  type Plugin,
} from '@prisma-brisk/core'
import { CursorCodec } from './cursor-codec.ts'
import { readCursorPage, type CursorPage, type CursorPageArgs } from './cursor-page.ts'
import { Limits, UNBOUNDED } from './limits.ts'
import { readOffsetPage, type OffsetPage, type OffsetPageArgs } from './offset-page.ts'
import { resolveOptions, type PaginationOptions, type ResolvedPaginationOptions } from './options.ts'
import { modelNameOf, type PageModel } from './page-model.ts'
import { PAGE, PageRequests } from './page-request.ts'

/** What this package adds to the arguments of list reads. */
export interface LimitArgs {
  /** Reads all rows, without any limit, for this reason; it is noted on the call and told on `prisma-brisk:limit`. */
  unbounded?: string | undefined
}

type ListArgs<T> = Omit<Prisma.Args<T, 'findMany'>, 'take' | 'skip' | 'cursor'>
type Item<T, A> = Prisma.Result<T, A, 'findMany'> extends (infer Row)[] ? Row : never

/** Methods of every model. */
export interface PageMethods {
  /**
   * A page by number, with the total where it is wanted. Any argument of `findMany` but `take`, `skip` and `cursor` holds.
   * Costs one statement, and one more where the page does not show the total by itself.
   *
   * @example
   * const { items, pagination } = await prisma.post.paginate({ where: { published: true }, page: 3, limit: 50 })
   */
  paginate<T, A>(
    this: T,
    args?: Prisma.Exact<A, ListArgs<T> & OffsetPageArgs>,
  ): Promise<OffsetPage<Item<T, A>>>

  /**
   * A page behind or before a cursor, at the same cost at every depth. Any argument of `findMany` but `take`, `skip`, `cursor` and
   * `distinct` holds; a unique tiebreaker is appended to `orderBy` where it is missing.
   *
   * Wants an index on the columns of `orderBy`, tiebreaker included. Costs one statement, and one more where the cursor's row is gone, or
   * where the page reaches from rows with a value to rows without one.
   *
   * @example
   * const { items, pageInfo } = await prisma.post.cursorPage({ orderBy: { createdAt: 'desc' }, first: 20, after })
   */
  cursorPage<T, A>(
    this: T,
    args?: Prisma.Exact<A, Omit<ListArgs<T>, 'distinct'> & CursorPageArgs>,
  ): Promise<CursorPage<Item<T, A>>>
}

/**
 * Limits every list read, and adds pages to every model.
 *
 * @example
 * const prisma = new PrismaClient({ adapter }).$extends(pagination({ maxLimit: 100 }))
 */
export function pagination(
  options: PaginationOptions = {},
): BriskExtension<ListReads<LimitArgs> & PageMethods> {
  const plugin = paginationPlugin(options)
  return defineExtension((client) => mount(client, [plugin])) as never
}

/** The same as a part of a pipeline that holds more. */
export function paginationPlugin(options: PaginationOptions = {}): Plugin {
  const resolved = resolveOptions(options)
  return {
    name: 'pagination',
    ownArguments: [UNBOUNDED, PAGE],
    middleware: (host) => middlewareOf(host, resolved),
    model: (host) => methodsOf(host, resolved),
  }
}

function middlewareOf(host: Host, options: ResolvedPaginationOptions): Middleware {
  const limits = new Limits(host, options)
  const pages = PageRequests.of(host)
  return (call, next) => {
    const page = call.args[PAGE]
    const request = page === undefined ? undefined : pages.find(page)
    if (request === undefined) return limits.apply(call, next)
    return request.read(call, (inner) => limits.apply(inner, next, request.lookahead))
  }
}

function methodsOf(host: Host, { limits, models, cursor }: ResolvedPaginationOptions) {
  let codec: CursorCodec | null = null
  return {
    cursorPage(this: PageModel, args: Args = {}) {
      codec ??= codecOf(host, cursor)
      return readCursorPage(host, this, args, models.get(modelNameOf(this)) ?? limits, codec, cursor.scope)
    },
    paginate(this: PageModel, args: Args = {}) {
      return readOffsetPage(host, this, args, models.get(modelNameOf(this)) ?? limits)
    },
  }
}

/** Clients that extend one base client and name no secret share a random one. */
function codecOf(host: Host, cursor: ResolvedPaginationOptions['cursor']): CursorCodec {
  if (cursor.secrets.length > 0) return new CursorCodec(cursor)
  host.warnOnce('W_CURSOR_SECRET', NO_SECRET)
  const secret = host.state(randomSecret, () => randomBytes(32).toString('base64'))
  return new CursorCodec({ ...cursor, secrets: [secret] })
}

const randomSecret = Symbol('prisma-brisk.pagination.secret')
const NO_SECRET =
  'prisma-brisk: cursors are signed with a random secret of this process: others refuse them, and so does this one after a restart. Pass pagination({ cursor: { secret } }).'
