import { type Args, BriskError, type Call, DriverTap, type Host, type Next } from '@prisma-brisk/core'
import { nameOf } from '../call-name.ts'
import { CallSelections } from './call-selection.ts'
import { DriverLimits, refusalOf } from '../pushdown/driver-limits.ts'
import { InvalidReasonError } from '../errors.ts'
import { heavyFieldsOf, omitting } from './heavy-fields.ts'
import { tellLimit } from '../limit-event.ts'
import { boundOf, checkNumbers, checkSkip, isAbsent, type ListBound } from '../list-bound.ts'
import type { ResolvedLimits, ResolvedPaginationOptions } from '../options.ts'
import { checkCreated, updateWithin } from './returning-write.ts'
import { Settlement } from './enforcement.ts'

/** The named way out: `unbounded: 'nightly export'`. */
export const UNBOUNDED = 'unbounded'

/**
 * Applies the limits to the calls of one client.
 *
 * Every operation falls into one of these: a list of rows, a list of groups, one row (whose nested lists count), rows
 * returned by a write, or numbers alone. What the caller asked for is checked and changed before anything is sent; what came
 * is held against the bound afterwards.
 */
export class Limits {
  private readonly driver: DriverLimits
  private readonly selections: CallSelections
  private readonly settlement = new Settlement()

  constructor(
    private readonly host: Host,
    private readonly options: ResolvedPaginationOptions,
  ) {
    this.driver = new DriverLimits(host, options.maxDriverRows)
    this.selections = new CallSelections(host, this.driver, this.limitsOf)
  }

  limitsOf = (model: string): ResolvedLimits => this.options.models.get(model) ?? this.options.limits

  /** Sends a call within its limits. `lookahead`: rows above the limit that a page asks for, and never hands out. */
  apply(call: Call, next: Next, lookahead = 0): Promise<unknown> {
    try {
      const answer = this.limited(call, next, lookahead) ?? next(call)
      return this.driver.refuses ? this.unwrapped(call, answer) : answer
    } catch (error) {
      if (error instanceof BriskError) tellLimit(call, { rule: 'reject', limit: null, code: error.code })
      return Promise.reject(error)
    }
  }

  /** Null where the call is none of ours. */
  private limited(call: Call, next: Next, lookahead: number): Promise<unknown> | null {
    if (call.model === null) return null
    const reason = call.args[UNBOUNDED]
    if (!isAbsent(reason)) return this.unbounded(call, next, reason)
    switch (call.operation) {
      case 'findMany':
        return this.rows(call, next, lookahead)
      case 'findUnique':
      case 'findUniqueOrThrow':
      case 'create':
      case 'update':
      case 'upsert':
      case 'delete':
        return this.oneRow(call, next)
      case 'findFirst':
      case 'findFirstOrThrow':
        checkNumbers(call.args, nameOf(call))
        return this.oneRow(
          call,
          next,
          checkSkip(call.args['skip'], this.limitsOf(call.model).maxOffset, nameOf(call)),
        )
      case 'groupBy':
        return this.groups(call, next)
      case 'count':
      case 'aggregate':
        checkNumbers(call.args, nameOf(call))
        return null
      case 'createManyAndReturn':
        checkCreated(call, this.limitsOf(call.model))
        return null
      case 'updateManyAndReturn':
        return updateWithin(call, next, this.limitsOf(call.model))
      default:
        return null
    }
  }

  private unbounded(call: Call, next: Next, reason: unknown): Promise<unknown> {
    if (typeof reason !== 'string' || reason.trim() === '')
      throw new InvalidReasonError(nameOf(call).name(), reason)
    tellLimit(call, { rule: 'unbounded', limit: null, reason })
    return next(call)
  }

  private rows(call: Call, next: Next, lookahead: number): Promise<unknown> {
    const name = nameOf(call)
    const limits = this.limitsOf(call.model as string)
    const bound = boundOf(call.args['take'], limits, name, lookahead)
    const skip = checkSkip(call.args['skip'], limits.maxOffset, name)
    const selection = this.selections.of(call, bound, skip)
    const args = this.withoutHeavy(call, withTake(selection.args, bound, call))
    const sent = args === call.args ? call : call.withArgs(args)
    return this.settlement.settle(call, next(sent), bound, selection)
  }

  /** Leaves heavy columns out where the caller neither selects nor asks for them. */
  private withoutHeavy(call: Call, args: Args): Args {
    const { heavyTypes } = this.options
    if (heavyTypes.size === 0 || !isAbsent(args['select'])) return args
    const model = this.host.schema()?.models.get(call.model as string)
    return model === undefined ? args : omitting(args, heavyFieldsOf(model, heavyTypes))
  }

  private oneRow(call: Call, next: Next, skip = 0): Promise<unknown> {
    const selection = this.selections.of(call, ONE_ROW, skip)
    const sent = selection.args === call.args ? call : call.withArgs(selection.args)
    return this.settlement.settle(call, next(sent), null, selection)
  }

  /** `groupBy` has a LIMIT in SQL, but takes one only together with an order. */
  private groups(call: Call, next: Next): Promise<unknown> {
    const name = nameOf(call)
    const limits = this.limitsOf(call.model as string)
    const bound = boundOf(call.args['take'], limits, name)
    checkSkip(call.args['skip'], limits.maxOffset, name)
    if (bound.take === undefined) return next(call)
    const { orderBy = [call.args['by']].flat().map((field) => ({ [field as string]: 'asc' })), ...rest } =
      call.args
    const sent = call.withArgs({ ...rest, orderBy, take: bound.take })
    return this.settlement.settle(call, next(sent), bound, null)
  }

  /** Errors that a call was refused with at the driver, as they were thrown: Prisma wraps them. */
  private unwrapped(call: Call, answer: Promise<unknown>): Promise<unknown> {
    return answer.then(
      (result) => {
        // Whoever has connected before the first mount has a driver that nobody hears.
        if (DriverTap.of(this.host)?.status === 'waiting') this.host.warnOnce('W_ROWS_UNSEEN', TOO_LATE)
        return result
      },
      (error: unknown) => {
        throw refusalOf(call) ?? error
      },
    )
  }
}

function withTake(args: Args, bound: ListBound, call: Call): Args {
  if (bound.take === undefined) return args
  if (bound.rule === 'clamped' || args['distinct'] !== undefined || args['cursor'] !== undefined)
    return { ...args, take: bound.take }
  // Not ours to write into the arguments: batching may merge the call and hold the bound for each caller.
  call.notes.bound = bound.take
  if (!('take' in args)) return args
  const { take: _, ...rest } = args
  return rest
}

/** The row of an operation that answers with one. */
const ONE_ROW: ListBound = Object.freeze<ListBound>({ rule: 'given', limit: 1, take: 1 })

const TOO_LATE =
  'prisma-brisk: this client had connected before the extension was mounted, so its statements cannot be seen: lists within rows are limited by Prisma, which may read more rows than it hands on, and maxDriverRows does not hold. Mount the extension before the first query.'
