import { InvalidLimitError, InvalidPageError, MisalignedPageError } from '../errors.ts'

/** Arguments of `cursorPage` beside those of `findMany`. */
export interface CursorPageArgs {
  /** Rows of the page, from the start or behind `after`. Default `defaultLimit`. Not together with `last`. */
  readonly first?: number | null | undefined
  /** Rows of the page, from the end or before `before`, in the list's order. */
  readonly last?: number | null | undefined
  /** The page is behind the row of this cursor. */
  readonly after?: string | null | undefined
  /** The page is before the row of this cursor. */
  readonly before?: string | null | undefined
  /**
   * Names the filter, where it moves from page to page (`createdAt: { lte: new Date() }`). A cursor is bound to this name in
   * place of `where`, and the caller sees to it that the pages of one walk belong together.
   */
  readonly filterName?: string | undefined
}

/** What Relay calls PageInfo. */
export interface PageInfo {
  readonly hasNextPage: boolean
  readonly hasPreviousPage: boolean
  /** The cursor of the first row, for `before`; null on an empty page. */
  readonly startCursor: string | null
  /** The cursor of the last row, for `after`; null on an empty page. */
  readonly endCursor: string | null
}

/** A page of a keyset walk. */
export interface CursorPage<T> {
  readonly items: T[]
  readonly pageInfo: PageInfo
}

/** A Relay connection. */
export interface PageConnection<T> {
  readonly edges: readonly PageEdge<T>[]
  /** The nodes alone, as many schemas add them. */
  readonly nodes: readonly T[]
  readonly pageInfo: PageInfo
}

export interface PageEdge<T> {
  readonly node: T
  readonly cursor: string
}

/**
 * A page as a Relay connection. Cursors are made here, one for each row (about 5 µs each).
 *
 * @example
 * const page = await prisma.post.cursorPage({ first: 20 })
 * return toConnection(page) // { edges: [{ node, cursor }], nodes, pageInfo }
 */
export function toConnection<T>(page: CursorPage<T>): PageConnection<T> {
  const connection = connections.get(page)
  if (connection === undefined)
    throw new InvalidPageError('toConnection', 'page', 'as cursorPage() returned it, not a copy', page)
  return connection() as PageConnection<T>
}

/** What makes the connection of a page. The page itself is plain data, as React and others that send it on demand. */
const connections = new WeakMap<object, () => PageConnection<unknown>>()

export function pageWith<T>(
  items: T[],
  pageInfo: PageInfo,
  connection: () => PageConnection<unknown>,
): CursorPage<T> {
  const page = { items, pageInfo }
  connections.set(page, connection)
  return page
}

export function connectionOf(
  items: readonly unknown[],
  pageInfo: PageInfo,
  values: readonly (readonly unknown[])[],
  cursorOf: (values: readonly unknown[]) => string,
  list: string,
): PageConnection<unknown> {
  // An extension before this one has taken rows out, or put some in: which cursor is whose cannot be told.
  if (items.length !== values.length) throw new MisalignedPageError(list, values.length, items.length)
  const edges = items.map((node, index) => ({ node, cursor: cursorOf(values[index] as readonly unknown[]) }))
  return { edges, nodes: items, pageInfo }
}

/**
 * The arguments of a Relay connection field as those of `cursorPage`: `null` counts as not given, and one of `first` and `last` is required
 * where `required` says so, as GitHub's API does.
 *
 * @example
 * resolve: async (parent, args) =>
 *   toConnection(await prisma.post.cursorPage({ where: { authorId: parent.id }, ...relayArguments(args) }))
 *
 * @throws InvalidPageError, InvalidLimitError
 */
export function relayArguments(
  args: Readonly<Record<string, unknown>>,
  { required = false }: { required?: boolean } = {},
): CursorPageArgs {
  const { first, last, after, before } = args
  if (first != null && last != null)
    throw new InvalidPageError('connection', 'last', 'not to be given together with first', last)
  if (required && first == null && last == null)
    throw new InvalidPageError('connection', 'first', 'given, or last', undefined)
  return {
    ...(first == null ? {} : { first: count('first', first) }),
    ...(last == null ? {} : { last: count('last', last) }),
    ...(after == null ? {} : { after: cursor('after', after) }),
    ...(before == null ? {} : { before: cursor('before', before) }),
  }
}

function count(argument: string, value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value
  throw new InvalidLimitError('connection', argument, value, 0)
}

function cursor(argument: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw new InvalidPageError('connection', argument, 'a cursor', value)
}
