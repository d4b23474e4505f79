import { defineExtension, mount, type BriskExtension, type Plugin } from '@prisma-brisk/core'
import { resolveOptions, type SlowQueryOptions } from './options.ts'
import { queriesOf, type QueriesClient } from './queries.ts'
import { MountedRecorder } from './recorder/mounted-recorder.ts'

/** The plugin that {@link slowQuery} mounts; for `brisk()`, which mounts several in one pipeline. */
export function slowQueryPlugin(options: SlowQueryOptions = {}): Plugin {
  const resolved = resolveOptions(options)
  return {
    name: 'slow-query',
    middleware: (host) => new MountedRecorder(host, resolved).middleware,
    client: (host) => ({ $queries: queriesOf(host) }),
  }
}

/**
 * Times every operation, and logs those over a threshold with their SQL, rows and call site.
 *
 * @throws InvalidOptionsError
 * @example
 * const prisma = new PrismaClient({ adapter }).$extends(slowQuery({ threshold: 50 }))
 * console.table(prisma.$queries.stats())
 */
export function slowQuery(options: SlowQueryOptions = {}): BriskExtension<{}, QueriesClient> {
  const plugin = slowQueryPlugin(options)
  return defineExtension((client) => mount(client, [plugin])) as never
}
