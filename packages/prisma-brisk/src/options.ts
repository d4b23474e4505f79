import type { BatchingOptions } from '@prisma-brisk/batching'
import type { CacheOptions } from '@prisma-brisk/cache'
import { checkOptions, InvalidOptionsError, type MountOptions, type OptionCheck } from '@prisma-brisk/core'
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
  batching?: BatchingOptions | false
  /** Cached reads with tag invalidation; see `@prisma-brisk/cache`. */
  cache?: CacheOptions | false
  /** Limits on list reads and pages; see `@prisma-brisk/pagination`. */
  pagination?: PaginationOptions | false
  /** Slow-query log, percentiles and N+1 detection; see `@prisma-brisk/slow-query`. */
  slowQuery?: SlowQueryOptions | false
  /** Timeouts, retries and deferred writes; see `@prisma-brisk/resilience`. */
  resilience?: ResilienceOptions | false
  /**
   * Schema text, or the metadata that the `prisma-brisk` generator wrote. Default: what the generator wrote, else the
   * client's own schema.
   */
  schema?: MountOptions['schema']
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
    schema: (value, path) => {
      if (typeof value === 'string' || (typeof value === 'object' && value !== null)) return
      throw new InvalidOptionsError(path, 'schema text or generated metadata', value)
    },
  })
}
