import { bag, integer, InvalidOptionsError, oneOf, type OptionCheck } from '@prisma-brisk/core'

/** What happens to a list read that names no `take`. */
export type OnMissing = 'guard' | 'warn' | 'default' | 'reject' | 'allow'

/** What happens to a list read whose `take` is above `maxLimit`. */
export type OnExceeded = 'reject' | 'warn' | 'clamp' | 'allow'

/** Both policies in one word. */
export type LimitPreset = 'guard' | 'warn' | 'allow'

/** Limits on list reads; each of them can be set for one model too. */
export interface LimitOptions {
  /**
   * `onMissing` and `onExceeded` in one word, each of which wins where it is stated: `'guard'` refuses what is too long
   * (`'guard'`, `'reject'`), `'warn'` answers it whole and reports it (`'warn'` twice), `'allow'` limits nothing (`'allow'`
   * twice). Default `'guard'`, or what the environment variable `BRISK_LIMITS` says.
   */
  readonly limits?: LimitPreset | undefined
  /**
   * Rows a list read without `take` is cut to. Stating it changes the default of `onMissing` from `'guard'` to
   * `'default'`: **lists of reference data (tags, countries, roles) that have more rows then lose the rest, and their
   * callers get status 200 with an incomplete list.** Each cut is counted (`$queries.stats()`, `/metrics`) and warned about
   * (`W_LIST_CUT`, once a place and minute). Give such models a limit of their own:
   * `models: { Tag: { defaultLimit: 1000, maxLimit: 1000 } }`. Default 50, or `maxLimit` where that is less.
   */
  readonly defaultLimit?: number | undefined
  /** Rows a list read may ask for, 1 … 2^31−2. Default 200, or what the environment variable `BRISK_MAX_LIMIT` says. */
  readonly maxLimit?: number | undefined
  /**
   * Rows `skip` may pass over; beyond it a keyset page is faster. More is `E_OFFSET_TOO_DEEP`, or with
   * `onExceeded: 'warn'` reported. Default 10,000; no limit with `onExceeded: 'allow'` where `onMissing` limits nothing either.
   */
  readonly maxOffset?: number | undefined
  /**
   * What happens to a list read without `take`. Default: `'default'` where `defaultLimit` is stated, else `'guard'`.
   *
   * - `guard`: the whole list, up to `maxLimit` rows; one more is `E_UNBOUNDED_READ`. It asks for one row more
   *   than it hands out, so no list is ever silently incomplete.
   * - `warn`: unchanged, as plain Prisma. A list of more than `maxLimit` rows is reported once a place and minute with its count:
   *   in the slow-query log (else a process warning, `W_LONG_LIST`), on the channel, in `$queries.limits()`,
   *   `$queries.stats()` and the metrics.
   * - `default`: cut to `defaultLimit`, noted on the call, published on the channel, and warned about once a minute where
   *   rows were really cut at a place in the code.
   * - `reject`: `E_UNBOUNDED_READ`, before anything is sent.
   * - `allow`: unchanged, and counted; published on the channel alone.
   */
  readonly onMissing?: OnMissing | undefined
  /**
   * What happens to a `take` above `maxLimit`: `reject` (default) is `E_LIMIT_EXCEEDED` before anything is sent,
   * `warn` leaves it, and reports it as `onMissing: 'warn'` does, `clamp` lowers it to `maxLimit` and notes it, `allow` leaves
   * it. `'warn'` holds for `maxOffset` and the limits of `nested` too, and leaves numbers that are not whole to Prisma.
   */
  readonly onExceeded?: OnExceeded | undefined
  /** Limits on lists within a row: `include`, `select`, fluent calls, the answers of writes. */
  readonly nested?: NestedLimitOptions | undefined
}

/** Limits on nested lists. They hold for each parent row. */
export interface NestedLimitOptions {
  /** As the top-level option, which is its default. */
  readonly defaultLimit?: number | undefined
  /** As the top-level option, which is its default. */
  readonly maxLimit?: number | undefined
  /** Lists within lists a selection may hold: 1 allows `posts`, not `posts.comments`. Default: no limit. */
  readonly maxDepth?: number | undefined
  /**
   * The most rows one branch of a selection may reach: the product of its limits, the top-level one included.
   * Beyond it the call is refused with `E_COST_EXCEEDED` before anything is sent. Default: no limit.
   */
  readonly maxRows?: number | undefined
}

export interface ResolvedNestedLimits {
  readonly defaultLimit: number
  readonly maxLimit: number
  readonly maxOffset: number
  readonly onMissing: OnMissing
  readonly onExceeded: OnExceeded
  /** Infinity where there is no limit. */
  readonly maxDepth: number
  /** Infinity where there is no limit. */
  readonly maxRows: number
}

export interface ResolvedLimits {
  readonly defaultLimit: number
  readonly maxLimit: number
  readonly maxOffset: number
  readonly onMissing: OnMissing
  readonly onExceeded: OnExceeded
  readonly nested: ResolvedNestedLimits
}

/** The largest number of rows that Prisma and every database count in 32 bits, with one row to spare. */
const LARGEST_LIMIT = 2 ** 31 - 2

