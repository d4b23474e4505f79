import { BriskError, type Args, type Call, type Host, type Next, type SchemaModel } from '@prisma-brisk/core'
import { callSiteOf } from './call-site.ts'
import { InvalidReasonError, LimitExceededError, UnboundedReadError, UnlimitableError } from './errors.ts'
import { DriverLimits, refusalOf } from './driver-limits.ts'
import { ListCuts } from './list-cut.ts'
import { heavyFieldsOf } from './heavy-fields.ts'
import { canCut } from './row-cut.ts'
import { tellLimit } from './limit-event.ts'
import {
  boundOf,
  checkNumbers,
  checkSkip,
  isAbsent,
  wholeNumber,
  type ListBound,
  type ListName,
} from './list-bound.ts'
import type { ResolvedLimits, ResolvedPaginationOptions } from './options.ts'
import { settledRelations, settleList, settleRelations } from './result-bound.ts'
import { limitSelection, reachesRows, type LimitedSelection } from './selection.ts'

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
  private readonly warned = new Set<string>()
  private readonly driver: DriverLimits

  constructor(
    private readonly host: Host,
    private readonly options: ResolvedPaginationOptions,
  ) {
    this.driver = new DriverLimits(host, options.maxDriverRows)
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
        this.checkCreated(call)
        return null
      case 'updateManyAndReturn':
        return this.updated(call, next)
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
    const selection = this.select(call, bound, skip)
    const args = this.withoutHeavy(call.model as string, withTake(selection.args, bound, call))
    return this.settled(call, next(args === call.args ? call : call.withArgs(args)), bound, selection)
  }

  /** Leaves heavy columns out where the caller neither selects nor asks for them. */
  private withoutHeavy(modelName: string, args: Args): Args {
    const { heavyTypes } = this.options
    if (heavyTypes.size === 0 || !isAbsent(args['select'])) return args
    const model = this.host.schema()?.models.get(modelName)
    const heavy = model === undefined ? [] : heavyFieldsOf(model, heavyTypes)
    if (heavy.length === 0) return args
    const omit = {
      ...Object.fromEntries(heavy.map((field) => [field, true])),
      ...(args['omit'] as object | undefined),
    }
    return { ...args, omit }
  }

  private oneRow(call: Call, next: Next, skip = 0): Promise<unknown> {
    const selection = this.select(call, ONE_ROW, skip)
    const sent = selection.args === call.args ? call : call.withArgs(selection.args)
    return this.settled(call, next(sent), null, selection)
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
    return this.settled(call, next(sent), bound, null)
  }

  private checkCreated(call: Call): void {
    const { maxLimit, onExceeded } = this.limitsOf(call.model as string)
    const { data } = call.args
    if (onExceeded === 'allow' || !Array.isArray(data) || data.length <= maxLimit) return
    throw new LimitExceededError(nameOf(call).name(), data.length, maxLimit)
  }

  /**
   * An update that returns its rows is refused before it writes. How many rows it would return is counted first, up to one more than
   * it may; a `limit` would silently leave rows unwritten.
   */
  private updated(call: Call, next: Next): Promise<unknown> {
    const { maxLimit, onMissing, onExceeded } = this.limitsOf(call.model as string)
    const list = nameOf(call)
    const { limit } = call.args
    if (!isAbsent(limit)) {
      const rows = wholeNumber(limit, list, 'limit')
      if (rows > maxLimit && onExceeded !== 'allow') throw new LimitExceededError(list.name(), rows, maxLimit)
      return next(call)
    }
    if (onMissing === 'allow') return next(call)
    // Members of an array transaction are sent exactly once, so nothing can be counted for them.
    const { kind } = call.transaction
    if (onMissing === 'reject' || kind === 'array' || kind === 'unrecognised' || !call.redirects)
      throw new UnboundedReadError(list.name(), maxLimit, list.callSite(), 'untold', 'limit')
    return this.counted(call, next, list, maxLimit)
  }

  private async counted(call: Call, next: Next, list: ListName, maxLimit: number): Promise<unknown> {
    const { where } = call.args
    const rows = await call.send('count', { ...(isAbsent(where) ? {} : { where }), take: maxLimit + 1 })
    if ((rows as number) <= maxLimit) return next(call)
    const error = new UnboundedReadError(list.name(), maxLimit, list.callSite(), 'more', 'limit')
    tellLimit(call, { rule: 'reject', limit: maxLimit, code: error.code })
    throw error
  }

  /** What the call selects, with its lists bounded, and with what Prisma would cut in Node cut in SQL. */
  private select(call: Call, bound: ListBound, skip: number): LimitedSelection {
    const { args } = call
    const isPlain = args['select'] === undefined && args['include'] === undefined
    if (isPlain && args['distinct'] === undefined && args['cursor'] === undefined) return flat(args)
    const schema = this.host.schema()
    const model = schema?.models.get(call.model as string)
    if (schema === null || model === undefined) {
      this.host.warnOnce('W_NESTED_UNLIMITED', NO_SCHEMA)
      return flat(args)
    }
    const isFlat = isPlain || !reachesRows(model, args)
    if (isFlat && args['distinct'] === undefined && args['cursor'] === undefined) return flat(args)
    const cuts = this.cutsOf(call, schema)
    const rooted = cuts?.root(model, args, bound, skip, nameOf(call)) ?? args
    if (isFlat) return flat(rooted)
    const context = {
      schema,
      limitsOf: this.limitsOf,
      name: nameOf(call),
      root: this.limitsOf(model.name),
      fluent: call.dataPath.filter((_, index) => index % 2 === 1),
      cuts,
    }
    const selection = limitSelection(model, rooted, context, bound.limit)
    if (cuts?.needsQueries !== true || !schema.previewFeatures.includes('relationJoins')) return selection
    return { ...selection, args: { ...selection.args, relationLoadStrategy: 'query' } }
  }

  private cutsOf(call: Call, schema: SchemaModel): ListCuts | null {
    const { host } = this
    if (host.tap === null || !canCut(host.provider)) {
      host.warnOnce('W_ROWS_UNSEEN', NO_DRIVER)
      return null
    }
    return new ListCuts(schema, call, !call.operation.startsWith('find'), () => this.driver.listen())
  }

  /** Errors that a call was refused with at the driver, as they were thrown: Prisma wraps them. */
  private unwrapped(call: Call, answer: Promise<unknown>): Promise<unknown> {
    return answer.then(
      (result) => {
        // Whoever has connected before the first mount has a driver that nobody hears.
        if (this.host.tap?.status === 'waiting') this.host.warnOnce('W_ROWS_UNSEEN', TOO_LATE)
        return result
      },
      (error: unknown) => {
        throw refusalOf(call) ?? error
      },
    )
  }

  /** Holds what came against the bounds; passes the promise on where there is nothing to hold. */
  private settled(
    call: Call,
    answer: Promise<unknown>,
    bound: ListBound | null,
    selection: LimitedSelection | null,
  ): Promise<unknown> {
    const checksRoot = bound?.rule === 'default' || bound?.rule === 'guard'
    const children =
      selection === null || selection.children.length === 0 ? null : settledRelations(selection.children)
    if (bound !== null && bound.rule !== 'free' && bound.rule !== 'given')
      tellLimit(call, { rule: bound.rule === 'clamped' ? 'clamp' : bound.rule, limit: bound.limit })
    if (!checksRoot && children === null) return answer
    return answer
      .catch((error: unknown) => failed(error, call, checksRoot))
      .then((result) => {
        const onCut = (list: ListName, limit: number) => this.cut(call, list, limit)
        if (checksRoot) settleList(result, bound, nameOf(call), onCut)
        if (children !== null) settleRelations(wrapped(result, call), children, onCut)
        return result
      })
  }

  /** Notes that rows were cut, and warns the first time it happens at a place in the code. */
  private cut(call: Call, list: ListName, limit: number): void {
    const { limit: note } = call.notes
    if (note !== undefined) note.cut = true
    const place = list.callSite() ?? list.name()
    if (this.warned.has(place)) return
    if (this.warned.size < 1000) this.warned.add(place)
    process.emitWarning(
      `prisma-brisk: ${list.name()} at ${place} was cut to its default limit of ${limit} rows. Give it a take, read it in pages with cursorPage() or paginate(), or say why all rows are needed: unbounded: 'nightly export'.`,
      { type: 'PrismaBriskWarning', code: 'W_LIST_CUT' },
    )
  }
}

