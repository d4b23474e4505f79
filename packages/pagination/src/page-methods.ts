import type { Prisma } from '@prisma/client/extension'
import type { AddedArguments, ListRow, ModelReads, OwnArguments } from '@prisma-brisk/core'
import type { CursorPage, CursorPageArgs } from './keyset/relay.ts'
import type { IterateArgs } from './keyset/row-walk.ts'
import type { HeavyColumns, HeavyType } from './options.ts'
import type { OffsetPage, OffsetPageArgs } from './page/offset-page.ts'

/** What this package adds to the arguments of reads. */
export interface LimitArgs {
  /** Reads all rows, without any limit, for this reason; it is noted on the call and told on `prisma-brisk:limit`. */
  readonly unbounded?: string | undefined
}

/** Pages of every model. */
export interface PageMethods {
  /**
   * A page by number, with the total where it is wanted. Any argument of `findMany` but `take`, `skip` and `cursor` holds; a unique
   * tiebreaker is appended to `orderBy` where it is missing. Costs one statement, and one more where the page does not show the
   * total by itself.
   *
   * @example
   * const { items, pagination } = await prisma.post.paginate({ where: { published: true }, page: 3, limit: 50 })
   *
   * @throws InvalidPageError, InvalidLimitError, InvalidOffsetError, LimitExceededError, OffsetTooDeepError before anything is sent
   */
  paginate: Paginate

  /**
   * A page behind or before a cursor, at the same cost at every depth. Any argument of `findMany` but `take`, `skip`, `cursor` and
   * `distinct` holds; a unique tiebreaker is appended to `orderBy` where it is missing.
   *
   * Wants an index on the columns of `orderBy`, tiebreaker included. Costs one statement, and one more where the cursor's row is
   * gone, or where the page reaches from rows with a value to rows without one.
   *
   * @example
   * const { items, pageInfo } = await prisma.post.cursorPage({ orderBy: { createdAt: 'desc' }, first: 20, after })
   *
   * @throws InvalidCursorError, CursorMismatchError, CursorExpiredError, UnsupportedOrderError, InvalidPageError, InvalidLimitError,
   * LimitExceededError before anything is sent
   */
  cursorPage: CursorPaging

  /**
   * All rows of a list, one after another, read in keyset pages: bounded memory, the same cost at every depth. Any argument of
   * `findMany` but `take`, `skip`, `cursor` and `distinct` holds; a unique tiebreaker is appended to `orderBy` where it is missing.
   *
   * The list is read as it is at each page: a row that is written meanwhile comes if its place is still ahead, one that is moved by
   * a write may come twice or not at all. Where that matters, order by what does not change, or iterate in a `RepeatableRead`
   * transaction. Wants an index on the columns of `orderBy`, tiebreaker included.
   *
   * @example
   * for await (const post of prisma.post.iterate({ where: { published: true }, orderBy: { createdAt: 'asc' }, batch: 200 }))
   *   await search.index(post)
   *
   * @throws InvalidPageError, InvalidLimitError, LimitExceededError, UnsupportedOrderError at once
   */
  iterate: Iterate
}

type ListArgs<T> = Omit<Prisma.Args<T, 'findMany'>, 'take' | 'skip' | 'cursor'> & OwnArguments<T>

/** `paginate`; see {@link PageMethods}. */
export interface Paginate {
  <T, A>(this: T, args?: Prisma.Exact<A, ListArgs<T> & OffsetPageArgs>): Promise<OffsetPage<ListRow<T, A>>>
}

/** `cursorPage`; see {@link PageMethods}. */
export interface CursorPaging {
  <T, A>(
    this: T,
    args?: Prisma.Exact<A, Omit<ListArgs<T>, 'distinct'> & CursorPageArgs>,
  ): Promise<CursorPage<ListRow<T, A>>>
}

/** `iterate`; see {@link PageMethods}. */
export interface Iterate {
  <T, A>(
    this: T,
    args?: Prisma.Exact<A, Omit<ListArgs<T>, 'distinct'> & IterateArgs>,
  ): AsyncGenerator<ListRow<T, A>, void, void>
}

/** What {@link pagination} adds to every model: pages, and reads that take {@link LimitArgs}. */
export interface LimitedReads extends ModelReads, PageMethods {
  ' own:pagination': AddedArguments<LimitArgs>
}

/** The same with the option `omitHeavy`: rows of lists may lack the columns of `Heavy`: types, and `{ Model: field }`. */
export interface LeanReads<Heavy> extends LimitedReads {
  ' lacks': Heavy
}

/** What {@link pagination} adds to every model, by its option `omitHeavy`; as without it where its value is not known. */
export type PaginationMethods<Heavy = false> = [Heavy] extends [true]
  ? LeanReads<HeavyType>
  : [Heavy] extends [HeavyColumns]
    ? LeanReads<TypesIn<Heavy> | NamedIn<Heavy>>
    : LimitedReads

type TypesIn<Heavy> = Heavy extends { readonly types: readonly (infer Types)[] } ? Types : never

/** `{ Message: 'body' }` */
type NamedIn<Heavy> = Heavy extends { readonly fields: infer Fields }
  ? { [Model in keyof Fields]: Fields[Model] extends readonly (infer Field)[] ? Field : never }
  : never
