import { type Args, type Call, DriverTap, type Host, type SchemaModel } from '@prisma-brisk/core'
import { nameOf } from '../call-name.ts'
import type { DriverLimits } from '../pushdown/driver-limits.ts'
import type { ListBound } from '../list-bound.ts'
import { ListCuts } from '../pushdown/list-limits.ts'
import type { ResolvedLimits } from '../options.ts'
import { canCut } from '../pushdown/row-limit.ts'
import { limitSelection, reachesRows, type LimitedSelection } from './selection.ts'

/** What calls select, with their lists bounded, and with what Prisma would cut in Node cut in SQL. */
export class CallSelections {
  constructor(
    private readonly host: Host,
    private readonly driver: DriverLimits,
    private readonly limitsOf: (model: string) => ResolvedLimits,
  ) {}

  /** @param bound of the call's own list; a selection within one row has one of 1 */
  of(call: Call, bound: ListBound, skip: number): LimitedSelection {
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
    if (DriverTap.of(host) === null || !canCut(host.provider)) {
      host.warnOnce('W_ROWS_UNSEEN', NO_DRIVER)
      return null
    }
    return new ListCuts(schema, call, !call.operation.startsWith('find'), () => this.driver.listen())
  }
}

const noRelations: LimitedSelection['children'] = Object.freeze([])

function flat(args: Args): LimitedSelection {
  return { args, children: noRelations }
}

const NO_SCHEMA =
  'prisma-brisk: without a schema model, lists within include and select are not limited. Pass the schema option, or add the prisma-brisk generator.'
const NO_DRIVER =
  'prisma-brisk: the statements of this client cannot be seen or are not known here, so lists within rows are limited by Prisma, which may read more rows than it hands on.'
