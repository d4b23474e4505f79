import { defineExtension, mount, type Host, type Middleware, type Plugin } from '@prisma-brisk/core'

/** Mounts one middleware on a client, as a package would, and gives the client back with its own type. */
export function mountProbe<Client extends object>(
  client: Client,
  middleware: (host: Host) => Middleware,
  plugin: Partial<Plugin> = {},
): Client {
  const extension = defineExtension((base) => mount(base, [{ name: 'probe', middleware, ...plugin }]))
  return (client as unknown as { $extends(extension: unknown): Client }).$extends(extension)
}

/** A middleware that notes, after every write, how the transaction around it ends. */
export function watchOutcomes(log: string[]): (host: Host) => Middleware {
  return () => async (call, next) => {
    const result = await next(call)
    if (!call.operation.startsWith('create')) return result
    const { name } = result as { name: string }
    await call.transaction.afterCommit((outcome) => {
      log.push(`${name} ${outcome}`)
    })
    call.transaction.afterRollback(() => {
      log.push(`${name} rolledBack`)
    })
    return result
  }
}
