import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { DriverTap } from '@prisma-brisk/core'
import { brisk } from 'prisma-brisk'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase } from '../../support/databases.ts'

/**
 * Extends one base client for each request, as tenants are told apart, with everything on, and prints one line of JSON:
 * how many of the clients, and how many listeners, are left. A process of its own: to collect garbage takes as
 * long as everything that is alive in it.
 */

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const requests = Number(process.argv[2] ?? 300)

const database = await createDatabase('sqlite')
try {
  const base = database.createClient()
  // Before the client connects.
  base.$extends(brisk())
  await base.user.create({ data: { id: 1, email: 'u', name: 'u', messages: {} } })

  async function request(id: number, isBrisk: boolean): Promise<WeakRef<object>> {
    const tenant = base.$extends({
      name: `tenant ${id}`,
      query: { $allModels: { $allOperations: ({ args, query }) => query(args) } },
    })
    const client = (isBrisk
      ? tenant.$extends(
          brisk({
            cache: { scope: () => String(id % 3) },
            pagination: { maxDriverRows: 1000 },
            resilience: { timeout: 5000, retry: { attempts: 2 } },
            slowQuery: { threshold: 60_000 },
          }),
        )
      : tenant) as unknown as PrismaClient
    await client.user.findMany({ include: { messages: true } })
    await client.user.update({ where: { id: 1 }, data: { name: 'u' }, include: { messages: true } })
    const cached: object = isBrisk ? { cacheStrategy: { ttl: 60 } } : {}
    await client.user.findMany({ where: { id: 1 }, ...cached })
    return new WeakRef(client)
  }

  async function run(isBrisk: boolean) {
    const clients: WeakRef<object>[] = []
    for (let id = 0; id < requests; id++) clients.push(await request(id, isBrisk))
    for (let turn = 0; turn < 4; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      collect()
    }
    // The last one may be held by what this function has on its stack.
    const held = clients.slice(0, -1).filter((client) => client.deref() !== undefined).length
    return { held, listeners: listeners() }
  }

  /** How many listen at the driver. */
  function listeners(): number {
    const { adapter } = (base as unknown as { _engineConfig: { adapter: never } })._engineConfig
    return (DriverTap.on(adapter) as unknown as { listeners: { all: unknown[] } }).listeners.all.length
  }

  const plain = await run(false)
  const extended = [await run(true), await run(true)]
  console.log(JSON.stringify({ plain, extended }))
} finally {
  await database.drop()
}
