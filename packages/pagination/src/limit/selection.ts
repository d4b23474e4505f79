import {
  DriverTap,
  isAbsent,
  type Args,
  type Call,
  type Host,
  type Model,
  type Relation,
  type SchemaModel,
} from '@prisma-brisk/core'
import { CostExceededError, UnboundedReadError } from '../errors.ts'
import { CallName, ListBound, type Leniency, type ListName, type SelectedRelation } from '../list-bound.ts'
import type { ResolvedLimits } from '../limit-options.ts'
import type { DriverLimits } from '../pushdown/driver-limits.ts'
import { LimitPushdown } from '../pushdown/limit-pushdown.ts'
import { canPushDown } from '../pushdown/row-limit.ts'

export interface LimitedSelection {
  /** The same object where nothing had to change. */
  readonly args: Args
  readonly children: readonly SelectedRelation[]
  /** The lists of it whose arguments a guard would refuse, however few rows come. */
  readonly refused: ReadonlyMap<ListName, Leniency>
}

/** The selections of calls, with every list in them bounded, and with what Prisma would cut in Node pushed down to SQL. */
export class Selections {
  constructor(
    private readonly host: Host,
    private readonly driver: DriverLimits,
    private readonly limitsOf: (model: string) => ResolvedLimits,
  ) {}

  /**
   * @param bound of the call's own list; a selection within one row has one of 1
   * @param splits lists within rows have more parents than one statement may bind
   */
  of(call: Call, bound: ListBound, splits = false): LimitedSelection {
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
    const pushdown = this.pushdownOf(call, schema, splits)
    const rooted = pushdown?.root(model, args, bound, new CallName(call)) ?? args
    if (isFlat) return flat(rooted)
    const isUncounted = isWrite(call) && (pushdown === null || !this.driver.isLimiting)
    const walk = new SelectionWalk(schema, call, this.limitsOf, pushdown, isUncounted)
    const selection = walk.limited(model, rooted, { depth: 0, rows: guardedRows(bound), path: [] })
    if (pushdown?.needsQueries !== true || !schema.previewFeatures.includes('relationJoins')) return selection
    return { ...selection, args: { ...selection.args, relationLoadStrategy: 'query' } }
  }

  /** Whether a call asks for a list that may be refused once its rows are counted. */
  guards(call: Call): boolean {
    const schema = this.host.schema()
    const model = schema?.models.get(call.model as string)
    if (schema === null || model === undefined) return false
    const walk = new SelectionWalk(schema, call, this.limitsOf, null, false)
    return guardsAny(walk.limited(model, call.args, { depth: 0, rows: 1, path: [] }).children)
  }

  private pushdownOf(call: Call, schema: SchemaModel, splits: boolean): LimitPushdown | null {
    const { host } = this
    if (DriverTap.of(host) === null || !canPushDown(host.provider)) {
      host.warnOnce('W_ROWS_UNSEEN', NO_DRIVER)
      return null
    }
    return new LimitPushdown(schema, call, isWrite(call), () => this.driver.listen(), splits)
  }
}

function guardsAny(relations: readonly SelectedRelation[]): boolean {
  return relations.some(({ bound, children }) => bound?.rule === 'guard' || guardsAny(children))
}

const isWrite = ({ operation }: Call): boolean => !operation.startsWith('find')

const NO_SCHEMA =
  'prisma-brisk: without a schema model, lists within include and select are not limited. Pass the schema option, or add the prisma-brisk generator.'
const NO_DRIVER =
  'prisma-brisk: the statements of this client cannot be observed, or their dialect is not known here. Lists within rows are limited by Prisma, which may read more rows than it returns.'

const none: readonly SelectedRelation[] = Object.freeze([])
const noneRefused: ReadonlyMap<ListName, Leniency> = new Map()

function flat(args: Args): LimitedSelection {
  return { args, children: none, refused: noneRefused }
}

/** Where the walk stands. */
interface SelectionPath {
  readonly depth: number
  /** Product of the limits from the root to here. */
  readonly rows: number
  readonly path: readonly string[]
}

/** Bounds every list that `select` and `include` reach, however deep; never changes the arguments it is given. */
class SelectionWalk {
  private readonly name: ListName
  /** Limits of the model the call is on: depth and cost are counted from there. */
  private readonly root: ResolvedLimits
  /** The relation fields of a fluent call: the list at its end counts as one of the top level. */
  private readonly fluent: readonly string[]
  private readonly refused = new Map<ListName, Leniency>()