/** The limits of a mount, and those of single models, which take what they do not state from it. */
export function resolveAllLimits(
  given: LimitOptions & { readonly models?: Readonly<Record<string, LimitOptions>> | undefined },
  environment: Environment,
): { readonly limits: ResolvedLimits; readonly models: ReadonlyMap<string, ResolvedLimits> } {
  const options = withPreset({ ...given, ...fromEnvironment(given, environment) })
  return {
    limits: resolveLimits(options, 'pagination'),
    models: new Map(
      Object.entries(given.models ?? {}).map(([model, own]) => [
        model,
        resolveLimits(merged(options, own), `pagination.models.${model}`),
      ]),
    ),
  }
}

/** Settings that operators give from outside. */
export type Environment = Readonly<Record<string, string | undefined>>

/** `BRISK_LIMITS`: the preset of a mount that says nothing else of its policies. */
function fromEnvironment(options: LimitOptions, environment: Environment): LimitOptions {
  return { ...presetFromEnvironment(options, environment), ...maximumFromEnvironment(options, environment) }
}

function maximumFromEnvironment(
  { maxLimit, defaultLimit = 1 }: LimitOptions,
  { BRISK_MAX_LIMIT: given = '' }: Environment,
): LimitOptions {
  if (given.trim() === '' || maxLimit !== undefined) return {}
  // A default limit that the code states holds all the same.
  limit(Number.isNaN(Number(given)) ? given : Number(given), 'BRISK_MAX_LIMIT')
  return { maxLimit: Math.max(Number(given), defaultLimit) }
}

function presetFromEnvironment(
  options: LimitOptions,
  { BRISK_LIMITS: given = '' }: Environment,
): LimitOptions {
  const { limits, onMissing, onExceeded, defaultLimit } = options
  if (given.trim() === '' || [limits, onMissing, onExceeded, defaultLimit].some((each) => each !== undefined))
    return {}
  oneOf(...LIMIT_PRESETS)(given.trim(), 'BRISK_LIMITS')
  return { limits: given.trim() as LimitPreset }
}

const limit = integer({ min: 1, max: LARGEST_LIMIT })

const LIMIT_PRESETS = ['guard', 'warn', 'allow'] as const satisfies readonly LimitPreset[]

const presets: Readonly<Record<LimitPreset, { onMissing: OnMissing; onExceeded: OnExceeded }>> = {
  guard: { onMissing: 'guard', onExceeded: 'reject' },
  warn: { onMissing: 'warn', onExceeded: 'warn' },
  allow: { onMissing: 'allow', onExceeded: 'allow' },
}

/** How the options are checked before they are resolved. */
export const limitChecks: Readonly<Record<string, OptionCheck>> = {
  defaultLimit: limit,
  maxLimit: limit,
  maxOffset: integer({ min: 0, max: LARGEST_LIMIT }),
  limits: oneOf(...LIMIT_PRESETS),
  onMissing: oneOf('guard', 'warn', 'default', 'reject', 'allow'),
  onExceeded: oneOf('reject', 'warn', 'clamp', 'allow'),
  nested: bag({
    defaultLimit: limit,
    maxLimit: limit,
    maxDepth: integer({ min: 0 }),
    maxRows: integer({ min: 1 }),
  }),
}

/** The two policies that a preset stands for, where they are not stated themselves. */
function withPreset(options: LimitOptions): LimitOptions {
  return options.limits === undefined ? options : { ...presets[options.limits], ...stated(options) }
}

function merged(options: LimitOptions, own: LimitOptions): LimitOptions {
  return {
    ...options,
    ...stated(withPreset(own)),
    nested: { ...options.nested, ...stated(own.nested ?? {}) },
  }
}

function stated<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>
}

function resolveLimits(options: LimitOptions, path: string): ResolvedLimits {
  const { maxLimit = 200, onExceeded = 'reject', nested = {} } = options
  const { defaultLimit = Math.min(50, maxLimit) } = options
  const { onMissing = options.defaultLimit === undefined ? 'guard' : 'default' } = options
  const isFree = onExceeded === 'allow' && (onMissing === 'allow' || onMissing === 'warn')
  const { maxOffset = isFree ? LARGEST_LIMIT : 10_000 } = options
  const inner = { defaultLimit: nested.defaultLimit, maxLimit: nested.maxLimit ?? maxLimit }
  checkOrder(path, defaultLimit, maxLimit)
  if (inner.defaultLimit !== undefined) checkOrder(`${path}.nested`, inner.defaultLimit, inner.maxLimit)
  return Object.freeze<ResolvedLimits>({
    defaultLimit,
    maxLimit,
    maxOffset,
    onMissing,
    onExceeded,
    nested: Object.freeze<ResolvedNestedLimits>({
      defaultLimit: inner.defaultLimit ?? Math.min(defaultLimit, inner.maxLimit),
      maxLimit: inner.maxLimit,
      maxOffset,
      onMissing: options.onMissing ?? (inner.defaultLimit === undefined ? onMissing : 'default'),
      onExceeded,
      maxDepth: nested.maxDepth ?? Infinity,
      maxRows: nested.maxRows ?? Infinity,
    }),
  })
}

function checkOrder(path: string, defaultLimit: number, maxLimit: number): void {
  if (defaultLimit <= maxLimit) return
  throw new InvalidOptionsError(`${path}.defaultLimit`, `at most maxLimit (${maxLimit})`, defaultLimit)
}
