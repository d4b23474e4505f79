import {
  BriskError,
  DriverTap,
  isAbsent,
  type Args,
  type Call,
  type Host,
  type Next,
} from '@prisma-brisk/core'
import { InvalidReasonError, UnboundedReadError } from '../errors.ts'
import { publishLimit } from '../limit-event.ts'
import { CallName, ListBound, numbersOf, type Leniency } from '../list-bound.ts'
import type { ResolvedLimits } from '../limit-options.ts'
import type { ResolvedPaginationOptions } from '../options.ts'
import { allowRows, DriverLimits, refusalOf } from '../pushdown/driver-limits.ts'
import { Enforcement } from './enforcement.ts'
import { heavyFieldsOf, omitting } from './heavy-fields.ts'
import { checkCreated, updateWithin } from './returning-write.ts'
import { asWritten, isInvalid, orSplit } from './sent-again.ts'
import { Selections, type LimitedSelection } from './selection.ts'

/** The named way out: `unbounded: 'nightly export'`. */
export const UNBOUNDED = 'unbounded'

/**
 * Applies the limits to the calls of one client.
 *
 * Every operation is one of these: a list of rows, a list of groups, one row (whose nested lists count), rows returned by
 * a write, or numbers alone. Arguments are checked and changed before anything is sent; the result is checked against the
 * bound afterwards.
 */
export class ListLimits {
  private readonly driver: DriverLimits
  private readonly selections: Selections
  private readonly enforcement: Enforcement

  constructor(
    private readonly host: Host,
    private readonly options: ResolvedPaginationOptions,
  ) {
    this.driver = DriverLimits.of(host)
    this.driver.holdRows(options.maxDriverRows)
    this.enforcement = new Enforcement(host)
    this.selections = new Selections(host, this.driver, this.limitsOf)
  }

  limitsOf = (model: string): ResolvedLimits => this.options.models.get(model) ?? this.options.limits

  /** Sends a call within its limits. `lookahead`: rows above the limit that a page asks for, and never returns. */
  apply(call: Call, next: Next, lookahead = 0): Promise<unknown> {
    allowRows(call, this.options.maxDriverRows)
    const answer = refusing(call, () => this.limited(call, next, lookahead) ?? next(call))
    return this.driver.refuses ? this.unwrapped(call, answer) : answer
  }

  /** Null where nothing of the call is limited. */
  private limited(call: Call, next: Next, lookahead: number): Promise<unknown> | null {
    if (call.model === null) return null
    const reason = call.args[UNBOUNDED]
    if (!isAbsent(reason)) return this.unbounded(call, next, reason)
    switch (call.operation) {
      case 'findMany':
        return this.rows(call, next, lookahead)
      case 'findUnique':
      case 'findUniqueOrThrow':
        return this.oneRow(call, next, ListBound.oneRow)
      case 'create':
      case 'update':
      case 'upsert':
      case 'delete':
        return this.written(call, next, ListBound.oneRow)
      case 'findFirst':
      case 'findFirstOrThrow': {
        const limits = this.limitsOf(call.model)
        return this.oneRow(call, next, ListBound.ofFirstRow(call.args, limits, new CallName(call)))
      }
      case 'groupBy':
        return this.groups(call, next)
      case 'count':
      case 'aggregate':
        return this.telling(next, numbersOf(call.args, this.limitsOf(call.model), new CallName(call)))(call)
      case 'createManyAndReturn':
        return this.returned(call, this.telling(next, checkCreated(call, this.limitsOf(call.model))))
      case 'updateManyAndReturn':
        return this.returned(call, (within) =>
          updateWithin(
            within,
            (sent, leniency) => this.telling(next, leniency)(sent),
            this.limitsOf(call.model as string),
          ),
        )
      default:
        return null
    }
  }

  private unbounded(call: Call, next: Next, reason: unknown): Promise<unknown> {
    if (typeof reason !== 'string' || reason.trim() === '')
      throw new InvalidReasonError(new CallName(call).name(), reason)
    publishLimit(call, { rule: 'unbounded', limit: null, reason })
    return next(call)
  }

  private rows(call: Call, next: Next, lookahead: number): Promise<unknown> {
    const limits = this.limitsOf(call.model as string)
    const bound = ListBound.of(call.args, limits, new CallName(call), lookahead)
    const selection = this.selections.of(call, bound)
    const argsOf = (within: LimitedSelection) =>
      this.withoutHeavy(call, this.bounded(within.args, bound, call, within.children.length === 0))
    const answer = this.sentWhole(call, next, argsOf(selection), bound, selection, argsOf)
    return this.enforcement.enforce(call, answer, bound, selection)
  }

  /** Sends a read, and once more where Prisma can split what is too long for one statement. */
  private sentWhole(
    call: Call,
    next: Next,
    args: Args,
    bound: ListBound,
    { children }: LimitedSelection,
    argsOf: (within: LimitedSelection) => Args,
  ): Promise<unknown> {
    const answer = next(args === call.args ? call : call.withArgs(args))
    const isDriverBound = this.driver.isObserved || call.notes.boundAtDriver === undefined
    if (!call.operation.startsWith('find') || (children.length === 0 && isDriverBound)) return answer
    return orSplit(call, next, answer, this.driver, () => argsOf(this.selections.of(call, bound, true)))
  }

  /** Leaves heavy columns out, unless the caller selects or asks for them. */
  private withoutHeavy(call: Call, args: Args): Args {
    const { heavy } = this.options
    if (heavy.types.size + heavy.fields.size === 0 || !isAbsent(args['select'])) return args
    const model = this.host.schema()?.models.get(call.model as string)
    return model === undefined ? args : omitting(args, heavyFieldsOf(model, heavy))
  }

