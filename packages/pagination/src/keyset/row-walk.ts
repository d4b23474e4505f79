import type { Args, Host } from '@prisma-brisk/core'
import { InvalidPageError, UnreadPageError, UnsupportedOrderError } from '../errors.ts'
import type { ResolvedLimits } from '../limit-options.ts'
import { checkPageLimit, refuseArguments } from '../page/page-arguments.ts'
import { modelNameOf, PAGE, pageRequests, type PageModel } from '../page/page-request.ts'
import { CursorRequest } from './cursor-request.ts'
import { pageOrderOf, type PageOrder } from './page-order.ts'
import { orderByOf } from './sort-key.ts'

/** Arguments of `iterate` beside those of `findMany`. */
export interface IterateArgs {
  /** Rows of one statement, and the most that are held at a time. Default: `maxLimit`, which it may not exceed, or 1,000. */
  readonly batch?: number | undefined
  /** Ends the walk before its next statement: the iteration fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** A walk through all rows of a list, in keyset pages: what it needs is checked at once, read as it goes. */
export function walkRows(
  host: Host,
  model: PageModel,
  args: Args & IterateArgs,
  limits: ResolvedLimits,
): AsyncGenerator<unknown, void, void> {
  const modelName = modelNameOf(model)
  const name = `${modelName}.iterate`
  const { batch, signal, orderBy, ...list } = args
  refuseArguments(list, ['take', 'skip', 'cursor', 'distinct'], name)
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new InvalidPageError(name, 'signal', 'an AbortSignal', signal)
  const limit = checkPageLimit(batch ?? Math.min(limits.maxLimit, 1000), 'batch', limits, name)
  const walk = {
    host,
    model,
    list,
    order: pageOrderOf(host, modelName, orderBy, name),
    limit,
    signal,
    name,
  }
  return new WalkedRows(pagesOf(walk))
}

interface RowWalk {
  readonly host: Host
  readonly model: PageModel
  readonly list: Args
  readonly order: PageOrder
  readonly limit: number
  readonly signal: AbortSignal | undefined
  readonly name: string
}

/**
 * The rows of pages, one by one, as `yield*` would give them. A generator waits three times for each row that is there already,
 * which took a third of the time of a walk.
 */
class WalkedRows implements AsyncGenerator<unknown, void, void> {
  private page: readonly unknown[] = []
  private at = 0
  /** Whoever asks while a page is read waits for it, in the order in which they asked. */
  private reading: Promise<boolean> | null = null

  private isClosed = false

  constructor(private readonly pages: AsyncGenerator<readonly unknown[], void, void>) {}

  next(): Promise<IteratorResult<unknown, void>> {
    return this.isClosed ? this.pages.next().then(() => ENDED) : this.take()
  }

  private take(): Promise<IteratorResult<unknown, void>> {
    const { page, at } = this
    if (this.reading === null && at < page.length) {
      this.at++
      return Promise.resolve({ done: false, value: page[at] })
    }
    this.reading ??= this.read()
    return this.reading.then((isThere) => (isThere ? this.take() : ENDED))
  }

  private async read(): Promise<boolean> {
    try {
      const { done, value } = await this.pages.next()
      this.page = done === true ? [] : value
      this.at = 0
      return done !== true
    } finally {
      this.reading = null
    }
  }

  return(): Promise<IteratorResult<unknown, void>> {
    this.isClosed = true
    return this.pages.return()
  }

  throw(error: unknown): Promise<IteratorResult<unknown, void>> {
    this.isClosed = true
    return this.pages.throw(error)
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return()
  }
}

const ENDED: IteratorResult<unknown, void> = { done: true, value: undefined }

async function* pagesOf(walk: RowWalk): AsyncGenerator<readonly unknown[], void, void> {
  const { host, model, list, order, limit, signal, name } = walk
  const { keys } = order
  let from: readonly unknown[] | null = null
  for (;;) {
    signal?.throwIfAborted()
    const request: CursorRequest = new CursorRequest({
      ...order,
      name,
      from,
      to: null,
      limit,
      looksBehind: false,
    })
    yield await pageRequests.during(request, (token) =>
      model.findMany({ ...list, orderBy: orderByOf(keys, host.provider), take: limit + 1, [PAGE]: token }),
    )
    const { outcome } = request
    if (outcome === null) throw new UnreadPageError(name)
    if (!outcome.hasMore) return
    from = placeOf(outcome.values.at(-1) ?? [], walk)
  }
}

/** The place behind a row, as a cursor would carry it. A value that is not equal to itself has none. */
function placeOf(values: readonly unknown[], { order, name }: RowWalk): readonly unknown[] {
  return order.keys.map(({ field, type }, index) => {
    const value = values[index]
    if (value === null) return null
    const encoded = type.encode(value)
    if (encoded !== undefined) return type.decode(encoded)
    throw new UnsupportedOrderError(
      name,
      field,
      'holds a value that no row can be put behind (NaN, infinity, or a text too long)',
    )
  })
}
