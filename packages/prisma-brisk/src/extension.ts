import { batchingPlugin, type BatchingClient } from '@prisma-brisk/batching'
import { cachePlugin, type CacheClient, type CachedReads } from '@prisma-brisk/cache'
import { defineExtension, mount, type BriskExtension, type Plugin } from '@prisma-brisk/core'
import {
  paginationPlugin,
  type OmitHeavy,
  type OmitHeavyOption,
  type PaginationMethods,
} from '@prisma-brisk/pagination'
import { resiliencePlugin, type ResilienceClient } from '@prisma-brisk/resilience'
import { slowQueryPlugin, type QueriesClient, type SlowQueryOptions } from '@prisma-brisk/slow-query'
import { ownHub } from './own-hub.ts'
import { checkBriskOptions, type BriskOptions } from './options.ts'

/** What {@link brisk} adds to every model: arguments of Prisma's reads, and pages. `Heavy`: its option `omitHeavy`. */
export type BriskMethods<Heavy = false> = CachedReads & PaginationMethods<Heavy>

/** Members of the client. */
export type BriskClient = BatchingClient & CacheClient & QueriesClient & ResilienceClient

/**
 * The whole suite as one extension with one query hook, in the right order. Mount it last in a chain of `$extends`:
 * Prisma runs the first extension outermost, so tenant filters, soft delete and the like must stand before it.
 *
 * @example
 * const prisma = new PrismaClient({ adapter }).$extends(brisk())
 * const prisma = new PrismaClient({ adapter }).$extends(brisk({ cache: { models: { User: { ttl: 300 } } } }))
 *
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`) at once, naming the option, what was expected and what was given
 */
export function brisk<const Heavy extends OmitHeavy = false>(
  options: BriskOptions & { readonly pagination?: OmitHeavyOption<Heavy> | false | undefined } = {},
): BriskExtension<BriskMethods<Heavy>, BriskClient> {
  checkBriskOptions(options)
  const { slowQuery, pagination, resilience, cache, batching, schema, replay, live = false } = options
  const plugins: Plugin[] = [
    slowQuery === false
      ? absent('slow-query')
      : slowQueryPlugin(live === false ? slowQuery : { ...liveOptions(live), ...slowQuery }),
    pagination === false ? absent('pagination', ['unbounded']) : paginationPlugin(pagination),
    resilience === false ? absent('resilience') : resiliencePlugin(resilience),
    cache === false ? absent('cache', ['cacheStrategy']) : cachePlugin(cache),
    batching === false ? absent('batching') : batchingPlugin(batching),
  ]
  return defineExtension((client) => mount(client, plugins, { schema, replay })) as never
}

/** Under `brisk live -- <command>` its hub is there already. */
function liveOptions(live: true | { readonly pill?: boolean | undefined }): SlowQueryOptions {
  const hasHub = (process.env['BRISK_LIVE'] ?? '') !== ''
  return {
    ...(hasHub ? {} : { live: ownHub() }),
    ...(live !== true && live.pill === true ? { livePill: true } : {}),
  }
}

/** A part that is left out still keeps its arguments from Prisma, which would refuse them. */
function absent(name: string, ownArguments: readonly string[] = []): Plugin {
  return { name, ownArguments }
}