  constructor(
    private readonly schema: SchemaModel,
    call: Call,
    private readonly limitsOf: (model: string) => ResolvedLimits,
    /** Pushes the limits down; null where no statement can be seen. */
    private readonly pushdown: LimitPushdown | null,
    /** A write whose lists nobody would find too long before it is committed. */
    private readonly isUncounted: boolean,
  ) {
    this.name = new CallName(call)
    this.root = limitsOf(call.model as string)
    this.fluent = call.dataPath.filter((_, index) => index % 2 === 1)
  }

  limited(model: Model, args: Args, at: SelectionPath): LimitedSelection {
    let parts: Record<string, unknown> | null = null
    let children: SelectedRelation[] | null = null
    for (const part of ['select', 'include'] as const) {
      const selection = args[part]
      if (typeof selection !== 'object' || selection === null) continue
      let changed: Record<string, unknown> | null = null
      for (const [field, value] of Object.entries(selection)) {
        if (value === false || value === null || isAbsent(value)) continue
        const relation = relationsOf(model).get(field)
        const target = relation === undefined ? undefined : this.schema.models.get(relation.target)
        if (relation === undefined || target === undefined) continue
        const own = value === true ? EMPTY : (value as Args)
        const selected = this.relation(relation, target, own, at)
        children ??= []
        children.push(selected.relation)
        if (selected.args === own) continue
        changed ??= { ...selection }
        changed[field] = selected.args
      }
      if (changed !== null) (parts ??= {})[part] = changed
    }
    return {
      args: parts === null ? args : { ...args, ...parts },
      children: children ?? none,
      refused: this.refused,
    }
  }

  private relation(
    relation: Relation,
    target: Model,
    args: Args,
    at: SelectionPath,
  ): { relation: SelectedRelation; args: Args } {
    const path = [...at.path, relation.field]
    const name: ListName = {
      name: () => `${this.name.name()} → ${path.join('.')}`,
      callSite: () => this.name.callSite(),
    }
    if (!relation.isList) {
      const inner = this.limited(target, args, { ...at, path })
      return { relation: { relation, bound: null, name, children: inner.children }, args: inner.args }
    }
    const limits = this.limitsOf(target.name)
    const { fluent } = this
    const isFluentEnd = path.length === fluent.length && path.every((field, index) => field === fluent[index])
    const bound = ListBound.of(args, isFluentEnd ? limits : limits.nested, name)
    if (bound.rule === 'guard' && this.isUncounted)
      throw new UnboundedReadError(name.name(), bound.limit, name.callSite(), 'uncounted')
    const bounded = bound.take === undefined ? args : { ...args, take: bound.take }
    const here: SelectionPath = {
      depth: at.depth + (isFluentEnd ? 0 : 1),
      rows: at.rows * guardedRows(bound),
      path,
    }
    const cost = costOf(here, this.root, name)
    const refusal = bound.leniency?.isRefused === true ? bound.leniency : cost
    if (refusal !== null) this.refused.set(name, refusal)
    const inner = this.limited(target, bounded, here)
    const selected: SelectedRelation = { relation, bound, name, children: inner.children }
    return { relation: selected, args: this.pushdown?.nested(selected, inner.args) ?? inner.args }
  }
}

/** The most rows that are there, or under `'warn'`, which tells what a guard would do, those that it would let through. */
function guardedRows({ limit, leniency }: ListBound): number {
  return limit === Infinity && leniency?.policy === 'warn' ? leniency.limit : limit
}

const EMPTY: Args = Object.freeze({})

/** What is wrong with the depth and the cost of a selection, where that is only to be told. */
function costOf(at: SelectionPath, { nested, onExceeded }: ResolvedLimits, list: ListName): Leniency | null {
  const { maxDepth, maxRows } = nested
  if (at.depth <= maxDepth && at.rows <= maxRows) return null
  const kind = at.depth > maxDepth ? 'depth' : 'rows'
  const [asked, limit] = kind === 'depth' ? [at.depth, maxDepth] : [at.rows, maxRows]
  if (onExceeded !== 'warn') throw new CostExceededError(list.name(), asked, limit, kind)
  return { policy: 'warn', limit, code: 'E_COST_EXCEEDED', isRefused: true }
}

/** Whether a selection names a relation at all; most do not. */
function reachesRows(model: Model, args: Args): boolean {
  const relations = relationsOf(model)
  for (const part of ['select', 'include'] as const) {
    const selection = args[part]
    if (typeof selection !== 'object' || selection === null) continue
    for (const field in selection) if (relations.has(field)) return true
  }
  return false
}

const relations = new WeakMap<Model, ReadonlyMap<string, Relation>>()

/** A model's relations by their field. */
function relationsOf(model: Model): ReadonlyMap<string, Relation> {
  let known = relations.get(model)
  if (known === undefined) {
    known = new Map(model.relations.map((relation) => [relation.field, relation]))
    relations.set(model, known)
  }
  return known
}
