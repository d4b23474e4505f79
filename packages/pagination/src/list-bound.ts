import type { Args } from '@prisma-brisk/core'
import {
  InvalidLimitError,
  InvalidOffsetError,
  LimitExceededError,
  OffsetTooDeepError,
  UnboundedReadError,
} from './errors.ts'
import type { OnExceeded, OnMissing } from './options.ts'

/**
 * How many rows one list may have.
 *
 * - `free`: not limited
 * - `given`: the caller's own `take`, within the limit
 * - `clamped`: lowered to the limit
 * - `default`: none given, cut to the default
 * - `guard`: none given, the whole list or an error
 */
export interface ListBound {
  readonly rule: 'free' | 'given' | 'clamped' | 'default' | 'guard'
  /** Rows the list may hand out; Infinity where it is free. */
  readonly limit: number
  /** What `take` must be; undefined where it stays as it is. `default` and `guard` ask for one row more than the limit. */
  readonly take: number | undefined
}

export interface ListLimits {
  readonly defaultLimit: number
  readonly maxLimit: number
  readonly onMissing: OnMissing
  readonly onExceeded: OnExceeded
}

/** A list as errors name it (`Post.findMany`, `User.findMany → posts`), worded only when an error needs it. */
export interface ListName {
  name(): string
  callSite(): string | null
}

const free: ListBound = Object.freeze<ListBound>({ rule: 'free', limit: Infinity, take: undefined })

/** What the policy makes of a list's `take`. `lookahead` rows above the limit are ours: a page asks for one more. */
export function boundOf(take: unknown, limits: ListLimits, list: ListName, lookahead = 0): ListBound {
  if (isAbsent(take)) return missing(limits, list)
  const rows = Math.abs(wholeNumber(take, list))
  const { maxLimit, onExceeded, onMissing } = limits
  // Nothing is to be limited: not even where Prisma cuts in Node is anything changed.
  if (onExceeded === 'allow' && onMissing === 'allow') return { rule: 'free', limit: rows, take: undefined }
  if (rows <= maxLimit + lookahead || onExceeded === 'allow')
    return { rule: 'given', limit: rows, take: undefined }
  if (onExceeded === 'reject') throw new LimitExceededError(list.name(), rows - lookahead, maxLimit)
  return { rule: 'clamped', limit: maxLimit, take: (take as number) < 0 ? -maxLimit : maxLimit + lookahead }
}

function missing({ onMissing, defaultLimit, maxLimit }: ListLimits, list: ListName): ListBound {
  if (onMissing === 'allow') return free
  if (onMissing === 'reject') throw new UnboundedReadError(list.name(), maxLimit, list.callSite(), 'untold')
  const limit = onMissing === 'default' ? defaultLimit : maxLimit
  return { rule: onMissing, limit, take: limit + 1 }
}

/** `take` as a number that no database and no part of Prisma wraps or rounds. */
export function wholeNumber(take: unknown, list: ListName, argument = 'take'): number {
  if (typeof take === 'number' && Number.isInteger(take) && Math.abs(take) < 2 ** 31) return take
  throw new InvalidLimitError(list.name(), argument, take)
}

/** `skip` within the offset limit; 0 where it is not given. */
export function checkSkip(skip: unknown, maxOffset: number, list: ListName): number {
  if (isAbsent(skip)) return 0
  if (typeof skip !== 'number' || !Number.isInteger(skip) || skip < 0 || skip >= 2 ** 31)
    throw new InvalidOffsetError(list.name(), 'skip', skip)
  if (skip > maxOffset) throw new OffsetTooDeepError(list.name(), skip, maxOffset)
  return skip
}

/** For operations that hand out no rows (`count`, `aggregate`): the numbers must be whole, and may be any. */
export function checkNumbers(args: Args, list: ListName): void {
  if (!isAbsent(args['take'])) wholeNumber(args['take'], list)
  checkSkip(args['skip'], Infinity, list)
}

/** Not given, as Prisma sees it: `undefined`, or `Prisma.skip`, which is known by its one method. */
export function isAbsent(value: unknown): boolean {
  return (
    value === undefined ||
    (typeof value === 'object' &&
      value !== null &&
      typeof (value as { ifUndefined?: unknown }).ifUndefined === 'function')
  )
}
