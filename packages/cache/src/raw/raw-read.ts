import { AsyncLocalStorage } from 'node:async_hooks'
import type { Call } from '@prisma-brisk/core'
import type { CacheStrategy } from '../cache-strategy.ts'
import { InvalidCacheStrategyError } from '../errors.ts'
import { sqlOf } from './raw-write.ts'

/** What `Prisma.sql` makes, or a statement and its values for `$queryRawUnsafe`. */
export type RawQuery =
  | { readonly strings: readonly string[]; readonly values: readonly unknown[] }
  | readonly [sql: string, ...values: unknown[]]

/** How a raw read is to be cached. */
export interface RawRead {
  readonly strategy: CacheStrategy
  readonly models: readonly string[]
}

interface UnderWay extends RawRead {
  readonly sql: string
  taken: boolean
}

const underWay = new AsyncLocalStorage<UnderWay>()
let active = 0

/** Sends a raw query through the client's own pipeline, so that everything mounted there sees it. */
export async function runRawRead(client: object, query: RawQuery, read: RawRead): Promise<unknown> {
  const { $queryRaw, $queryRawUnsafe } = client as RawClient
  const send = isList(query)
    ? async () => await $queryRawUnsafe.apply(client, query as [string, ...unknown[]])
    : async () => await $queryRaw.call(client, query)
  active++
  try {
    return await underWay.run({ ...read, sql: sqlOf(query as never), taken: false }, send)
  } finally {
    active--
  }
}

/** The strategy of a raw call; null for any other than the one that {@link runRawRead} sends. */
export function rawReadOf(call: Call): RawRead | null {
  if (active === 0) return null
  const read = underWay.getStore()
  // Hooks of outer extensions may send statements of their own meanwhile.
  if (read === undefined || read.taken || sqlOf(call.args) !== read.sql) return null
  read.taken = true
  return read
}

interface RawClient {
  $queryRaw(query: unknown): PromiseLike<unknown>
  $queryRawUnsafe(sql: string, ...values: unknown[]): PromiseLike<unknown>
}

function isList(query: RawQuery): query is readonly [string, ...unknown[]] {
  if (Array.isArray(query)) {
    if (typeof query[0] === 'string') return true
  } else if (typeof query === 'object' && query !== null && 'strings' in query) return false
  throw new InvalidCacheStrategyError('$cache.queryRaw', 'Prisma.sql`…` or [sql, ...values]', query)
}