/** Prisma splits a long `in` over several statements, but not together with the `take` that is the bound. */
function failed(error: unknown, call: Call, isBound: boolean): never {
  if (!isBound || (error as { code?: unknown } | null)?.code !== 'P2029') throw error
  throw new UnlimitableError(nameOf(call).name(), 'its filter has more values than one statement may bind')
}

const noRelations: LimitedSelection['children'] = Object.freeze([])

function flat(args: Args): LimitedSelection {
  return { args, children: noRelations }
}

/** A fluent call answers with what stands at the end of its path; the bounds are those of the whole path. */
function wrapped(result: unknown, call: Call): unknown {
  let value = result
  for (let index = call.dataPath.length - 1; index > 0; index -= 2)
    value = { [call.dataPath[index] as string]: value }
  return value
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

const NO_SCHEMA =
  'prisma-brisk: without a schema model, lists within include and select are not limited. Pass the schema option, or add the prisma-brisk generator.'
const TOO_LATE =
  'prisma-brisk: this client had connected before the extension was mounted, so its statements cannot be seen: lists within rows are limited by Prisma, which may read more rows than it hands on, and maxDriverRows does not hold. Mount the extension before the first query.'
const NO_DRIVER =
  'prisma-brisk: the statements of this client cannot be seen or are not known here, so lists within rows are limited by Prisma, which may read more rows than it hands on.'

/** A call as errors name it. */
class CallName implements ListName {
  constructor(private readonly call: Call) {}

  name(): string {
    return `${this.call.model}.${this.call.operation}`
  }

  callSite(): string | null {
    return callSiteOf(this.call.callSiteStack())
  }
}

function nameOf(call: Call): ListName {
  return new CallName(call)
}
