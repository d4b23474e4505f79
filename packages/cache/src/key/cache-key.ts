import { canonicalize, canonicalizeWithout, identity, type Call } from '@prisma-brisk/core'
import { InvalidCacheStrategyError } from '../errors.ts'

/** Where a read is stored, and what its entry must say it is. */
export interface CacheKey {
  readonly key: string
  readonly identity: string
}

/** What the keys of one client have in common. */
export interface KeyContext {
  readonly namespace: string
  /** Two deployments with different schemas never read each other's entries. */
  readonly schemaHash: string
  readonly database: string
  /** The client's global `omit`. */
  readonly omit: unknown
  /** What result extensions make the database be asked for. */
  readonly computed: unknown
  readonly scope: (() => unknown) | null
  /** Whether keys stay in this process. */
  readonly isLocal: boolean
}

/**
 * Makes the keys of a client from everything that a result can depend on, in a typed canonical form: its SHA-256, or
 * where keys stay in this process the form itself. What is the same in all calls is digested once.
 */
export class CacheKeys {
  private readonly prefix: string
  private readonly context: string

  constructor(private readonly common: KeyContext) {
    const { namespace, schemaHash, database, omit, computed, isLocal } = common
    this.context = identity(canonicalize({ schemaHash, database, omit, computed }))
    this.prefix = `${namespace}:${isLocal ? nameOfContext(this.context) : 'q'}:`
  }

  /** What a result depends on beside the call itself, as text; null where there is nothing. */
  surroundings(): string | null {
    const { scope } = this.common
    return scope === null ? null : canonicalize({ scope: checkedScope(scope()) })
  }

  /**
   * @param surroundings as {@link CacheKeys.surroundingsOf} gives them
   * @param tags the user's tags, and `models` those of a raw read: who asks for others must not be given an entry that does
   * not rest on them
   * @throws CyclicArgumentsError
   */
  of(
    call: Call,
    surroundings: string | null,
    tags: readonly string[],
    models: readonly string[] | null,
  ): CacheKey {
    const name = `${call.model ?? ''}.${call.operation}`
    // Pagination's bound becomes `take` at dispatch.
    const { bound } = call.notes
    const path = call.dataPath.length === 0 ? '' : call.dataPath.join('.')
    let text = `${name}|${path}|${bound ?? ''}|${canonicalizeWithout(call.args, 'cacheStrategy')}`
    if (surroundings !== null) text += surroundings
    if (tags.length > 0) text += canonicalize({ tags: tags.length === 1 ? tags : [...tags].sort() })
    if (models !== null) text += canonicalize({ models })
    if (this.common.isLocal) {
      const key = this.prefix + text
      return { key, identity: key }
    }
    const digest = identity(`${this.context}${text}`)
    return { key: this.prefix + digest, identity: `${name}#${digest}` }
  }
}

const contextNames = new Map<string, string>()

/** A short name for a context, within this process. */
function nameOfContext(context: string): string {
  let name = contextNames.get(context)
  if (name === undefined) contextNames.set(context, (name = contextNames.size.toString(36)))
  return name
}

/** A scope must be told from every other by its value alone, in every process. */
function checkedScope(scope: unknown): unknown {
  if (typeof scope === 'string' || isSerialisable(scope, 0)) return scope
  throw new InvalidCacheStrategyError(
    'cache.scope()',
    'text, or plain data made of text, numbers, booleans and null',
    scope,
    typeof (scope as { then?: unknown } | null)?.then === 'function'
      ? 'It must answer at once, not by a promise.'
      : '',
  )
}

function isSerialisable(value: unknown, depth: number): boolean {
  if (value === null || value === undefined) return true
  if (typeof value !== 'object') return typeof value !== 'function' && typeof value !== 'symbol'
  if (depth > 16) return false
  if (Array.isArray(value)) return value.every((each) => isSerialisable(each, depth + 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) return false
  return Object.values(value).every((each) => isSerialisable(each, depth + 1))
}
