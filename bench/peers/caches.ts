import { isDeepStrictEqual } from 'node:util'
import { BentoCache, bentostore } from 'bentocache'
import { memoryDriver } from 'bentocache/drivers/memory'
import { redisDriver } from 'bentocache/drivers/redis'
import { brisk } from 'prisma-brisk'
import { redisStore } from '@prisma-brisk/cache'
import { PrismaExtensionRedis } from 'prisma-extension-redis'
import type { PrismaClient } from '../../prisma/generated/postgresql/client.ts'
import type { Check, Contender, Racer } from './contender.ts'
import { installedVersion } from './installed-version.ts'

/** A cached client: reads are cached for a minute, writes are expected to be seen. */
export type CachedClient = PrismaClient

const ttl = 60
const models = { User: { ttl }, Profile: { ttl }, Conversation: { ttl }, Message: { ttl } }
const quiet = { pagination: { onMissing: 'allow', onExceeded: 'allow' }, slowQuery: { sinks: [] } } as const

const isRead = (operation: string) => /^(find|count$|aggregate$|groupBy$)/.test(operation)

/** Bentocache as its documentation tags queries: the model is the tag, a write deletes it. */
function aroundPrisma(
  client: PrismaClient,
  bento: BentoCache<{ main: ReturnType<typeof bentostore> }>,
): CachedClient {
  return client.$extends({
    query: {
      $allModels: {
        async $allOperations({ model, operation, args, query }) {
          if (isRead(operation)) {
            return bento.getOrSet({
              key: `${model}.${operation}.${JSON.stringify(args)}`,
              ttl: ttl * 1000,
              tags: [model],
              factory: () => query(args),
            })
          }
          const result = await query(args)
          await bento.deleteByTag({ tags: [model] })
          return result
        },
      },
    },
  }) as unknown as CachedClient
}

export const caches: Contender<CachedClient>[] = [
  {
    name: 'prisma-brisk (memory)',
    version: installedVersion('prisma-brisk'),
    mount: ({ client }) => client.$extends(brisk({ ...quiet, cache: { models } })) as unknown as CachedClient,
  },
  {
    name: 'prisma-brisk (Redis)',
    version: installedVersion('prisma-brisk'),
    mount: ({ client, redis }) =>
      client.$extends(
        brisk({ ...quiet, cache: { models, store: redisStore(redis) } }),
      ) as unknown as CachedClient,
  },
  {
    name: 'prisma-extension-redis (defaults)',
    version: installedVersion('prisma-extension-redis'),
    mount: ({ client, redis }) =>
      client.$extends(
        PrismaExtensionRedis({
          config: { type: 'STRING', ttl, stale: 0, auto: true },
          client: redis as never,
        }),
      ) as unknown as CachedClient,
  },
  {
    name: 'prisma-extension-redis (invalidateOnWrite)',
    version: installedVersion('prisma-extension-redis'),
    mount: ({ client, redis }) =>
      client.$extends(
        PrismaExtensionRedis({
          config: { type: 'STRING', ttl, stale: 0, auto: { invalidateOnWrite: true, ttl } },
          client: redis as never,
        }),
      ) as unknown as CachedClient,
  },
  {
    name: 'bentocache around Prisma (memory)',
    version: installedVersion('bentocache'),
    mount: ({ client }) =>
      aroundPrisma(
        client,
        new BentoCache({
          default: 'main',
          stores: { main: bentostore().useL1Layer(memoryDriver({})) },
        }),
      ),
  },
  {
    name: 'bentocache around Prisma (memory, serialize: false)',
    version: installedVersion('bentocache'),
    mount: ({ client }) =>
      aroundPrisma(
        client,
        new BentoCache({
          default: 'main',
          stores: { main: bentostore().useL1Layer(memoryDriver({ serialize: false })) },
        }),
      ),
  },
  {
    name: 'bentocache around Prisma (Redis)',
    version: installedVersion('bentocache'),
    mount: ({ client, redis }) =>
      aroundPrisma(
        client,
        new BentoCache({
          default: 'main',
          stores: { main: bentostore().useL2Layer(redisDriver({ connection: redis })) },
        }),
      ),
  },
]

