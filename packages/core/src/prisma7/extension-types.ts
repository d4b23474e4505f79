import type { Prisma } from '@prisma/client/extension'

type Operation =
  | 'findUnique'
  | 'findUniqueOrThrow'
  | 'findFirst'
  | 'findFirstOrThrow'
  | 'findMany'
  | 'groupBy'
  | 'count'
  | 'aggregate'

/**
 * What `$extends` takes, typed without running anything: `M` are methods of every model, `C` members of the
 * client. Declaring types this way, and adding arguments by types alone, costs a 120-model schema about 10k
 * instantiated types, where inline `$allModels.$allOperations` callbacks cost 35k; and overriding methods at run
 * time would make later extensions run them again and again.
 */
export interface BriskExtension<M = {}, C = {}> {
  // Prisma's own `defineExtension` accepts any client here; a narrower type would refuse extended ones.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  (client: any): {
    $extends: {
      extArgs: {
        result: {}
        model: { $allModels: { [K in keyof M]: () => M[K] } }
        query: {}
        client: { [K in keyof C]: () => C[K] }
      }
    }
  }
}

/** The fluent relations of a single-row read: `prisma.user.findUnique(…).posts()`. */
export type Fluent<T, O extends Operation> = T extends {
  [K: symbol]: { types: { payload: { objects: infer Objects } } }
}
  ? {
      [K in keyof Objects]: <A>(
        args?: Prisma.Exact<A, SelectionOf<T, O, K>>,
      ) => Prisma.PrismaPromise<
        RelationOf<Prisma.Result<T, { select: { [X in K]: A extends object ? A : true } }, O>, K>
      >
    }
  : unknown

type SelectionOf<T, O extends Operation, K> =
  Prisma.Args<T, O> extends { select?: infer S }
    ? K extends keyof NonNullable<S>
      ? Exclude<NonNullable<S>[K], boolean | null | undefined>
      : never
    : never

type RelationOf<R, K> = K extends keyof NonNullable<R>
  ? NonNullable<R>[K] | (null extends R ? null : never)
  : never

/** Prisma's arguments for an operation, widened by ours. */
type Widened<T, O extends Operation, A, Own> = Prisma.Exact<A, Prisma.Args<T, O> & Own>

/** The reads of a model whose result can hold many rows, with our own arguments `Own` added. */
export interface ListReads<Own> {
  findMany<T, A>(
    this: T,
    args?: Widened<T, 'findMany', A, Own>,
  ): Prisma.PrismaPromise<Prisma.Result<T, A, 'findMany'>>
  groupBy<T, A>(
    this: T,
    args: Widened<T, 'groupBy', A, Own>,
  ): Prisma.PrismaPromise<Prisma.Result<T, A, 'groupBy'>>
}

/** The reads of a model that give one row or one value, with our own arguments `Own` added. */
export interface SingleReads<Own> {
  findUnique<T, A>(
    this: T,
    args: Widened<T, 'findUnique', A, Own>,
  ): Prisma.PrismaPromise<Prisma.Result<T, A, 'findUnique'>> & Fluent<T, 'findUnique'>
  findUniqueOrThrow<T, A>(
    this: T,
    args: Widened<T, 'findUniqueOrThrow', A, Own>,
  ): Prisma.PrismaPromise<Prisma.Result<T, A, 'findUniqueOrThrow'>> & Fluent<T, 'findUniqueOrThrow'>
  findFirst<T, A>(
    this: T,
    args?: Widened<T, 'findFirst', A, Own>,
  ): Prisma.PrismaPromise<Prisma.Result<T, A, 'findFirst'>> & Fluent<T, 'findFirst'>
  findFirstOrThrow<T, A>(
    this: T,
    args?: Widened<T, 'findFirstOrThrow', A, Own>,
  ): Prisma.PrismaPromise<Prisma.Result<T, A, 'findFirstOrThrow'>> & Fluent<T, 'findFirstOrThrow'>
  count<T, A>(this: T, args?: Widened<T, 'count', A, Own>): Prisma.PrismaPromise<Prisma.Result<T, A, 'count'>>
  aggregate<T, A>(
    this: T,
    args: Widened<T, 'aggregate', A, Own>,
  ): Prisma.PrismaPromise<Prisma.Result<T, A, 'aggregate'>>
}
