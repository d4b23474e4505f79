import {
  isAbsent,
  type Args,
  type Call,
  type Model,
  type SchemaModel,
  type Relation,
} from '@prisma-brisk/core'
import { markedOrder, planFor, type LimitPlan } from './limit-plan.ts'
import { UnboundedReadError, UnlimitableError } from '../errors.ts'
import type { ListBound, ListName, SelectedRelation } from '../list-bound.ts'
import {
  comparedColumn,
  distinctTrouble,
  linkOf,
  tableKey,
  type RowLimit,
  type RowLink,
} from './row-limit.ts'
import { tiebreakerOf } from '../tiebreaker.ts'

/** Pushes the limits of one call's lists down to their statements, and marks the lists with them. */
export class LimitPushdown {
  /**
   * A list within rows has `distinct`: Prisma's join strategy would aggregate all its rows, and cut them in Node. Or it is
   * one that a write returns: its rows are to be counted before the write is committed, and a join hides them.
   */
  needsQueries = false
  private opened: LimitPlan | null = null
  /** The table of the call's own list, where its statement can be told from others of the table by its cursor alone. */
  private rootTable: string | null = null

  constructor(
    private readonly schema: SchemaModel,
    private readonly call: Call,
    /** Writes can still be rolled back when a list turns out too long: at the driver. */
    private readonly isWrite: boolean,
    /** Called with the first limit. */
    private readonly onFirst: () => void,
    /** Lists in no order stay so, without a `take`: Prisma then splits the keys of their parents over several statements. */
    private readonly splits: boolean,
  ) {}

  private get plan(): LimitPlan {
    if (this.opened === null) {
      this.onFirst()
      this.opened = planFor(this.call)
    }
    return this.opened
  }

  /** Arguments of the call's own list: `distinct` and `cursor` are cut in Node by Prisma. */
  root(model: Model, args: Args, bound: ListBound, list: ListName): Args {
    const rows = rowsAsked(bound, args)
    const withCursor = !isAbsent(args['cursor'])
    if (rows === Infinity || (!withCursor && isAbsent(args['distinct']))) return args
    if (this.isRefused(model, args)) return args
    const limit = this.limit(
      model,
      args,
      null,
      bound.skip + rows,
      list,
      Infinity,
      () => new UnlimitableError(list.name(), ''),
    )
    if (withCursor) {
      // Its order decides whether Prisma cuts in SQL or in Node, and with which rows: it must stay as it is.
      this.plan.root(limit)
      this.rootTable = limit.table
      return args
    }
    return this.marked(model, args, limit)
  }

  /** Arguments of a list within rows. */
  nested({ relation, bound, name }: SelectedRelation, args: Args): Args {
    const target = this.schema.models.get(relation.target)
    if (bound === null || target === undefined) return args
    const rows = rowsAsked(bound, args)
    if (rows === Infinity) {
      // Only to be told from the call's own list.
      if (tableKey(target.dbSchema, target.table) !== this.rootTable) return args
    }
    if (this.isRefused(target, args)) return args
    const link = linkOf(this.schema, relation)
    if (link === null)
      throw new UnlimitableError(
        name.name(),
        'the schema model does not say how its rows belong to their parents',
      )
    const guarded = this.isWrite && bound.rule === 'guard'
    if (guarded || !isAbsent(args['distinct'])) this.needsQueries = true
    const fail = () => new UnboundedReadError(name.name(), bound.limit, name.callSite(), 'more')
    const limit = this.limit(
      target,
      args,
      link,
      bound.skip + rows,
      name,
      guarded ? bound.skip + bound.limit : Infinity,
      fail,
    )
    if (this.splits && this.isTold(relation, target, args, bound) && this.plan.leaveUnordered(limit)) {
      this.needsQueries = true
      const { take: _, ...rest } = args
      return rest
    }
    return this.marked(target, args, limit)
  }

  /** Prisma refuses a `distinct` by what is no field, and says so better. Nothing is left to it that may write. */
  private isRefused(model: Model, args: Args): boolean {
    const isKnown = distinctOf(args).every((name) => isColumn(model, name))
    if (isKnown || this.isWrite) return false
    // To have its word on the caller's own arguments.
    this.onFirst()
    return true
  }

  /** Whether a list without `take` and order shows by its table and the column of its parents. */
  private isTold(relation: Relation, target: Model, args: Args, { rule, skip }: ListBound): boolean {
    if ((rule !== 'guard' && rule !== 'default') || skip > 0 || this.isWrite) return false
    if (!isAbsent(args['orderBy']) || !isAbsent(args['cursor'])) return false
    const { model, args: own } = this.call
    const root = this.schema.models.get(model as string)
    if (root?.name !== target.name) return true
    // The call's own list may be filtered by that very column.
    const back = target.relations.find(({ field }) => field === relation.backField)
    return back !== undefined && !mentions(own['where'], new Set(back.fields))
  }

  private limit(
    model: Model,
    args: Args,
    link: RowLink | null,
    keep: number,
    list: ListName,
    failAbove: number,
    fail: () => Error,
  ): RowLimit {
    const tiebreaker = tiebreakerOf(model)
    if (tiebreaker === null)
      throw new UnlimitableError(
        list.name(),
        `${model.name} has no unique key without nulls, which would decide between rows that tie`,
      )
    const distinct = distinctOf(args)
    const trouble = distinctTrouble(model, distinct)
    if (trouble !== null) throw new UnlimitableError(list.name(), `distinct by ${trouble}`)
    return {
      table: tableKey(model.dbSchema, model.table),
      link,
      keep,
      distinct: distinct.map((field) => comparedColumn(model, field)),
      fromCursor: !isAbsent(args['cursor']),
      tiebreaker: tiebreaker.map((field) => comparedColumn(model, field).column),
      backward: typeof args['take'] === 'number' && args['take'] < 0,
      failAbove,
      fail,
    }
  }

  private marked(model: Model, args: Args, limit: RowLimit): Args {
    const copies = this.plan.mark(limit)
    return { ...args, orderBy: markedOrder(args['orderBy'], tiebreakerOf(model) ?? [], copies) }
  }
}

function isColumn({ fields, relations }: Model, name: string): boolean {
  return fields.has(name) && relations.every(({ field }) => field !== name)
}

function distinctOf({ distinct }: Args): readonly string[] {
  return isAbsent(distinct) ? [] : ([distinct].flat() as string[])
}

/** Whether a filter names one of these fields, however deep. */
function mentions(filter: unknown, fields: ReadonlySet<string>): boolean {
  if (typeof filter !== 'object' || filter === null) return false
  return Object.entries(filter).some(([name, value]) => fields.has(name) || mentions(value, fields))
}

/** Rows that Prisma hands on: more than the list may have where one row more tells that it is too long. */
function rowsAsked(bound: ListBound, args: Args): number {
  const take = bound.take ?? args['take']
  return bound.rule === 'free' || typeof take !== 'number' ? Infinity : Math.abs(take)
}
