import { finite, InvalidOptionsError } from '@prisma-brisk/core'

/** Settings that operators give from outside. */
export type Environment = Readonly<Record<string, string | undefined>>

/** `BRISK_CACHE_ENABLED`: whether reads are answered from the cache. */
export function enabledFromEnvironment({ BRISK_CACHE_ENABLED: given }: Environment): boolean | undefined {
  const value = given?.trim().toLowerCase() ?? ''
  if (value === '') return undefined
  if (ON.has(value)) return true
  if (OFF.has(value)) return false
  throw new InvalidOptionsError('BRISK_CACHE_ENABLED', 'true | false', given)
}

const ON = new Set(['true', '1', 'on', 'yes'])
const OFF = new Set(['false', '0', 'off', 'no'])

/** `BRISK_CACHE_DEFAULT_TTL`: seconds for reads that ask for the cache and do not say for how long. */
export function ttlFromEnvironment({ BRISK_CACHE_DEFAULT_TTL: given }: Environment): number | undefined {
  if (given === undefined || given.trim() === '') return undefined
  finite({ min: 0 })(Number(given), 'BRISK_CACHE_DEFAULT_TTL')
  return Number(given)
}
