/** A process that writes through the cache and is killed by SIGKILL at one exact point; see strict.test.ts. */
import { cache, redisStore } from '@prisma-brisk/cache'
import { PrismaPg } from '@prisma/adapter-pg'
import type { SqlDriverAdapter, SqlDriverAdapterFactory, SqlQueryable } from '@prisma/driver-adapter-utils'
import { Redis } from 'ioredis'
import { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'

export interface DyingWriter {
  readonly database: string
  readonly redis: string
  readonly namespace: string
  readonly strict: { lifetime: number } | false
  /** `update`: one statement, committed by itself; the others in an interactive transaction. */
  readonly dies: 'after update' | 'before COMMIT' | 'after COMMIT'
  /** For so many milliseconds its event loop stands still before the statement at that point. */
  readonly stall: number
}

const plan = JSON.parse(process.argv[2] as string) as DyingWriter
const [when, point] = plan.dies.split(' ') as ['before' | 'after', 'update' | 'COMMIT']

const die = (): void => void process.kill(process.pid, 'SIGKILL')

/** The driver, real but for its end. */
function mortal<T extends SqlQueryable>(queryable: T, own: Partial<T> = {}): T {
  const dying =
    (send: (query: { sql: string }) => Promise<unknown>) =>
    async (query: { sql: string }): Promise<unknown> => {
      const isPoint = query.sql.toUpperCase().startsWith(point.toUpperCase())
      if (isPoint && plan.stall > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, plan.stall)
      if (isPoint && when === 'before') die()
      const result = await send(query)
      if (isPoint) die()
      return result
    }
  return new Proxy(queryable, {
    get(target, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof T]
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      const bound = value.bind(target) as (query: { sql: string }) => Promise<unknown>
      return name === 'executeRaw' || name === 'queryRaw' ? dying(bound) : bound
    },
  })
}

const factory: SqlDriverAdapterFactory = new PrismaPg({ connectionString: plan.database })
const connect = factory.connect.bind(factory)
factory.connect = async (): Promise<SqlDriverAdapter> => {
  const adapter = await connect()
  return mortal(adapter, {
    startTransaction: async (level) => mortal(await adapter.startTransaction(level)),
  })
}

const { namespace, strict } = plan
const prisma = new PrismaClient({ adapter: factory }).$extends(
  cache({
    store: redisStore(new Redis(plan.redis)),
    namespace,
    database: 'same',
    strict,
    writeTimeout: 10_000,
  }),
)
const write = { where: { id: 1 }, data: { name: 'Committed' } }
if (point === 'update') await prisma.user.update(write)
else await prisma.$transaction((tx) => tx.user.update(write))
throw new Error('It should have died.')
