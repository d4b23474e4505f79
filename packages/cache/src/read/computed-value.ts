import { AsyncLocalStorage } from 'node:async_hooks'
import { computedCall, type Call, type Host } from '@prisma-brisk/core'
import { InvalidCacheStrategyError } from '../errors.ts'

/** The operation that a computed value is reported as. */
export const WRAP = '$cache.wrap'

/** A value that is being computed, within the computation of another. */
class Computation {
  hasEnded = false
  /** What it has asked for and not yet been given, by key; as often as it has. */
  readonly waitsFor: string[] = []

  constructor(
    readonly key: string,
    readonly outer: Computation | undefined,
  ) {}

  async waitingFor<T>(key: string, answer: Promise<T>): Promise<T> {
    this.waitsFor.push(key)
    try {
      return await answer
    } finally {
      this.waitsFor.splice(this.waitsFor.indexOf(key), 1)
    }
  }
}

const underWay = new AsyncLocalStorage<Computation>()
const computations = new Map<string, Set<Computation>>()

/**
 * What stands for a computed value as a call stands for a read.
 *
 * @param client the one that carries the cache, asked for its database's name
 * @throws InvalidCacheStrategyError
 */
export function wrappedCall(host: Host, key: unknown, run: unknown, client: () => object): Call {
  if (typeof key !== 'string' || key === '') throw new InvalidCacheStrategyError(`${WRAP}.key`, 'text', key)
  if (typeof run !== 'function') throw new InvalidCacheStrategyError(`${WRAP}.fn`, 'a function', run)
  return computedCall(host, WRAP, { key }, async (sql, values) =>
    (client() as RawClient).$queryRawUnsafe(sql, ...values),
  )
}

/**
 * Computes the value of a key: that of the store, in which scope and namespace count.
 *
 * @throws InvalidCacheStrategyError where it would wait for itself
 */
export async function compute<T>(key: string, run: () => Promise<T>): Promise<T> {
  const outer = underWay.getStore()
  if (keysAround(outer).has(key))
    throw new InvalidCacheStrategyError(
      `${WRAP}.key`,
      'another key than the one being computed',
      Symbol('the same'),
    )
  const computation = new Computation(key, outer)
  const alike = computations.get(key) ?? new Set()
  computations.set(key, alike.add(computation))
  // A Prisma call is lazy: it must be awaited within the context.
  const value = underWay.run(computation, async () => await run())
  try {
    return await (outer === undefined ? value : outer.waitingFor(key, value))
  } finally {
    computation.hasEnded = true
    alike.delete(computation)
    if (alike.size === 0) computations.delete(key)
  }
}

/** Waits for a value that is computed elsewhere; null where that would wait for what is computed here. */
export function waitForComputed<T>(key: string, join: () => Promise<T>): Promise<T> | null {
  const here = underWay.getStore()
  if (here === undefined) return join()
  return waitsForAny(key, keysAround(here)) ? null : here.waitingFor(key, join())
}

/** What is computed here, from the inside outwards. What was begun by a computation and outlives it is none of it. */
function keysAround(innermost: Computation | undefined): Set<string> {
  const keys = new Set<string>()
  for (let at = innermost; at !== undefined; at = at.outer) if (!at.hasEnded) keys.add(at.key)
  return keys
}

function waitsForAny(key: string, keys: ReadonlySet<string>): boolean {
  const seen = new Set([key])
  // A set gives what is added while it is walked.
  for (const each of seen) {
    if (keys.has(each)) return true
    for (const { waitsFor } of computations.get(each) ?? []) for (const awaited of waitsFor) seen.add(awaited)
  }
  return false
}

interface RawClient {
  $queryRawUnsafe(sql: string, ...values: readonly unknown[]): PromiseLike<unknown>
}
