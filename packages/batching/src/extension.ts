import { defineExtension, mount, type BriskExtension, type Host, type Plugin } from '@prisma-brisk/core'
import { Batching } from './batching.ts'
import { resolveOptions, type BatchingOptions } from './options.ts'
import { Statistics, type BatchingStats } from './statistics.ts'

/** What `$extends(batching())` adds to the client. */
export interface BatchingClient {
  $batching: {
    /** Counters of this base client since batching was mounted; reading them costs nothing. */
    stats(): BatchingStats
  }
}

/**
 * Concurrent reads of one shape become one statement: `findUnique`, `findFirst`, `findMany` by a key, the first rows of
 * each parent, `count` and `aggregate` by a key, and identical reads of any kind. Everything else passes through
 * untouched, and every caller gets the answer it would have got alone.
 *
 * Mount it last in a chain of `$extends`. A call with nothing to merge with is sent unchanged; that costs a few microseconds.
 *
 * @example
 * const prisma = new PrismaClient({ adapter }).$extends(batching())
 * await Promise.all(conversations.map(({ id }) => prisma.message.count({ where: { conversationId: id } }))) // one statement
 *
 * @throws InvalidOptionsError (`E_INVALID_OPTIONS`) at once, naming the option, what was expected and what was given
 */
export function batching(options: BatchingOptions = {}): BriskExtension<{}, BatchingClient> {
  const plugin = batchingPlugin(options)
  return defineExtension((client) => mount(client, [plugin])) as never
}

/** The part of the pipeline that {@link batching} mounts, for `brisk()`. */
export function batchingPlugin(options: BatchingOptions = {}): Plugin {
  const resolved = resolveOptions(options)
  return {
    name: 'batching',
    middleware: (host) => new Batching(host, resolved, statisticsOf(host)).middleware,
    client: (host) => ({ $batching: { stats: () => statisticsOf(host).snapshot() } }),
  }
}

const key = Symbol('prisma-brisk.batching')
const statisticsOf = (host: Host): Statistics => host.state(key, () => new Statistics())