  private bounded(args: Args, bound: ListBound, call: Call, isFlat: boolean): Args {
    const { take } = bound
    if (take === undefined) return args
    if (bound.rule === 'clamped' || args['distinct'] !== undefined || args['cursor'] !== undefined)
      return { ...args, take }
    // Not written into the arguments: batching may merge the call and apply the bound to each caller.
    call.notes.bound = take
    // The whole list, in no order but the caller's. What is cut to a default begins with the first ids.
    if (bound.rule === 'guard' && bound.skip === 0)
      call.notes.boundAtDriver = () => this.driver.bounds(call, take, isFlat) || this.hasNoOrder(call)
    if (!('take' in args)) return args
    const { take: _, ...rest } = args
    return rest
  }

  /** A view without a unique key takes no `take` without an order. Its rows are counted once they are there. */
  private hasNoOrder({ model, args }: Call): boolean {
    const { id = null, uniques = [] } = this.host.schema()?.models.get(model as string) ?? {}
    return id === null && uniques.length === 0 && !isOrder(args['orderBy'])
  }

  private oneRow(call: Call, next: Next, bound: ListBound): Promise<unknown> {
    const selection = this.selections.of(call, bound)
    const sent = selection.args === call.args ? call : call.withArgs(selection.args)
    const answer = this.enforcement.enforce(call, next(sent), null, selection)
    return bound.leniency === null ? answer : this.enforcement.tell(call, answer, bound.leniency)
  }

  /** Tells what a guard would have said of what is sent, if anything. */
  private telling(next: Next, leniency: Leniency | null): Next {
    return leniency === null ? next : (sent) => this.enforcement.tell(sent, next(sent), leniency)
  }

  /** The rows that a write of many returns: as many as it writes, with the lists within them bounded. */
  private returned(call: Call, next: Next): Promise<unknown> {
    const { data, limit } = call.args
    const rows = Array.isArray(data)
      ? data.length
      : typeof limit === 'number'
        ? limit
        : this.limitsOf(call.model as string).maxLimit
    return this.written(call, next, ListBound.ofRows(rows))
  }

  /** Rows of a write. Whether its lists can be counted before it is committed has to be known before it is sent. */
  private written(call: Call, next: Next, bound: ListBound): Promise<unknown> {
    const { select, include } = call.args
    const isPlain = select === undefined && include === undefined
    if (isPlain || this.driver.isObserved || !this.selections.guards(call))
      return this.oneRow(call, next, bound)
    return this.driver.connect(call).then(() => refusing(call, () => this.oneRow(call, next, bound)))
  }

  /** `groupBy` has a LIMIT in SQL, but accepts `take` only together with an order. */
  private groups(call: Call, next: Next): Promise<unknown> {
    const bound = ListBound.of(call.args, this.limitsOf(call.model as string), new CallName(call))
    if (bound.take === undefined) return this.enforcement.enforce(call, next(call), bound, null)
    const { orderBy, by, skip } = call.args
    if (isOrder(orderBy))
      return this.enforcement.enforce(
        call,
        next(call.withArgs({ ...call.args, take: bound.take })),
        bound,
        null,
      )
    // Prisma refuses it, and says so better than we could.
    if (!isAbsent(skip)) return next(call)
    const order = [by].flat().map((field) => ({ [field as string]: 'asc' }))
    const sent = call.withArgs({ ...call.args, orderBy: order, take: bound.take })
    return this.enforcement.enforce(call, next(sent), bound, null)
  }

  /** Prisma wraps the errors that refuse a call at the driver; the caller gets them as they were thrown. */
  private unwrapped(call: Call, answer: Promise<unknown>): Promise<unknown> {
    return answer.then(
      (result) => {
        // A client that connected before the first mount has a driver that cannot be observed.
        if (DriverTap.of(this.host)?.status === 'waiting') this.host.warnOnce('W_ROWS_UNSEEN', TOO_LATE)
        return result
      },
      (error: unknown) => {
        const refusal = refusalOf(call)
        if (refusal !== undefined || !isInvalid(error)) throw located(call, refusal ?? error)
        return asWritten(call, this.driver, error)
      },
    )
  }
}

/** Tells of a call that is refused before it is sent. */
function refusing(call: Call, run: () => Promise<unknown>): Promise<unknown> {
  try {
    return run()
  } catch (error) {
    if (error instanceof BriskError) publishLimit(call, { rule: 'reject', limit: null, code: error.code })
    return Promise.reject(error).catch((refusal: unknown) => {
      throw located(call, refusal)
    })
  }
}

/**
 * A refusal with its place. Where Prisma records none, the promises lead to whoever awaits the call only once it settles: not
 * before it is sent, nor at the driver.
 */
function located(call: Call, refusal: unknown): unknown {
  const isNowhere = refusal instanceof UnboundedReadError && refusal.callSite === null
  return isNowhere ? refusal.at(new CallName(call).callSite()) : refusal
}

/** Whether an `orderBy` orders by anything: `[]`, `{}` and `[{}]` do not. */
function isOrder(orderBy: unknown): boolean {
  if (isAbsent(orderBy)) return false
  return [orderBy].flat().some((term) => Object.values(term ?? {}).some((value) => !isAbsent(value)))
}

const TOO_LATE =
  'prisma-brisk: this client connected before the extension was mounted, so its statements cannot be observed. Lists within rows are limited by Prisma, which may read more rows than it returns, and maxDriverRows does not hold. Mount the extension before the first query.'
