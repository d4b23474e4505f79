import { checkTags } from './cache-strategy.ts'
import { InvalidCacheStrategyError } from './errors.ts'

/** What to invalidate, or what an etag stands for. */
export interface CacheSelection {
  /** The user's own tags. */
  readonly tags?: readonly string[] | undefined
  /** Models: every entry that rests on their rows. */
  readonly models?: readonly string[] | undefined
}

/** @throws InvalidCacheStrategyError */
export function checkedSelection(selection: CacheSelection, method: string): CacheSelection {
  const { tags, models, ...unknown } = { ...selection }
  if (typeof selection !== 'object' || selection === null || (tags === undefined && models === undefined)) {
    throw new InvalidCacheStrategyError(method, '{ tags } or { models }', selection)
  }
  const [name] = Object.keys(unknown)
  if (name !== undefined) throw new InvalidCacheStrategyError(`${method}.${name}`, 'tags or models', name)
  if (tags !== undefined) checkTags(tags, `${method}.tags`)
  if (models !== undefined) checkNames(models, `${method}.models`)
  return selection
}

/** @throws InvalidCacheStrategyError */
export function checkNames(names: unknown, path: string): void {
  if (!Array.isArray(names)) throw new InvalidCacheStrategyError(path, 'an array of model names', names)
}
