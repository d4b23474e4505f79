import {
  bag,
  checkOptions,
  either,
  finite,
  integer,
  InvalidOptionsError,
  oneOf,
  record,
} from '@prisma-brisk/core'

/** Options of {@link resilience}. */
export interface ResilienceOptions {
  /**
   * Milliseconds an operation may take before it is stopped on the server and fails with `E_QUERY_TIMEOUT`;
   * `false` for no limit. Default 60,000, or what the environment variable `BRISK_TIMEOUT_MS` says (`off` for no limit).
   */
  readonly timeout?: number | false | undefined
  /**
   * Milliseconds for models and single operations, `false` for no limit: `{ Report: 120_000, 'Report.findMany': false }`.
   * Default: none. It is not called `models`, as in the other packages, because only `timeout` has exceptions: what is
   * retried is decided by the failure, whatever the model.
   */
  readonly timeouts?: Readonly<Record<string, number | false>> | undefined
  /**
   * Whether and how operations are sent again that the database has undone. Default `false`; the environment variable
   * `BRISK_RETRY_ATTEMPTS`, where it is more than 1, switches it on with so many attempts.
   */
  readonly retry?: RetryOptions | false | undefined
  /** The queue behind `$deferred`. */
  readonly deferred?: DeferredOptions | undefined
}

export interface RetryOptions {
  /** Times an operation is sent in all, the first included. Default 3. */
  readonly attempts?: number | undefined
  /** Milliseconds that the first pause is at most; each further one is at most twice as long. Default 50. */
  readonly baseDelay?: number | undefined
  /** Milliseconds that a pause is at most. Default 2,000. */
  readonly maxDelay?: number | undefined
}

export interface DeferredOptions {
  /** Tasks that may wait; whoever awaits `$deferred` beyond that is slowed down. Default 1,000. */
  readonly maxQueue?: number | undefined
  /** Tasks that run at once. Tasks of one model run one after another. Default 4. */
  readonly concurrency?: number | undefined
}

export interface ResolvedResilienceOptions {
  readonly timeout: number | false
  readonly timeouts: ReadonlyMap<string, number | false>
  readonly retry: Readonly<Required<RetryOptions>> | false
  readonly deferred: Readonly<Required<DeferredOptions>>
}

export const timeLimit = either(
  'milliseconds greater than 0, or false',
  finite({ above: 0, max: 2 ** 31 - 1 }),
  oneOf(false),
)

/** @throws InvalidOptionsError naming the option, what was expected and what was given */
export function resolveOptions(
  options: ResilienceOptions = {},
  environment: Environment = process.env,
): ResolvedResilienceOptions {
  checkOptions('resilience', options, {
    timeout: timeLimit,
    timeouts: record(timeLimit),
    retry: either(
      'false or { attempts, baseDelay, maxDelay }',
      oneOf(false),
      bag({
        attempts: integer({ min: 1, max: 20 }),
        baseDelay: finite({ above: 0 }),
        maxDelay: finite({ above: 0 }),
      }),
    ),
    deferred: bag({ maxQueue: integer({ min: 1 }), concurrency: integer({ min: 1 }) }),
  })
  const retry = options.retry ?? retryFromEnvironment(environment)
  return Object.freeze({
    timeout: options.timeout ?? timeoutFromEnvironment(environment) ?? 60_000,
    timeouts: new Map(Object.entries(options.timeouts ?? {})),
    retry: retry === false ? false : resolveRetry(retry),
    deferred: {
      maxQueue: options.deferred?.maxQueue ?? 1000,
      concurrency: options.deferred?.concurrency ?? 4,
    },
  })
}

/** Settings that operators give from outside. */
type Environment = Readonly<Record<string, string | undefined>>

function timeoutFromEnvironment({ BRISK_TIMEOUT_MS: given = '' }: Environment): number | false | undefined {
  if (given.trim() === '') return undefined
  if (given.trim() === 'off') return false
  finite({ above: 0, max: 2 ** 31 - 1 })(numberOf(given), 'BRISK_TIMEOUT_MS')
  return Number(given)
}

function retryFromEnvironment({ BRISK_RETRY_ATTEMPTS: given = '' }: Environment): RetryOptions | false {
  if (given.trim() === '') return false
  integer({ min: 1, max: 20 })(numberOf(given), 'BRISK_RETRY_ATTEMPTS')
  return Number(given) > 1 && { attempts: Number(given) }
}

/** The text itself where it is no number, so that a refusal shows what was given. */
function numberOf(given: string): unknown {
  return Number.isNaN(Number(given)) ? given : Number(given)
}

function resolveRetry({
  attempts = 3,
  baseDelay = 50,
  maxDelay = 2000,
}: RetryOptions): Required<RetryOptions> {
  if (baseDelay > maxDelay)
    throw new InvalidOptionsError('resilience.retry.baseDelay', `at most maxDelay (${maxDelay})`, baseDelay)
  return Object.freeze({ attempts, baseDelay, maxDelay })
}
