import type {
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQuery,
  Transaction,
} from '@prisma/driver-adapter-utils'

/** One statement as the driver got it. */
export interface Statement {
  sql: string
  args: readonly unknown[]
  /** Rows returned, or rows affected where the statement returns none; -1 while it runs or when it failed. */
  rows: number
  kind: 'query' | 'execute'
  /** Of the values returned, roughly as they travel; 0 unless `measureBytes` is asked for. */
  bytes: number
  /** Numbers the driver transaction it ran in, from 1; 0 outside any. */
  transaction: number
  error?: unknown
}

/** Everything that went through a driver adapter, in order. */
export interface StatementLog {
  /** Give this to `new PrismaClient({ adapter })`. */
  adapter: SqlDriverAdapterFactory
  /** Every statement except transaction control. */
  statements: Statement[]
  /** Transaction control in order: 'begin 1', 'commit 1', 'rollback 2', 'savepoint 2', … */
  transactions: string[]
  /** The SQL of every statement. */
  sql(): string[]
  clear(): void
}

export interface RecordOptions {
  /** Also add up what each statement returns, which costs a walk over its rows. Default false. */
  measureBytes?: boolean
  /** Runs before each statement: throw to make it fail, wait to make it slow. */
  before?: (query: { sql: string; args: readonly unknown[]; transaction: number }) => void | Promise<void>
}

/**
 * Wraps a driver adapter factory and records what goes through it. It shares nothing with the tap in
 * `@prisma-brisk/core`, so that it can witness what that tap does.
 */
export function recordStatements(
  factory: SqlDriverAdapterFactory,
  { before, measureBytes = false }: RecordOptions = {},
): StatementLog {
  const statements: Statement[] = []
  const transactions: string[] = []
  let begun = 0

  const run = async <T>(
    kind: Statement['kind'],
    transaction: number,
    query: SqlQuery,
    send: () => Promise<T>,
    rowsOf: (result: T) => number,
    sizeOf?: (result: T) => number,
  ): Promise<T> => {
    const { sql, args } = query
    if (CONTROL.test(sql)) return send() // the adapter's own commit and rollback, seen below
    const statement: Statement = { sql, args: [...args], rows: -1, bytes: 0, kind, transaction }
    statements.push(statement)
    try {
      await before?.({ sql, args, transaction })
      const result = await send()
      statement.rows = rowsOf(result)
      if (sizeOf) statement.bytes = sizeOf(result)
      return result
    } catch (error) {
      statement.error = error
      throw error
    }
  }

  const queries = (target: SqlDriverAdapter | Transaction, transaction: number) => ({
    queryRaw: (query: SqlQuery) =>
      run(
        'query',
        transaction,
        query,
        () => target.queryRaw(query),
        ({ rows }) => rows.length,
        measureBytes ? ({ rows }) => bytesOf(rows) : undefined,
      ),
    executeRaw: (query: SqlQuery) =>
      run(
        'execute',
        transaction,
        query,
        () => target.executeRaw(query),
        (affected) => affected,
      ),
  })

  const wrapTransaction = (target: Transaction): Transaction => {
    const id = ++begun
    transactions.push(`begin ${id}`)
    const control = (name: string, method: 'commit' | 'rollback') => () => {
      transactions.push(`${name} ${id}`)
      return target[method]()
    }
    const savepoint = (
      name: string,
      method: 'createSavepoint' | 'rollbackToSavepoint' | 'releaseSavepoint',
    ) =>
      target[method]
        ? {
            [method]: (savepointName: string) => {
              transactions.push(`${name} ${id}`)
              return target[method]!(savepointName)
            },
          }
        : {}
    return overlay(target, {
      ...queries(target, id),
      commit: control('commit', 'commit'),
      rollback: control('rollback', 'rollback'),
      ...savepoint('savepoint', 'createSavepoint'),
      ...savepoint('rollback to savepoint', 'rollbackToSavepoint'),
      ...savepoint('release savepoint', 'releaseSavepoint'),
    })
  }

  const wrapConnection = (target: SqlDriverAdapter): SqlDriverAdapter =>
    overlay(target, {
      ...queries(target, 0),
      startTransaction: async (...options: Parameters<SqlDriverAdapter['startTransaction']>) =>
        wrapTransaction(await target.startTransaction(...options)),
    })

  return {
    adapter: overlay(factory, { connect: async () => wrapConnection(await factory.connect()) }),
    statements,
    transactions,
    sql: () => statements.map(({ sql }) => sql),
    clear: () => {
      statements.length = 0
      transactions.length = 0
      begun = 0
    },
  }
}

/** Runs `fn` and fails unless exactly `count` statements reached the driver meanwhile. */
export async function expectStatements<T>(
  log: StatementLog,
  count: number,
  fn: () => Promise<T>,
): Promise<T> {
  const first = log.statements.length
  const result = await fn()
  const sent = log.statements.slice(first)
  if (sent.length !== count) {
    const list = sent.map(({ sql, args }, index) => `  ${index + 1}. ${sql} -- ${preview(args)}`).join('\n')
    throw new Error(`Expected ${count} statements, the driver got ${sent.length}:\n${list}`)
  }
  return result
}

const CONTROL = /^(BEGIN|START TRANSACTION|COMMIT|ROLLBACK)\b(?! TO)/i

function bytesOf(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, member) => sum + bytesOf(member), 0)
  if (typeof value === 'string') return value.length
  if (value instanceof Uint8Array) return value.byteLength
  return value === null || value === undefined ? 0 : 8
}

function preview(args: readonly unknown[]): string {
  const text = JSON.stringify(args, (_key, value: unknown) =>
    typeof value === 'bigint' ? `${value}n` : value,
  )
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/**
 * The target with some members replaced; methods keep the target as `this`, absent ones stay absent. What is put
 * on it stays on it and not on the target: a tap may replace `connect`, and finds ours where it looks for it.
 */
function overlay<T extends object>(target: T, members: Partial<Record<keyof T, unknown>>): T {
  return new Proxy(members, {
    get(own, name) {
      if (Object.hasOwn(own, name)) return own[name as keyof T]
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
    has: (own, name) => Object.hasOwn(own, name) || Reflect.has(target, name),
  }) as T
}