const profile = (prisma: CachedClient) => prisma.profile.findUnique({ where: { userId: 1 } })
const user = (prisma: CachedClient, id = 1) => prisma.user.findUnique({ where: { id } })

export const cacheChecks: Check<CachedClient>[] = [
  {
    id: 'C6',
    says: 'a write is seen by the next read',
    holds: async (prisma) => {
      await user(prisma)
      await prisma.user.update({ where: { id: 1 }, data: { name: 'new' } })
      return (await user(prisma))?.name === 'new'
    },
  },
  {
    id: 'C10',
    says: 'a read inside a transaction sees what the transaction wrote',
    holds: async (prisma) => {
      await user(prisma)
      const seen = await prisma.$transaction(async (tx) => {
        await tx.user.updateMany({ where: { id: 1 }, data: { name: 'new' } })
        return tx.user.findUnique({ where: { id: 1 } })
      })
      return seen?.name === 'new'
    },
  },
  {
    id: 'C11',
    says: 'what a transaction rolled back is never served',
    holds: async (prisma) => {
      await prisma
        .$transaction(async (tx) => {
          await tx.user.update({ where: { id: 1 }, data: { name: 'never' } })
          await tx.user.findUnique({ where: { id: 1 } })
          throw new Error('no')
        })
        .catch(() => undefined)
      return (await user(prisma))?.name === 'user 1'
    },
  },
  {
    id: 'C15',
    says: 'a cached include is fresh after a write to the included model',
    holds: async (prisma) => {
      const read = () => prisma.user.findUnique({ where: { id: 1 }, include: { profile: true } })
      await read()
      await prisma.profile.update({ where: { userId: 1 }, data: { displayName: 'new' } })
      return (await read())?.profile?.displayName === 'new'
    },
  },
  {
    id: 'C16',
    says: 'a nested write is seen by reads of the nested model',
    holds: async (prisma) => {
      await profile(prisma)
      await prisma.user.update({ where: { id: 1 }, data: { profile: { update: { displayName: 'new' } } } })
      return (await profile(prisma))?.displayName === 'new'
    },
  },
  {
    id: 'C17',
    says: 'rows that a delete cascaded to are gone from the cache',
    holds: async (prisma) => {
      await profile(prisma)
      await prisma.user.delete({ where: { id: 1 } })
      return (await profile(prisma)) === null
    },
  },
  {
    id: 'C18',
    says: 'updateMany is seen',
    holds: async (prisma) => {
      await user(prisma)
      await prisma.user.updateMany({ where: { id: 1 }, data: { name: 'new' } })
      return (await user(prisma))?.name === 'new'
    },
  },
  {
    id: 'C20',
    says: 'a write to another row leaves a row cached',
    holds: async (prisma, { log }) => {
      await user(prisma)
      await prisma.user.update({ where: { id: 2 }, data: { name: 'new' } })
      log.clear()
      await user(prisma)
      return log.statements.length === 0
    },
  },
  {
    id: 'C24',
    says: '1,000 concurrent misses are one statement',
    holds: async (prisma, { log }) => {
      await Promise.all(
        Array.from({ length: 1000 }, () => prisma.user.findFirst({ where: { name: 'user 7' } })),
      )
      return log.statements.length === 1
    },
  },
  {
    id: 'C29',
    says: 'a hit equals a miss: Date, Decimal, Bytes, Json',
    holds: async (prisma) => {
      const read = () => prisma.user.findUnique({ where: { id: 1 }, include: { profile: true } })
      const [miss, hit] = [await read(), await read()]
      return isDeepStrictEqual(hit, miss)
    },
  },
  {
    id: 'C30',
    says: 'changing a hit leaves the next hit as it was',
    holds: async (prisma) => {
      await user(prisma)
      const hit = await user(prisma)
      if (hit !== null) hit.name = 'changed by the caller'
      return (await user(prisma))?.name === 'user 1'
    },
  },
]

/** Reads one cached row again and again; the race of caches. */
export async function warmReads(prisma: CachedClient): Promise<Racer> {
  await user(prisma)
  return async (times) => {
    for (let index = 0; index < times; index++) await user(prisma)
  }
}
