import type { Args } from '@prisma-brisk/core'
import { InvalidCacheStrategyError } from './errors.ts'

/**
 * How one read is cached, in the terms of Prisma Accelerate: seconds, and a total lifetime of `ttl + swr`.
 *
 * @example
 * prisma.user.findMany({ where, cacheStrategy: { ttl: 60, swr: 30, tags: ['team:7'] } })
 */
export interface CacheStrategy {
  /** Seconds the result is fresh. Default: the model's, else the option `defaultTtl`. Fractions are allowed. */
  readonly ttl?: number | undefined
  /** Seconds after `ttl` during which the old result is served while it is refreshed in the background. Default 0. */
  readonly swr?: number | undefined
  /** Names to invalidate it by, beside the models it touches. Text of 1 to 256 bytes each. */
  readonly tags?: readonly string[] | undefined
  /**
   * `ttl` for a result that is null or empty, in seconds. Default: as `ttl`, or the option of the same name. With 0 such
   * results are not kept at all, not for `swr` either.
   */
  readonly nullTtl?: number | undefined
  /**
   * Seconds after `ttl + swr` during which the old result is served where the database cannot be reached. Default: the
   * option of the same name.
   */
  readonly staleIfError?: number | undefined
}

/** The argument that every read takes: a strategy, or `false` to leave the cache alone. */
export interface CacheArgs {
  /** See {@link CacheStrategy}. `false`: neither answered from the cache nor stored. */
  readonly cacheStrategy?: CacheStrategy | false | undefined
}

/** A strategy in milliseconds, with nothing left to default. */
export interface ResolvedStrategy {
  readonly ttl: number
  readonly swr: number
  readonly nullTtl: number | null
  readonly staleIfError: number
  readonly tags: readonly string[]
  /** Models that the result must not rest on, or the read is not cached; none where the call asks for the cache itself. */
  readonly except: ReadonlySet<string>
}

/** What a strategy leaves open. */
export interface StrategyDefaults {
  readonly ttl: number
  readonly nullTtl: number | null
  readonly staleIfError: number
}

/**
 * Checks a strategy and fills it up: from the call, then from the model, then from the options.
 *
 * @throws InvalidCacheStrategyError
 */
export function resolveStrategy(
  given: CacheStrategy,
  model: CacheStrategy | undefined,
  defaults: StrategyDefaults,
  except: ReadonlySet<string> = NOTHING,
): ResolvedStrategy {
  const nullTtl = given.nullTtl ?? model?.nullTtl ?? defaults.nullTtl
  return {
    ttl: (given.ttl ?? model?.ttl ?? defaults.ttl) * 1000,
    swr: (given.swr ?? model?.swr ?? 0) * 1000,
    nullTtl: nullTtl === null ? null : nullTtl * 1000,
    staleIfError: (given.staleIfError ?? model?.staleIfError ?? defaults.staleIfError) * 1000,
    tags: tagsOf(given.tags, model?.tags),
    except,
  }
}

function tagsOf(given: readonly string[] = NONE, model: readonly string[] = NONE): readonly string[] {
  return given.length + model.length === 0 ? NONE : [...new Set([...given, ...model])]
}

const NONE: readonly string[] = Object.freeze([])
const NOTHING: ReadonlySet<string> = new Set()

/** @throws InvalidCacheStrategyError */
export function checkStrategy(value: unknown, path = 'cacheStrategy'): asserts value is CacheStrategy {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidCacheStrategyError(path, 'false or an object such as { ttl: 60 }', value)
  }
  for (const name in value) {
    const each: unknown = (value as Record<string, unknown>)[name]
    if (each === undefined) continue
    if (name === 'tags') checkTags(each, `${path}.tags`)
    else if (SECONDS.has(name)) checkSeconds(each, `${path}.${name}`)
    else throw new InvalidCacheStrategyError(`${path}.${name}`, `one of ${NAMES}`, each, 'No such setting.')
  }
}

const SECONDS = new Set(['ttl', 'swr', 'nullTtl', 'staleIfError'])
const NAMES = [...SECONDS, 'tags'].join(', ')

function checkSeconds(value: unknown, path: string): void {
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return
  throw new InvalidCacheStrategyError(path, 'a finite number of seconds, at least 0', value)
}

/** @throws InvalidCacheStrategyError */
export function checkTags(value: unknown, path: string): asserts value is readonly string[] {
  if (!Array.isArray(value)) throw new InvalidCacheStrategyError(path, 'an array of texts', value)
  value.forEach((tag: unknown, index) => {
    if (typeof tag === 'string' && tag !== '' && Buffer.byteLength(tag) <= MAX_TAG_BYTES) return
    const given = typeof tag === 'string' ? `one of ${Buffer.byteLength(tag)} bytes` : tag
    throw new InvalidCacheStrategyError(`${path}[${index}]`, `text of 1 to ${MAX_TAG_BYTES} bytes`, given)
  })
}

const MAX_TAG_BYTES = 256

/** The `cacheStrategy` of a call; a fluent read may have one in the arguments of its last step. */
export function strategyOf(args: Args, dataPath: readonly string[]): unknown {
  if (dataPath.length === 0) return args?.['cacheStrategy']
  let step: unknown = args
  for (const name of dataPath) step = isObject(step) ? step[name] : undefined
  return (isObject(step) ? step['cacheStrategy'] : undefined) ?? args['cacheStrategy']
}

/** The arguments without their strategies, in a fluent read those of its steps (`select.posts`) too. */
export function withoutStrategy(args: Args, dataPath: readonly string[]): Args {
  if (!isObject(args)) return args
  const [clause, field, ...path] = dataPath
  let bare: Args = args
  if ('cacheStrategy' in args) {
    const { cacheStrategy: _, ...rest } = args
    bare = rest
  }
  if (clause === undefined || field === undefined) return bare
  const fields = bare[clause]
  const inner = isObject(fields) ? fields[field] : undefined
  const bareInner = withoutStrategy(inner as Args, path)
  return bareInner === inner ? bare : { ...bare, [clause]: { ...(fields as Args), [field]: bareInner } }
}

function isObject(value: unknown): value is Args {
  return typeof value === 'object' && value !== null
}
