import { isAbsent, type Args, type Call, type Relation } from '@prisma-brisk/core'
import {
  InvalidLimitError,
  InvalidOffsetError,
  LimitExceededError,
  OffsetTooDeepError,
  UnboundedReadError,
} from './errors.ts'
import type { OnExceeded, OnMissing } from './options.ts'

/** A list as errors name it (`Post.findMany`, `User.findMany → posts`), worded only when an error needs it. */
export interface ListName {
  name(): string
  callSite(): string | null
}

/** What decides the bound of one list. */
export interface LimitPolicy {
  readonly defaultLimit: number
  readonly maxLimit: number
  readonly maxOffset: number
  readonly onMissing: OnMissing
  readonly onExceeded: OnExceeded
}

/**
 * How many rows one list may have.
 *
 * - `free`: not limited
 * - `given`: the caller's own `take`, within the limit
 * - `clamped`: lowered to the limit
 * - `default`: none given, cut to the default
 * - `guard`: none given, the whole list or an error
 */
export class ListBound {
  private constructor(
    readonly rule: 'free' | 'given' | 'clamped' | 'default' | 'guard',
    /** Rows the list may return; Infinity where it is free. */
    readonly limit: number,
    /** What `take` must be; undefined where it stays as it is. `default` and `guard` ask for one row more than the limit. */
    readonly take: number | undefined,
    /** Rows passed over before the first one. */
    readonly skip: number,
  ) {}

  /**
   * What the policy makes of a list's `take` and `skip`. `lookahead` rows above the limit are ours: a page asks for one
   * more.
   *
   * @throws InvalidLimitError, InvalidOffsetError, LimitExceededError, OffsetTooDeepError, UnboundedReadError
   */
  static of(args: Args, policy: LimitPolicy, list: ListName, lookahead = 0): ListBound {
    const { maxLimit, onExceeded, maxOffset } = policy
    const { take } = args
    if (isAbsent(take)) return ListBound.ofMissing(args, policy, list)
    const rows = Math.abs(wholeNumber(take, list))
    const isWithin = rows <= maxLimit + lookahead
    if (!isWithin && onExceeded === 'reject')
      throw new LimitExceededError(list.name(), rows - lookahead, maxLimit)
    const skip = checkSkip(args['skip'], maxOffset, list)
    // Nothing is to be limited: not even where Prisma cuts in Node is anything changed.
    if (limitsNothing(policy)) return new ListBound('free', rows, undefined, skip)
    if (isWithin || onExceeded === 'allow') return new ListBound('given', rows, undefined, skip)
    return new ListBound('clamped', maxLimit, (take as number) < 0 ? -maxLimit : maxLimit + lookahead, skip)
  }

  /** An operation that returns the row of a key. */
  static readonly oneRow = new ListBound('given', 1, 1, 0)

  /** An operation that returns the rows it writes. */
  static ofRows(rows: number): ListBound {
    return new ListBound('given', rows, rows, 0)
  }

  /** The first row of a list, whose `take` may be any number. */
  static ofFirstRow(args: Args, policy: LimitPolicy, list: ListName): ListBound {
    if (!isAbsent(args['take'])) wholeNumber(args['take'], list)
    const skip = checkSkip(args['skip'], policy.maxOffset, list)
    return new ListBound(limitsNothing(policy) ? 'free' : 'given', 1, 1, skip)
  }

  private static ofMissing(args: Args, policy: LimitPolicy, list: ListName): ListBound {
    const { onMissing, defaultLimit, maxLimit, maxOffset } = policy
    if (onMissing === 'reject') throw new UnboundedReadError(list.name(), maxLimit, list.callSite(), 'untold')
    const skip = checkSkip(args['skip'], maxOffset, list)
    if (onMissing === 'allow') return new ListBound('free', Infinity, undefined, skip)
    const limit = onMissing === 'default' ? defaultLimit : maxLimit
    return new ListBound(onMissing, limit, limit + 1, skip)
  }
}

function limitsNothing({ onExceeded, onMissing }: LimitPolicy): boolean {
  return onExceeded === 'allow' && onMissing === 'allow'
}

/** For operations that return no rows (`count`, `aggregate`): the numbers must be whole, and may be any. */
export function checkNumbers(args: Args, list: ListName): void {
  if (!isAbsent(args['take'])) wholeNumber(args['take'], list)
  checkSkip(args['skip'], Infinity, list)
}

/** `take` as a number that no database and no part of Prisma wraps or rounds. */
export function wholeNumber(take: unknown, list: ListName, argument = 'take'): number {
  if (typeof take === 'number' && Number.isInteger(take) && Math.abs(take) < 2 ** 31) return take
  throw new InvalidLimitError(list.name(), argument, take)
}

/** `skip` within the offset limit; 0 where it is not given. */
function checkSkip(skip: unknown, maxOffset: number, list: ListName): number {
  if (isAbsent(skip)) return 0
  if (typeof skip !== 'number' || !Number.isInteger(skip) || skip < 0 || skip >= 2 ** 31)
    throw new InvalidOffsetError(list.name(), 'skip', skip)
  if (skip > maxOffset) throw new OffsetTooDeepError(list.name(), skip, maxOffset)
  return skip
}

/** A relation that a selection follows, with what follows within it. */
export interface SelectedRelation {
  readonly relation: Relation
  /** The bound of a list; null for a relation to one row. */
  readonly bound: ListBound | null
  readonly name: ListName
  readonly children: readonly SelectedRelation[]
}

/** A call as errors name it. */
export class CallName implements ListName {
  constructor(private readonly call: Call) {}

  name(): string {
    return `${this.call.model}.${this.call.operation}`
  }

  callSite(): string | null {
    return this.call.callSite()
  }
}
