import type { Types } from '@prisma/client/runtime/client'

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

/**
 * The type of `client.$extends(extension)`, by name: for an annotation where the compiler would have to spell that type
 * out, such as an exported client in a project with `declaration` or `composite`.
 *
 * @example
 * export const prisma: ExtendedClient<typeof base, ReturnType<typeof brisk>> = base.$extends(brisk())
 */
export type ExtendedClient<Client, Extension> = Client extends {
  $extends: Types.Extensions.ExtendsHook<'extends', infer TypeMapCb, infer Before, infer TypeMap>
}
  ? Extension extends (client: never) => { $extends: { extArgs: infer Own extends object } }
    ? ClientOf<TypeMapCb, Types.Extensions.MergeExtArgs<TypeMap, Before, Own>>
    : never
  : never

type ClientOf<
  TypeMapCb extends Types.Extensions.TypeMapCbDef,
  All extends Record<string, unknown>,
> = Types.Extensions.DynamicClientExtensionThis<Types.Utils.Call<TypeMapCb, { extArgs: All }>, TypeMapCb, All>

/**
 * An extended client that is accepted wherever code says `PrismaClient`, `Omit<PrismaClient, …>`, `Prisma.TransactionClient` or
 * `Prisma.UserDelegate`. Prisma gives every client with an extension, even an empty one, a type that is not: this one has
 * the members of both. What it is at run time stays the same, so `$on` is `never`: extended clients have none.
 *
 * @example
 * const extended = new PrismaClient({ adapter }).$extends(brisk())
 * export const prisma = extended as unknown as InterchangeableClient<PrismaClient, typeof extended>
 */
export type InterchangeableClient<Plain, Extended> = {
  readonly $on: never
  $transaction<Result>(
    run: (tx: InterchangeableTransaction<Plain, Extended>) => Promise<Result>,
    options?: { maxWait?: number; timeout?: number; isolationLevel?: IsolationLevelOf<Plain> },
  ): Promise<Result>
} & Extended &
  Plain

/** What a transaction of such a client hands out: what those of a plain client do, and the suite's. */
export type InterchangeableTransaction<Plain, Extended> = Pick<
  InterchangeableClient<Plain, Extended>,
  (keyof TransactionOf<Plain> | keyof TransactionOf<Extended>) & keyof InterchangeableClient<Plain, Extended>
>

/** What an interactive transaction of a client hands out. */
export type TransactionOf<Client> = Client extends {
  $transaction(run: (tx: infer Transaction) => Promise<unknown>, ...options: never): unknown
}
  ? Transaction
  : never

type IsolationLevelOf<Client> = Client extends {
  $transaction(run: never, options?: { isolationLevel?: infer Level }): unknown
}
  ? Level
  : never
