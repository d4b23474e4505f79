import {
  cache,
  memoryStore,
  redisStore,
  tieredStore,
  type CacheOptions,
  type CacheStore,
} from '@prisma-brisk/cache'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { Redis } from 'ioredis'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import { redisUrl } from '../../support/servers.ts'
import type { StatementLog } from '../../support/statements.ts'

/** A plain client with the demo tables, its statements on record, and gates to hold statements back. */
export interface Bench {
  readonly database: TestDatabase<PrismaClient>
  readonly base: PrismaClient
  readonly log: StatementLog
  /** Holds back the answer to the next statement that matches, which the database has already given, until it is opened. */
  hold(pattern: RegExp): Gate
  /** Lets the next statement that matches fail. */
  fail(pattern: RegExp, error: unknown): void
  /** An empty database and a new base client, so that nothing is shared with the test before. */
  clear(): Promise<void>
  close(): Promise<void>
}

export interface Gate {
  /** Resolves when the statement has arrived. */
  readonly reached: Promise<void>
  open(): void
}

export async function openBench(): Promise<Bench> {
  const database = await createDatabase('postgresql')
  const gates = new Set<{ pattern: RegExp; arrive: () => void; opened: Promise<void> }>()
  const failures: { pattern: RegExp; error: unknown }[] = []
  const answered = async (sql: string): Promise<void> => {
    for (const gate of gates) {
      if (!gate.pattern.test(sql)) continue
      gates.delete(gate)
      gate.arrive()
      return gate.opened
    }
  }
  const open = () =>
    database.createRecordedClient({
      adapter: holdAnswers(database.adapter({ connections: 4 }), answered),
      before: ({ sql }) => {
        const failure = failures.findIndex(({ pattern }) => pattern.test(sql))
        if (failure >= 0) throw failures.splice(failure, 1)[0]?.error
      },
    })
  let current = open()
  return {
    database,
    get base() {
      return current.client
    },
    get log() {
      return current.log
    },
    hold(pattern) {
      let arrive = (): void => undefined
      let open = (): void => undefined
      const reached = new Promise<void>((resolve) => (arrive = resolve))
      const opened = new Promise<void>((resolve) => (open = resolve))
      gates.add({ pattern, arrive, opened })
      return { reached, open }
    },
    fail: (pattern, error) => void failures.push({ pattern, error }),
    clear: async () => {
      gates.clear()
      failures.length = 0
      await current.client.$disconnect()
      current = open()
      await current.client.$executeRawUnsafe(
        'TRUNCATE "User", "Tag", "Exercise", "Workshop" RESTART IDENTITY CASCADE',
      )
      current.log.clear()
    },
    close: () => database.drop(),
  }
}

/** The driver with every answer of a query held until `answered` lets it go. */
export function holdAnswers(
  factory: SqlDriverAdapterFactory,
  answered: (sql: string) => Promise<void>,
): SqlDriverAdapterFactory {
  const overlay = <T extends object>(target: T, own: Partial<T>): T =>
    new Proxy(target, {
      get(_, name) {
        if (Object.hasOwn(own, name)) return own[name as keyof T]
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? (value.bind(target) as unknown) : value
      },
    })
  return overlay(factory, {
    connect: async () => {
      const adapter = await factory.connect()
      return overlay(adapter, {
        queryRaw: async (query) => {
          const result = await adapter.queryRaw(query)
          await answered(query.sql)
          return result
        },
      })
    },
  })
}

let namespaces = 0

/** A namespace that nothing else on the shared Redis uses. */
export function ownNamespace(): string {
  return `test-${process.pid}-${Date.now().toString(36)}-${namespaces++}`
}

export type StoreKind = 'memory' | 'redis' | 'tiered'
export const storeKinds: readonly StoreKind[] = ['memory', 'redis', 'tiered']

/** Stores of a kind; what it opens, `close` ends. */
export class Stores {
  private readonly clients: Redis[] = []
  private readonly opened: CacheStore[] = []

  redis(url = redisUrl()): Redis {
    const redis = new Redis(url)
    redis.on('error', () => undefined)
    this.clients.push(redis)
    return redis
  }

  make(kind: StoreKind): CacheStore {
    return this.closing(this.build(kind))
  }

  /** A store that is closed with the others. */
  closing(store: CacheStore): CacheStore {
    this.opened.push(store)
    return store
  }

  async close(): Promise<void> {
    await Promise.all(this.opened.map(async (store) => store.close?.()))
    for (const client of this.clients) client.disconnect()
  }

  private build(kind: StoreKind): CacheStore {
    if (kind === 'memory') return memoryStore()
    const far = redisStore(this.redis())
    return kind === 'redis' ? far : tieredStore({ near: memoryStore(), far, channel: ownNamespace() })
  }
}

/** A time that only moves when it is told to. */
export class Clock {
  constructor(private time = 1_700_000_000_000) {}

  readonly now = (): number => this.time

  advance(seconds: number): void {
    this.time += seconds * 1000
  }
}

/** The client with a cache on it, in a namespace of its own. */
export function cached(base: PrismaClient, options: CacheOptions = {}) {
  return base.$extends(cache({ namespace: ownNamespace(), earlyRefresh: 0, readTimeout: 5000, ...options }))
}

/** Lets everything that is under way within the process come to its end. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Waits until `check` holds; for what another process or server does in its own time. */
export async function until(check: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const deadline = Date.now() + ms
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`It did not come about within ${ms} ms: ${check.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

/** Prisma's promises begin when they are awaited; this one begins now. */
export function start<T>(promise: PromiseLike<T>): Promise<T> {
  const started = Promise.resolve(promise)
  started.catch(() => undefined)
  return started
}

/** The codes of the warnings that are emitted from now on. */
export function heardWarnings(): { readonly warnings: string[]; restore(): void } {
  const warnings: string[] = []
  const original = process.emitWarning
  process.emitWarning = ((_: unknown, options?: { code?: string }) => {
    warnings.push(options?.code ?? '')
  }) as typeof process.emitWarning
  return { warnings, restore: () => void (process.emitWarning = original) }
}
