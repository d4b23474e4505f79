import type { Prisma } from '@prisma/client/extension'
import type { OperationPayload, Types } from '@prisma/client/runtime/client'

type ReadOperation =
  | 'findUnique'
  | 'findUniqueOrThrow'
  | 'findFirst'
  | 'findFirstOrThrow'
  | 'findMany'
  | 'groupBy'
  | 'count'
  | 'aggregate'

/**
 * The reads of a model, with the arguments that extensions of the suite add. Prisma keeps one declaration of a method,
 * that of the extension mounted last; so it takes the arguments of all of them, which it finds on the model itself.
 */
export interface ModelReads {
  findMany: OptionalRead<'findMany'>
  groupBy: RequiredRead<'groupBy'>
  findUnique: RequiredRead<'findUnique'>
  findUniqueOrThrow: RequiredRead<'findUniqueOrThrow'>
  findFirst: OptionalRead<'findFirst'>
  findFirstOrThrow: OptionalRead<'findFirstOrThrow'>
  count: OptionalRead<'count'>
  aggregate: RequiredRead<'aggregate'>
}

// Interfaces with names, and few parameters: a compiler that writes declarations spells out every method of every model.

/** A read that can be called without arguments. */
export interface OptionalRead<O extends ReadOperation> {
  <T, A>(this: T, args?: Prisma.Exact<A, Prisma.Args<T, O> & OwnArguments<T>>): ReadResult<T, A, O>
}

/** A read that needs arguments. */
export interface RequiredRead<O extends ReadOperation> {
  <T, A>(this: T, args: Prisma.Exact<A, Prisma.Args<T, O> & OwnArguments<T>>): ReadResult<T, A, O>
}

/**
 * What an extension leaves on a model for the reads to find; it exists for the compiler alone. Each extension has a key
 * of its own, `' own:<name>'`: no editor offers a name that begins with a space.
 *
 * @example
 * interface Methods extends ModelReads { ' own:cache': AddedArguments<CacheArgs> }
 */
export interface AddedArguments<Own> {
  // A parameter: a union of these is inferred to the intersection of what they take.
  (own: Own): void
}

/** The arguments that the extensions of a model `T` add. */
export type OwnArguments<T> = [T[Extract<keyof T, ` own:${string}`>]] extends [(own: infer Own) => void]
  ? Own
  : never

/** What a read answers: what an extended client without the suite does. */
export type ReadResult<T, A, O extends ReadOperation> = Promised<
  T,
  O extends 'findMany' ? ListRow<T, A>[] : Result<T, A, O>
> &
  (O extends SingleRow ? Fluent<T, O> : unknown)

/** Prisma's lazy promise, with the members that `' promise'` of the model adds. */
type Promised<T, Data> = Prisma.PrismaPromise<Data> &
  (T extends { ' promise': infer Added extends PromiseMembers }
    ? (Added & { readonly data: Data })['members']
    : unknown)

export type PrismaPromise<T> = Prisma.PrismaPromise<T>

/**
 * Members that an extension adds to the promise of every read, beside `' promise'` of the model. They name what the
 * promise gives as `this['data']`.
 */
export interface PromiseMembers {
  readonly data: unknown
  readonly members: unknown
}

/** A row of a list of `T` read with `A`. Its heavy columns may be missing where `' lacks'` of the model says so. */
export type ListRow<T, A> = T extends { ' lacks': infer Heavy }
  ? Lean<T, A, Result<T, A, 'findUniqueOrThrow'>, Heavy>
  : Result<T, A, 'findUniqueOrThrow'>

type SingleRow = 'findUnique' | 'findUniqueOrThrow' | 'findFirst' | 'findFirstOrThrow'

/**
 * Prisma's own type of the same name forgets the client's option `omit`. `never` for a `this` that nobody knows: the
 * compiler compares a client with a helper's own interface so, and Prisma's methods do fit there.
 */
type Result<T, A, O extends ReadOperation> = T extends { [K: symbol]: { types: { payload: infer Payload } } }
  ? Types.Result.GetResult<Extract<Payload, OperationPayload>, A, O, OmitOf<T>>
  : never

/** The client's option `omit`. Where a project has several copies of `@prisma/client`, it cannot be told. */
type OmitOf<T> =
  T extends Types.Extensions.DynamicModelExtensionThis<infer TypeMap, infer M extends PropertyKey, infer _>
    ? PropertyKey extends M
      ? {}
      : TypeMap['globalOmitOptions']
    : {}

/** The fluent relations of a single-row read: `prisma.user.findUnique(…).posts()`. */
export type Fluent<T, O extends SingleRow> = T extends {
  [K: symbol]: { types: { payload: { objects: infer Objects } } }
}
  ? {
      [K in keyof Objects]: <A>(
        args?: Prisma.Exact<A, SelectionOf<T, O, K>>,
      ) => Prisma.PrismaPromise<
        RelationOf<Result<T, { select: { [X in K]: A extends object ? A : true } }, O>, K>
      >
    }
  : unknown

type SelectionOf<T, O extends SingleRow, K> =
  Prisma.Args<T, O> extends { select?: infer S }
    ? K extends keyof NonNullable<S>
      ? Exclude<NonNullable<S>[K], boolean | null | undefined>
      : never
    : never

type RelationOf<R, K> = K extends keyof NonNullable<R>
  ? NonNullable<R>[K] | (null extends R ? null : never)
  : never

/** A row whose heavy columns may be missing: nothing selects them, and nothing asks for them. */
type Lean<T, A, Row, Heavy> = A extends { select: object }
  ? Row
  : Loose<Row, Exclude<HeavyFields<T, Heavy> | NamedFields<T, Heavy>, Kept<A>>>
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

/** Fields that `Heavy` names for the model: `{ Message: 'body' }`. */
type NamedFields<T, Heavy> = T extends { [K: symbol]: { types: { payload: { name: infer Name } } } }
  ? Extract<Heavy, object> extends infer Named
    ? Name extends keyof Named
      ? Named[Name]
      : never
    : never
  : never
type HeavyTypeOf<V> = [V] extends [Uint8Array] ? 'Bytes' : [string | boolean] extends [V] ? 'Json' : never
