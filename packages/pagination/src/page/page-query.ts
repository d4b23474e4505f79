import { InvalidLimitError, InvalidOffsetError, InvalidPageError } from '../errors.ts'

/** What a request asks for: a page by number, by offset, or behind a cursor. */
export type PageQuery =
  | { readonly kind: 'offset'; readonly page?: number; readonly offset?: number; readonly limit?: number }
  | { readonly kind: 'cursor'; readonly after: string | null; readonly first?: number }

/**
 * Reads `limit`, `page`, `offset` and `cursor` from the query of a request, as Express, Fastify and `URLSearchParams` give it. Names
 * that are not there stay away, so that the defaults and limits of the model hold; other names are left alone.
 *
 * `cursor` asks for a keyset page, and `cursor=` (empty) for the first one.
 *
 * @example
 * const query = parsePageQuery(request.query)
 * const page = query.kind === 'cursor'
 *   ? await prisma.post.cursorPage({ orderBy: { createdAt: 'desc' }, first: query.first, after: query.after })
 *   : await prisma.post.paginate({ page: query.page, offset: query.offset, limit: query.limit })
 *
 * @throws InvalidLimitError, InvalidOffsetError, InvalidPageError: answer them with status 400
 */
export function parsePageQuery(query: URLSearchParams | Readonly<Record<string, unknown>>): PageQuery {
  const given = (name: string) => valueOf(query, name)
  const limit = numberOf(given('limit'), (value) => new InvalidLimitError('query', 'limit', value), 1)
  const page = numberOf(given('page'), (value) => new InvalidOffsetError('query', 'page', value), 1)
  const offset = numberOf(given('offset'), (value) => new InvalidOffsetError('query', 'offset', value), 0)
  const cursor = given('cursor')
  if (cursor === undefined) {
    if (page !== undefined && offset !== undefined)
      throw new InvalidPageError('query', 'offset', 'not to be given together with page', offset)
    return { kind: 'offset', ...whole('page', page), ...whole('offset', offset), ...whole('limit', limit) }
  }
  if (typeof cursor !== 'string') throw new InvalidPageError('query', 'cursor', 'given once, as text', cursor)
  if (page !== undefined || offset !== undefined)
    throw new InvalidPageError('query', 'cursor', 'not to be given together with page or offset', cursor)
  return { kind: 'cursor', after: cursor === '' ? null : cursor, ...whole('first', limit) }
}

function valueOf(query: URLSearchParams | Readonly<Record<string, unknown>>, name: string): unknown {
  if (!(query instanceof URLSearchParams)) return Object.hasOwn(query, name) ? query[name] : undefined
  const values = query.getAll(name)
  return values.length > 1 ? values : values[0]
}

/** Digits alone: no sign, no exponent, no blanks, no `0x`. */
function numberOf(value: unknown, error: (value: unknown) => Error, least: number): number | undefined {
  if (value === undefined || value === '') return undefined
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= least && number < 2 ** 31)
    return number
  throw error(value)
}

function whole<Name extends string>(name: Name, value: number | undefined): { [N in Name]?: number } {
  return value === undefined ? {} : ({ [name]: value } as { [N in Name]: number })
}
