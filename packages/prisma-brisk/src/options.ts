import type { BatchingOptions } from '@prisma-brisk/batching'
import type { CacheOptions } from '@prisma-brisk/cache'
import {
  boolean,
  checkOptions,
  InvalidOptionsError,
  type MountOptions,
  type OptionCheck,
} from '@prisma-brisk/core'
import type { PaginationOptions } from '@prisma-brisk/pagination'
import type { ResilienceOptions } from '@prisma-brisk/resilience'
import type { SlowQueryOptions } from '@prisma-brisk/slow-query'

/**
 * What {@link brisk} mounts: each part takes its own options, or `false` to leave it out. Everything is on by
 * default; resilience without retries, batching without merged writes, the cache for calls and models
 * that ask for it.
 */
export interface BriskOptions {
  /** Merged reads; see `@prisma-brisk/batching`. */
  readonly batching?: BatchingOptions | false | undefined
  /** Cached reads with tag invalidation; see `@prisma-brisk/cache`. */
  readonly cache?: CacheOptions | false | undefined
  /** Limits on list reads and pages; see `@prisma-brisk/pagination`. */
  readonly pagination?: PaginationOptions | false | undefined
  /** Slow-query log, percentiles and N+1 detection; see `@prisma-brisk/slow-query`. */
  readonly slowQuery?: SlowQueryOptions | false | undefined
  /** Timeouts, retries and deferred writes; see `@prisma-brisk/resilience`. */
  readonly resilience?: ResilienceOptions | false | undefined
  /**
   * Schema text, or the metadata that the `prisma-brisk` generator wrote. Default: what the generator wrote, else the
   * client's own schema.
   */
  readonly schema?: MountOptions['schema'] | undefined
  /**
   * Whether reads that Prisma has planned before go to the driver directly. Default true, where nobody would see it: not for
   * clients that listen to queries, comment their statements or record Prisma's spans, and not with `schema`. `BRISK_REPLAY=off`
   * in the environment switches it off as well, for packages mounted alone too.
   */
  readonly replay?: boolean | undefined
  /**
   * Serves from this process what every request does, for development; needs `@prisma-brisk/live`. Default false: under
   * `brisk live -- <command>` it is served without, by that command. `{ pill: true }`: pages of HTML get a small link to what is shown of
   * their request, see `slowQuery.livePill`. Without effect under `NODE_ENV=production`.
   */
  readonly live?: boolean | { readonly pill?: boolean | undefined } | undefined
}

const part: OptionCheck = (value, path) => {
  if (value === false || (typeof value === 'object' && value !== null && !Array.isArray(value))) return
  throw new InvalidOptionsError(path, 'an object of options, or false', value)
}

/** Checks the names of the parts; each part then checks its own options. */
export function checkBriskOptions(options: BriskOptions): void {
  checkOptions('brisk', options, {
    batching: part,
    cache: part,
    pagination: part,
    slowQuery: part,
    resilience: part,
    replay: boolean,
    live: (value, path) => {
      if (typeof value === 'boolean') return
      if (typeof value !== 'object' || value === null)
        throw new InvalidOptionsError(path, 'true, false or { pill }', value)
      checkOptions(path, value, { pill: boolean })
    },
    schema: (value, path) => {
      if (typeof value === 'string' || (typeof value === 'object' && value !== null)) return
      throw new InvalidOptionsError(path, 'schema text or generated metadata', value)
    },
  })
}
