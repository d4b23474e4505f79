import type { Prisma } from '@prisma/client/extension'
import type { ListReads } from '@prisma-brisk/core'
import type { CursorPage, CursorPageArgs } from './keyset/relay.ts'
import type { HeavyType } from './options.ts'
import type { OffsetPage, OffsetPageArgs } from './page/offset-page.ts'

/** What this package adds to the arguments of list reads. */
export interface LimitArgs {
  /** Reads all rows, without any limit, for this reason; it is noted on the call and told on `prisma-brisk:limit`. */
  unbounded?: string | undefined
}

type ListArgs<T> = Omit<Prisma.Args<T, 'findMany'>, 'take' | 'skip' | 'cursor'>
type Item<T, A, Heavy> =
  Prisma.Result<T, A, 'findMany'> extends (infer Row)[] ? Lean<T, A, Row, Heavy> : never

/** A row whose heavy columns may be missing: nothing selects them, and nothing asks for them. */
type Lean<T, A, Row, Heavy> = [Heavy] extends [never]
  ? Row
  : A extends { select: object }
    ? Row
    : Loose<Row, Exclude<HeavyFields<T, Heavy>, Kept<A>>>
type Loose<Row, Fields> = Omit<Row, Extract<keyof Row, Fields>> &
  Partial<Pick<Row, Extract<keyof Row, Fields>>>
type Kept<A> = A extends { omit: infer Omitted }
  ? { [F in keyof Omitted]: Omitted[F] extends false ? F : never }[keyof Omitted]
  : never

/** Fields of a model that hold documents or bytes, told by their types. */
type HeavyFields<T, Heavy> = T extends { [K: symbol]: { types: { payload: { scalars: infer Scalars } } } }
  ? {
      [F in keyof Scalars]: [HeavyTypeOf<Exclude<Scalars[F], null>>] extends [never]
        ? never
        : HeavyTypeOf<Exclude<Scalars[F], null>> extends Heavy
          ? F
          : never
    }[keyof Scalars]
  : never
type HeavyTypeOf<V> = [V] extends [Uint8Array] ? 'Bytes' : [string | boolean] extends [V] ? 'Json' : never

/** What `omitHeavy` leaves out, as a type. */
type HeavyOf<O> = O extends { omitHeavy: { types: readonly (infer H)[] } }
  ? H
  : O extends { omitHeavy: true }
    ? HeavyType
    : never

/** `findMany` with a reason to read all rows; its rows lack the heavy columns where `omitHeavy` says so. */
export interface LeanReads<Own, Heavy> extends Omit<ListReads<Own>, 'findMany'> {
  findMany<T, A>(
    this: T,
    args?: Prisma.Exact<A, Prisma.Args<T, 'findMany'> & Own>,
  ): Prisma.PrismaPromise<Item<T, A, Heavy>[]>
}

/** Methods of every model. `Own`: arguments of other extensions; `Heavy`: types that rows may lack. */
export interface PageMethods<Own = {}, Heavy = never> {
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
  paginate<T, A>(
    this: T,
    args?: Prisma.Exact<A, ListArgs<T> & OffsetPageArgs & Own>,
  ): Promise<OffsetPage<Item<T, A, Heavy>>>

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
  cursorPage<T, A>(
    this: T,
    args?: Prisma.Exact<A, Omit<ListArgs<T>, 'distinct'> & CursorPageArgs & Own>,
  ): Promise<CursorPage<Item<T, A, Heavy>>>
}

/** What {@link pagination} adds to every model. */
export type PaginationMethods<O, Own = {}> = ([HeavyOf<O>] extends [never]
  ? ListReads<Own & LimitArgs>
  : LeanReads<Own & LimitArgs, HeavyOf<O>>) &
  PageMethods<Own, HeavyOf<O>>
