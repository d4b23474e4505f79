import {
  bag,
  boolean,
  callable,
  checkOptions,
  either,
  finite,
  integer,
  oneOf,
  record,
} from '@prisma-brisk/core'

/** Decides when collected calls are sent: it is given a function that sends them, and calls it once. */
export type BatchSchedule = (dispatch: () => void) => void

/** Options of {@link batching}; all of them optional. */
export interface BatchingOptions {
  /**
   * Keys of one statement. Default: as many as the database can bind in one statement (PostgreSQL 32,766,
   * MySQL 65,535, SQLite 999, or what the driver adapter says), less what the rest of the statement binds. More keys
   * become several statements, four at a time, and 65,536 keys at a time.
   */
  readonly maxBatchSize?: number | undefined
  /**
   * When a batch is sent.
   *
   * - `'adaptive'` (default): at the end of the tick in which its first call came; calls that come while a batch of
   *   their kind is in flight wait for its answer and make up the next one. Nothing ever sleeps.
   * - `'tick'`: at the end of the tick, as DataLoader does it.
   * - `'immediate'`: once the event loop has turned (`setImmediate`); collects more, costs up to a turn.
   * - a function that decides when to call `dispatch`. One that holds calls for longer than a tick should be used with a
   *   {@link BatchingOptions.scope}.
   */
  readonly schedule?: 'tick' | 'immediate' | 'adaptive' | BatchSchedule | undefined
  /**
   * Identifies the caller: calls with different values never share a statement. Values are compared as Map keys are.
   * It runs once a call and should be as cheap as reading an AsyncLocalStorage. Default: all calls of a client may meet.
   *
   * @example
   * batching({ scope: () => requestContext.getStore()?.userId })
   */
  readonly scope?: (() => unknown) | undefined
  /**
   * Models whose calls are not merged: `false`. Default: none. In every package of the suite `models` says what holds for
   * one model; here it has nothing to say but off. @example { AuditLog: false }
   */
  readonly models?: Readonly<Record<string, boolean>> | undefined
  /** Operations that are not merged: `false`; `OrThrow` goes with its sibling. Default: all on. */
  readonly operations?: Readonly<Partial<Record<BatchedOperation, boolean>>> | undefined
  /**
   * Loops of reads in a request (`runRequest`, the request middlewares), one call after another, each for a row of a list that was
   * read before. `'report'` (default) recognises them; `'mend'` has the third call read the answers of those to come, in one
   * statement; `false` looks for none. See {@link LoopOptions}.
   *
   * @example
   * batching({ loops: 'mend' })
   */
  readonly loops?: 'report' | 'mend' | false | LoopOptions | undefined
  /** Writes to merge. */
  readonly writes?:
    | {
        /**
         * Concurrent `create` of one model with the same fields become one INSERT. Default false: logs
         * and statement triggers then see one statement for all of the rows. On MySQL and MariaDB only where a unique key of
         * the row is known beforehand: one that the calls give, or a `@default(uuid())`.
         */
        readonly create?: boolean | undefined
      }
    | undefined
}

/** What is done about loops of reads. */
export interface LoopOptions {
  /** Default `'report'`. */
  readonly mode?: 'report' | 'mend' | undefined
  /** Calls that make a loop. Default 2: the third asks for the rest. */
  readonly after?: number | undefined
  /** Answers that one statement may bring for calls to come. Default 500. */
  readonly maxPrefetch?: number | undefined
  /**
   * Milliseconds for which such an answer may be given. Default 100; never longer than four times what the loop has taken until it
   * was read. Writes that the suite sees end it at once.
   */
  readonly maxAge?: number | undefined
  /**
   * Names the task that runs, where it is no request: any object that is the same for all of its calls and no other's, undefined
   * outside of tasks. It runs once a call.
   *
   * @example
   * batching({ loops: { mode: 'mend', scope: () => job.getStore() } })
   */
  readonly scope?: (() => object | null | undefined) | undefined
}

export type BatchedOperation = 'findUnique' | 'findFirst' | 'findMany' | 'count' | 'aggregate'

export interface ResolvedBatchingOptions {
  readonly maxBatchSize: number
  readonly schedule: 'tick' | 'immediate' | 'adaptive' | BatchSchedule
  readonly scope: (() => unknown) | null
  readonly models: ReadonlyMap<string, boolean>
  /** Prisma's operation names, `OrThrow` ones too. */
  readonly operations: ReadonlySet<string>
  readonly creates: boolean
  /** Null where none are looked for. */
  readonly loops: ResolvedLoopOptions | null
}

export interface ResolvedLoopOptions {
  readonly mode: 'report' | 'mend'
  readonly after: number
  readonly maxPrefetch: number
  readonly maxAge: number
  readonly scope: (() => unknown) | null
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
    loops: either(
      "'report' | 'mend' | false | { mode, after, maxPrefetch, maxAge, scope }",
      oneOf('report', 'mend', false),
      loops,
    ),
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
    loops: resolveLoops(options.loops),
  })
}

const loops = bag({
  mode: oneOf('report', 'mend'),
  after: integer({ min: 2 }),
  maxPrefetch: integer({ min: 1 }),
  maxAge: finite({ min: 0 }),
  scope: callable,
})

function resolveLoops(given: BatchingOptions['loops']): ResolvedLoopOptions | null {
  if (given === false) return null
  const {
    mode = 'report',
    after = 2,
    maxPrefetch = 500,
    maxAge = 100,
    scope = null,
  } = typeof given === 'string' ? { mode: given } : (given ?? {})
  return Object.freeze({ mode, after, maxPrefetch, maxAge, scope })
}

const family: Readonly<Record<BatchedOperation, readonly string[]>> = {
  findUnique: ['findUnique', 'findUniqueOrThrow'],
  findFirst: ['findFirst', 'findFirstOrThrow'],
  findMany: ['findMany'],
  count: ['count'],
  aggregate: ['aggregate', 'groupBy'],
}
