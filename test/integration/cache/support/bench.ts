import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import type { PrismaClient } from '../../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../../support/databases.ts'
import type { StatementLog } from '../../../support/statements.ts'
import { Stores } from './stores.ts'

/**
 * A bench for the tests of a file: opened before them, and emptied and filled before each.
 *
 * @param fill what is there when a test begins; its statements are not on record
 */
export function useBench(fill: (base: PrismaClient) => Promise<unknown> = createAda): Bench & {
  readonly stores: Stores
} {
  let opened: Bench | null = null
  const stores = new Stores()
  beforeAll(async () => {
    opened = await openBench()
  })
  beforeEach(async () => {
    await bench.clear()
    await fill(bench.base)
    bench.log.clear()
  })
  afterEach(() => stores.close())
  afterAll(() => bench.close())
  const bench = new Proxy({ stores } as Bench & { readonly stores: Stores }, {
    get: (own, name) => Reflect.get(own, name) ?? Reflect.get(opened as Bench, name),
  })
  return bench
}

function createAda(base: PrismaClient): Promise<unknown> {
  return base.user.create({ data: { email: 'ada@example.org', name: 'Ada' } })
}

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
