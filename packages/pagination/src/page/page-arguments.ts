import type { Args } from '@prisma-brisk/core'
import { InvalidLimitError, InvalidPageError, LimitExceededError } from '../errors.ts'
import type { ResolvedLimits } from '../limit-options.ts'

/** Rows of a page, or an error; lowered to the maximum where `onExceeded` is `clamp`. */
export function checkPageLimit(
  given: unknown,
  argument: string,
  limits: ResolvedLimits,
  name: string,
  least: 0 | 1 = 1,
): number {
  if (given === undefined) return limits.defaultLimit
  if (typeof given !== 'number' || !Number.isInteger(given) || given < least || given >= 2 ** 31 - 1)
    throw new InvalidLimitError(name, argument, given, least)
  const { maxLimit, onExceeded } = limits
  if (given <= maxLimit || onExceeded === 'allow' || onExceeded === 'warn') return given
  if (onExceeded === 'clamp') return maxLimit
  throw new LimitExceededError(name, given, maxLimit)
}

/** List arguments that a page decides itself. */
export function refuseArguments(args: Args, names: readonly string[], name: string): void {
  const found = names.find((each) => args[each] !== undefined)
  if (found !== undefined)
    throw new InvalidPageError(name, found, 'not to be given, since the page decides it', args[found])
}
