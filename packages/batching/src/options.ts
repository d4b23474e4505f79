import { bag, boolean, callable, checkOptions, either, integer, oneOf, record } from '@prisma-brisk/core'

/** Collects calls: is given what sends them, and calls it once, when enough have come together. */
export type Schedule = (dispatch: () => void) => void

/** Options of {@link batching}; all of them optional. */
export interface BatchingOptions {
  /**
   * Keys that one statement may ask for. Default: as many as the database can bind in one statement (PostgreSQL 32,766,
   * MySQL 65,535, SQLite 999, or what the driver adapter says), less what the rest of the statement binds. More keys
   * become several statements, four at a time, and 65,536 keys at a time.
   */
  maxBatchSize?: number
  /**
   * When a batch is sent.
   *
   * - `'adaptive'` (default): at the end of the tick in which its first call came; calls that come while a batch of
   *   their kind is in flight wait for its answer and make up the next one. Nothing ever sleeps.
   * - `'tick'`: at the end of the tick, as DataLoader does it.
   * - `'immediate'`: once the event loop has turned (`setImmediate`); collects more, costs up to a turn.
   * - a function that calls `dispatch` when it sees fit. One that keeps calls longer than a tick should stand beside a
   *   {@link BatchingOptions.scope}.
   */
  schedule?: 'tick' | 'immediate' | 'adaptive' | Schedule
  /**
   * Whose call it is: calls for which this gives different values never share a statement. Compared as Map keys are.
   * It runs once a call and should be as cheap as reading an AsyncLocalStorage. Default: all calls of a client are alike.
   *
   * @example
   * batching({ scope: () => requestContext.getStore()?.userId })
   */
  scope?: () => unknown
  /** Models to leave alone. Default: none. @example { AuditLog: false } */
  models?: Readonly<Record<string, boolean>>
  /** Operations to leave alone; `OrThrow` goes with its sibling. Default: all on. */
  operations?: Partial<Record<BatchedOperation, boolean>>
  /** Writes to merge. */
  writes?: {
    /**
     * Concurrent `create` of one model with the same fields become one INSERT. Default false: the rows are then stored
     * by one statement, so that they share its fate in logs, triggers for each statement, and time. On MySQL and
     * MariaDB only where a unique key of the row is known before: one that the calls give, or a `@default(uuid())`.
     */
    create?: boolean
  }
}

export type BatchedOperation = 'findUnique' | 'findFirst' | 'findMany' | 'count' | 'aggregate'

export interface ResolvedBatchingOptions {
  readonly maxBatchSize: number
  readonly schedule: 'tick' | 'immediate' | 'adaptive' | Schedule
  readonly scope: (() => unknown) | null
  readonly models: ReadonlyMap<string, boolean>
  /** Prisma's operation names, `OrThrow` ones too. */
  readonly operations: ReadonlySet<string>
  readonly creates: boolean
}

/** @throws InvalidOptionsError */
export function resolveOptions(options: BatchingOptions = {}): ResolvedBatchingOptions {
  checkOptions('batching', options, {
    maxBatchSize: integer({ min: 1 }),
    schedule: either(
      "'tick' | 'immediate' | 'adaptive' | a function",
      oneOf('tick', 'immediate', 'adaptive'),
      callable,
    ),
    scope: callable,
    models: record(boolean),
    operations: bag({
      findUnique: boolean,
      findFirst: boolean,
      findMany: boolean,
      count: boolean,
      aggregate: boolean,
    }),
    writes: bag({ create: boolean }),
  })
  const {
    maxBatchSize = Infinity,
    schedule = 'adaptive',
    scope = null,
    models = {},
    operations = {},
    writes = {},
  } = options
  return Object.freeze({
    maxBatchSize,
    schedule,
    scope,
    models: new Map(Object.entries(models)),
    operations: new Set(
      Object.entries(family).flatMap(([name, members]) =>
        operations[name as BatchedOperation] === false ? [] : members,
      ),
    ),
    creates: writes.create === true,
  })
}

const family: Readonly<Record<BatchedOperation, readonly string[]>> = {
  findUnique: ['findUnique', 'findUniqueOrThrow'],
  findFirst: ['findFirst', 'findFirstOrThrow'],
  findMany: ['findMany'],
  count: ['count'],
  aggregate: ['aggregate', 'groupBy'],
}
