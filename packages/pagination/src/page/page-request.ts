import type { Args, Call, Next } from '@prisma-brisk/core'

/**
 * A page on its way through the pipeline. Pages are read by a model method through the ordinary `findMany`, so that
 * extensions before this one (tenant filters, soft delete, computed fields) hold for them; the rest of what a page needs is
 * done behind them, in the middleware, on the rows as the database gave them. What ties the two together is a number among
 * the arguments, {@link PAGE}.
 */
export interface PageRequest {
  /** Rows it asks for beyond the limit and never hands out. */
  readonly lookahead: number
  /** Reads the page; `next` applies the limits and sends. */
  read(call: Call, next: Next): Promise<unknown>
}

/** The argument that names a {@link PageRequest}; stripped before Prisma sees it. */
export const PAGE = 'briskPage'

/**
 * The pages that are being read, of all clients: an extension such as read replicas hands a call of one client to another, which
 * then has to know the page.
 */
class PageRequests {
  private readonly open = new Map<number, PageRequest>()
  private next = 1

  find(token: unknown): PageRequest | undefined {
    return this.open.get(token as number)
  }

  /** Runs `send` with the token of a request, and forgets the request afterwards. */
  async during<T>(request: PageRequest, send: (token: number) => Promise<T>): Promise<T> {
    const token = this.next++
    this.open.set(token, request)
    try {
      return await send(token)
    } finally {
      this.open.delete(token)
    }
  }
}

export const pageRequests = new PageRequests()

/** A model of the extended client, as a page method finds it in `this`: its reads run all extensions. */
export interface PageModel {
  readonly $name?: string
  readonly name?: string
  findMany(args: Args): Promise<unknown[]>
  count(args: Args): Promise<number>
}

/** The model's name as in the schema. */
export function modelNameOf(model: PageModel): string {
  return model.$name ?? model.name ?? ''
}
