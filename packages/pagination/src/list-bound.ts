import { isAbsent, type Args, type Call, type Relation, stackHere } from '@prisma-brisk/core'
import {
  InvalidLimitError,
  InvalidOffsetError,
  LimitExceededError,
  OffsetTooDeepError,
  UnboundedReadError,
} from './errors.ts'
import type { OnExceeded, OnMissing } from './limit-options.ts'

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

/** What a guard would have refused of a list that is answered all the same. */
export interface Leniency {
  readonly policy: 'warn' | 'allow'
  /** Rows above which it is told; those to skip, where the list is told for its offset. */
  readonly limit: number
  /** The error a guard would answer with. */
  readonly code: string
  /** Whether its arguments alone would be refused, however few rows come. */
  readonly isRefused: boolean
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
    /** Null where a guard would have nothing to say. */
    readonly leniency: Leniency | null = null,
  ) {}

  /**
   * What the policy makes of a list's `take` and `skip`. `lookahead` rows above the limit are ours: a page asks for one
   * more.
   *
   * @throws InvalidLimitError, InvalidOffsetError, LimitExceededError, OffsetTooDeepError, UnboundedReadError
   */
  static of(args: Args, policy: LimitPolicy, list: ListName, lookahead = 0): ListBound {
    const { maxLimit, onExceeded } = policy
    const { take } = args
    if (isAbsent(take)) return ListBound.ofMissing(args, policy, list)
    if (onExceeded === 'warn' && !isWhole(take))
      return ListBound.free(Infinity, 0, refused('warn', maxLimit, 'E_INVALID_LIMIT'))
    const rows = Math.abs(wholeNumber(take, list))
    const isWithin = rows <= maxLimit + lookahead
    if (!isWithin && onExceeded === 'reject')
      throw new LimitExceededError(list.name(), rows - lookahead, maxLimit, list.callSite())
    const { skip, leniency: tooDeep } = checkSkip(args['skip'], policy, list)
    const leniency =
      isWithin || onExceeded === 'clamp'
        ? tooDeep
        : refused(onExceeded === 'warn' ? 'warn' : 'allow', maxLimit, 'E_LIMIT_EXCEEDED')
    // Nothing is to be limited: not even where Prisma cuts in Node is anything changed.
    if (limitsNothing(policy) || leniency?.policy === 'warn') return ListBound.free(rows, skip, leniency)
    if (isWithin || onExceeded === 'allow') return new ListBound('given', rows, undefined, skip, leniency)
    return new ListBound('clamped', maxLimit, (take as number) < 0 ? -maxLimit : maxLimit + lookahead, skip)
  }

  private static free(rows: number, skip: number, leniency: Leniency | null): ListBound {
    return new ListBound('free', rows, undefined, skip, leniency)
  }

  /** An operation that returns the row of a key. */
  static readonly oneRow = new ListBound('given', 1, 1, 0)

  /** An operation that returns the rows it writes. */
  static ofRows(rows: number): ListBound {
    return new ListBound('given', rows, rows, 0)
  }

  /** The first row of a list, whose `take` may be any number. */
  static ofFirstRow(args: Args, policy: LimitPolicy, list: ListName): ListBound {
    const odd = oddTake(args, policy, list)
    const { skip, leniency } = checkSkip(args['skip'], policy, list)
    const isFree = limitsNothing(policy) || leniency !== null || odd !== null
    return new ListBound(isFree ? 'free' : 'given', 1, 1, skip, odd ?? leniency)
  }

  private static ofMissing(args: Args, policy: LimitPolicy, list: ListName): ListBound {
    const { onMissing, defaultLimit, maxLimit } = policy
    if (onMissing === 'reject') throw new UnboundedReadError(list.name(), maxLimit, list.callSite(), 'untold')
    const { skip, leniency } = checkSkip(args['skip'], policy, list)
    if (onMissing === 'allow' || onMissing === 'warn') {
      const missing: Leniency = {
        policy: onMissing,
        limit: maxLimit,
        code: 'E_UNBOUNDED_READ',
        isRefused: false,
      }
      return ListBound.free(Infinity, skip, leniency ?? missing)
    }
    const limit = onMissing === 'default' ? defaultLimit : maxLimit
    return new ListBound(onMissing, limit, limit + 1, skip, leniency)
  }
}

/** Whether neither policy changes or refuses anything. */
function limitsNothing({ onExceeded, onMissing }: Pick<LimitPolicy, 'onExceeded' | 'onMissing'>): boolean {
  return isLenient(onExceeded) && isLenient(onMissing)
}

function isLenient(policy: OnExceeded | OnMissing): policy is Leniency['policy'] {
  return policy === 'allow' || policy === 'warn'
}

/** Arguments that a guard would refuse whatever comes. */
function refused(policy: Leniency['policy'], limit: number, code: string): Leniency {
  return { policy, limit, code, isRefused: true }
}

/** What is wrong with the numbers of an operation that returns no rows (`count`, `aggregate`), which may be any but must be whole. */
export function numbersOf(args: Args, policy: LimitPolicy, list: ListName): Leniency | null {
  const numbers = { ...policy, maxOffset: Infinity }
  return oddTake(args, numbers, list) ?? checkSkip(args['skip'], numbers, list).leniency
}

/** `take` as a number that no database and no part of Prisma wraps or rounds. */
export function wholeNumber(take: unknown, list: ListName, argument = 'take'): number {
  if (isWhole(take)) return take
  throw new InvalidLimitError(list.name(), argument, take)
}

/** Whether no database and no part of Prisma wraps or rounds it. */
export function isWhole(number: unknown): number is number {
  return typeof number === 'number' && Number.isInteger(number) && Math.abs(number) < 2 ** 31
}

/** Checks a `take` that limits nothing. */
function oddTake({ take }: Args, { onExceeded, maxLimit }: LimitPolicy, list: ListName): Leniency | null {
  if (isAbsent(take)) return null
  if (onExceeded === 'warn' && !isWhole(take)) return refused('warn', maxLimit, 'E_INVALID_LIMIT')
  wholeNumber(take, list)
  return null
}

/** `skip` within the offset limit; 0 where it is not given. */
function checkSkip(
  skip: unknown,
  { maxOffset, onExceeded }: LimitPolicy,
  list: ListName,
): { readonly skip: number; readonly leniency: Leniency | null } {
  if (isAbsent(skip)) return NO_SKIP
  if (!isWhole(skip) || skip < 0) {
    if (onExceeded !== 'warn') throw new InvalidOffsetError(list.name(), 'skip', skip)
    return { skip: 0, leniency: refused('warn', maxOffset, 'E_INVALID_OFFSET') }
  }
  if (skip <= maxOffset) return { skip, leniency: null }
  if (onExceeded !== 'warn') throw new OffsetTooDeepError(list.name(), skip, maxOffset, list.callSite())
  return { skip, leniency: refused('warn', maxOffset, 'E_OFFSET_TOO_DEEP') }
}

const NO_SKIP = Object.freeze({ skip: 0, leniency: null })

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
    return this.call.callSite(stackHere())
  }
}
