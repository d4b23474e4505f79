import { AsyncLocalStorage } from 'node:async_hooks'
import { computedCall, type Call, type Host } from '@prisma-brisk/core'
import { InvalidCacheStrategyError } from '../errors.ts'

/** The operation that a computed value is reported as. */
export const WRAP = '$cache.wrap'

/** The keys that are being computed, from the innermost outwards. */
interface UnderWay {
  readonly key: string
  readonly outer: UnderWay | undefined
}

const underWay = new AsyncLocalStorage<UnderWay>()

/**
 * What stands for a computed value as a call stands for a read.
 *
 * @param client the one that carries the cache, asked for its database's name
 * @throws InvalidCacheStrategyError
 */
export function wrappedCall(host: Host, key: unknown, run: unknown, client: () => object): Call {
  if (typeof key !== 'string' || key === '') throw new InvalidCacheStrategyError(`${WRAP}.key`, 'text', key)
  if (typeof run !== 'function') throw new InvalidCacheStrategyError(`${WRAP}.fn`, 'a function', run)
  for (let at = underWay.getStore(); at !== undefined; at = at.outer)
    // It would wait for itself.
    if (at.key === key)
      throw new InvalidCacheStrategyError(
        `${WRAP}.key`,
        'another key than the one being computed',
        Symbol('the same'),
      )
  return computedCall(host, WRAP, { key }, async (sql, values) =>
    (client() as RawClient).$queryRawUnsafe(sql, ...values),
  )
}

/** Computes the value of a key. */
export async function compute<T>(key: string, run: () => T | PromiseLike<T>): Promise<T> {
  // A Prisma call is lazy: it must be awaited within the context.
  return await underWay.run({ key, outer: underWay.getStore() }, async () => await run())
}

interface RawClient {
  $queryRawUnsafe(sql: string, ...values: readonly unknown[]): PromiseLike<unknown>
}
