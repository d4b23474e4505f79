import type { Args, Call, Host, Next } from '@prisma-brisk/core'
import { InvalidOffsetError, InvalidPageError, OffsetTooDeepError } from '../errors.ts'
import type { ResolvedLimits } from '../limit-options.ts'
import { checkPageLimit, refuseArguments } from './page-arguments.ts'
import { modelNameOf, PAGE, pageRequests, type PageModel, type PageRequest } from './page-request.ts'
import { withTiebreaker } from '../tiebreaker.ts'

/** Where the total of a page comes from. */
export type PageTotal = 'exact' | 'none' | { readonly upTo: number }

/** Arguments of `paginate` beside those of `findMany`. */
export interface OffsetPageArgs {
  /** From 1 up. Default 1. Not together with `offset`. */
  readonly page?: number | undefined
  /** Rows to pass over, where the caller counts rows and not pages. */
  readonly offset?: number | undefined
  /** Rows of a page, at most `maxLimit`. Default `defaultLimit`. */
  readonly limit?: number | undefined
  /**
   * `'exact'` counts all rows that match, unless the page itself shows how many there are; `'none'` sends one statement;
   * `{ upTo }` never counts beyond that number and says `capped`. Default `'exact'`; with `distinct`, whose rows
   * Prisma tells apart by their text and counts only by reading them, `{ upTo: maxOffset }`.
   */
  readonly total?: PageTotal | undefined
}

/** A page by number. */
export interface OffsetPage<T> {
  readonly items: T[]
  readonly pagination: {
    readonly page: number
    readonly limit: number
    readonly offset: number
    /** Rows that match, or null with `total: 'none'`; with `{ upTo }` at most that number. */
    readonly total: number | null
    /** There are more rows than `total` says. */
    readonly capped: boolean
    /** The next page has at least one row. */
    readonly hasMore: boolean
  }
}

/** Reads a page by number: one row more than the page has tells whether there is a next one. */
export async function readOffsetPage(
  host: Host,
  model: PageModel,
  args: Args & OffsetPageArgs,
  limits: ResolvedLimits,
): Promise<OffsetPage<unknown>> {
  const modelName = modelNameOf(model)
  const name = `${modelName}.paginate`
  const { page, offset, limit: _, total, ...list } = args
  refuseArguments(list, ['take', 'skip', 'cursor'], name)
  const limit = checkPageLimit(args.limit, 'limit', limits, name)
  const skip = checkOffset(page, offset, limit, limits, name)
  const counting = checkTotal(total, list, limits, name)
  const request = new OffsetRequest(limit)
  const items = await pageRequests.during(request, (token) =>
    model.findMany({
      ...list,
      ...ordered(host, modelName, list),
      take: limit + 1,
      ...(skip === 0 ? {} : { skip }),
      [PAGE]: token,
    }),
  )
  // Not read by us: an extension before this one has answered.
  const { rows, hasMore } = request.outcome ?? {
    rows: Math.min(items.length, limit),
    hasMore: items.splice(limit).length > 0,
  }
  const known = hasMore || (rows === 0 && skip > 0) ? null : skip + rows
  const counted = await totalOf(model, list, counting, known)
  return {
    items,
    pagination: { page: Math.floor(skip / limit) + 1, limit, offset: skip, ...counted, hasMore },
  }
}

/** `where` and `orderBy` as the caller gave them, the order made total. */
export function ordered(host: Host, modelName: string, list: Args): Args {
  const orderBy = withTiebreaker(host.schema()?.models.get(modelName), list['orderBy'])
  return orderBy === undefined ? {} : { orderBy }
}

class OffsetRequest implements PageRequest {
  readonly lookahead = 1
  outcome: { readonly rows: number; readonly hasMore: boolean } | null = null

  constructor(private readonly limit: number) {}

  async read(call: Call, next: Next): Promise<unknown> {
    const rows = (await next(call)) as unknown[]
    const hasMore = rows.length > this.limit
    if (hasMore) rows.length = this.limit
    this.outcome = { rows: rows.length, hasMore }
    return rows
  }
}

function checkOffset(
  page: unknown,
  offset: unknown,
  limit: number,
  { maxOffset, onExceeded }: ResolvedLimits,
  name: string,
): number {
  if (page !== undefined && offset !== undefined)
    throw new InvalidPageError(name, 'offset', 'not to be given together with page', offset)
  const argument = offset === undefined ? 'page' : 'offset'
  const given = offset ?? page ?? 1
  const least = argument === 'page' ? 1 : 0
  if (typeof given !== 'number' || !Number.isSafeInteger(given) || given < least)
    throw new InvalidOffsetError(name, argument, given)
  const skip = argument === 'page' ? (given - 1) * limit : given
  if (skip > maxOffset && onExceeded !== 'warn') throw new OffsetTooDeepError(name, skip, maxOffset)
  return skip
}

function checkTotal(
  total: PageTotal | undefined,
  list: Args,
  limits: ResolvedLimits,
  name: string,
): PageTotal {
  const distinct = list['distinct'] !== undefined
  if (total === undefined) return distinct ? { upTo: limits.maxOffset } : 'exact'
  if (total === 'none' || (total === 'exact' && !distinct)) return total
  if (total === 'exact')
    throw new InvalidPageError(name, 'total', "'none' or { upTo } together with distinct", total)
  const upTo = total?.upTo
  if (typeof upTo === 'number' && Number.isInteger(upTo) && upTo >= 0 && upTo < 2 ** 31 - 1) return { upTo }
  throw new InvalidPageError(name, 'total', "'exact', 'none' or { upTo: a whole number }", total)
}

interface Counted {
  readonly total: number | null
  readonly capped: boolean
}

/** `known`: the total as the page itself shows it; counting again could only contradict it. */
async function totalOf(
  model: PageModel,
  list: Args,
  total: PageTotal,
  known: number | null,
): Promise<Counted> {
  if (total === 'none') return { total: null, capped: false }
  if (total === 'exact') return { total: known ?? (await model.count(whereOf(list))), capped: false }
  const found = known ?? (await countUpTo(model, list, total.upTo + 1))
  return { total: Math.min(found, total.upTo), capped: found > total.upTo }
}

async function countUpTo(model: PageModel, list: Args, take: number): Promise<number> {
  if (list['distinct'] === undefined) return model.count({ ...whereOf(list), take })
  const fields = [list['distinct']].flat() as string[]
  // As the page tells rows apart, by the text of their values: a `groupBy` would tell them apart by collation.
  const rows = await pageRequests.during(new DistinctRequest(take), (token) =>
    model.findMany({
      ...whereOf(list),
      distinct: fields,
      select: Object.fromEntries(fields.map((field) => [field, true])),
      take,
      [PAGE]: token,
    }),
  )
  return rows.length
}

/** Rows that are only counted: their number is bounded by what the total may be. */
class DistinctRequest implements PageRequest {
  constructor(readonly lookahead: number) {}

  read(call: Call, next: Next): Promise<unknown> {
    return next(call)
  }
}

/** What a count has in common with its page: the filter, and how the cache is to treat it. */
function whereOf({ where, cacheStrategy }: Args): Args {
  return {
    ...(where === undefined ? {} : { where }),
    ...(cacheStrategy === undefined ? {} : { cacheStrategy }),
  }
}
