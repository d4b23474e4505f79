import { isPlain, type Args, type Call, type Model, type SchemaModel } from '@prisma-brisk/core'

/**
 * The shape of a call's arguments: names and kinds, without values. Calls of one shape send statements of one
 * fingerprint; lists of any length are one shape, and so is whatever stands in a JSON column.
 */
export function shapeOf({ host, model, args }: Call): string {
  const schema = host.schema()
  const of = schema?.models.get(model ?? '')
  // The names of arguments are no names of fields.
  return shapeOfEntries(args, (_, each) => shapeOfValue(each, of, schema))
}

function shapeOfValue(value: unknown, model: Model | undefined, schema: SchemaModel | null): string {
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `[${shapeOfValue(value[0], model, schema)}]`
  if (typeof value !== 'object' || value === null) return kindOf(value)
  if (!isPlain(value)) return 'o'
  return shapeOfEntries(value, (name, each) => {
    const field = model?.fields.get(name)
    if (field?.type === 'Json') return 'o'
    return shapeOfValue(each, field?.kind === 'relation' ? schema?.models.get(field.type) : model, schema)
  })
}

function shapeOfEntries(
  object: Readonly<Record<string, unknown>>,
  shape: (name: string, value: unknown) => string,
): string {
  let all = '{'
  // Runs for each call that is looked at: `Object.entries` would make a list for each name.
  for (const name of Object.keys(object)) {
    const each = object[name]
    if (each !== undefined) all += `${name}:${shape(name, each)},`
  }
  return `${all}}`
}

function kindOf(value: unknown): string {
  if (value === null) return '0'
  // `orderBy: { id: 'asc' }`, `mode: 'insensitive'`: strings differ as values do, their statements do not matter here.
  return typeof value === 'boolean' ? String(value) : (typeof value).charAt(0)
}

/** From so many values on, a list is the work of many rows. */
const MANY = 100

/** Whether a call reads or writes many rows by a list of values: one piece of an import, not of a loop over rows. */
export function isBulk({ args }: Call): boolean {
  return isMany(args['data']) || holdsMany(args['where'])
}

function holdsMany(where: unknown): boolean {
  if (Array.isArray(where)) return isMany(where) || where.some(holdsMany)
  return isPlain(where) && Object.values(where).some(holdsMany)
}

function isMany(value: unknown): boolean {
  return Array.isArray(value) && value.length >= MANY
}

/** The arguments without the number of their page; pagination's own argument differs for every page. */
export function withoutPage(args: Args): Args {
  if (args['skip'] === undefined && args['briskPage'] === undefined) return args
  const { skip: _, briskPage: __, ...rest } = args
  return rest
}

/**
 * The arguments without their place in a list that is walked through: a cursor, and, where more than one row is taken in
 * an order, the bound of the columns of that order (`id: { gt: last }`).
 */
export function withoutPosition(args: Args): Args {
  const { cursor: _, ...rest } = args
  const { where, orderBy, take } = rest
  if (!isPlain(where) || typeof take !== 'number' || Math.abs(take) === 1) return rest
  const bounds = boundsOf(orderBy, take < 0)
  return bounds.size === 0 ? rest : { ...rest, where: unbounded(where, bounds, false) }
}

const AFTER: Bound = ['gt', 'gte']
const BEFORE: Bound = ['lt', 'lte']

type Bound = readonly [string, string]

/** The comparisons behind which the next rows are, by the field of the order. */
function boundsOf(orderBy: unknown, isBackward: boolean): Map<string, Bound> {
  const bounds = new Map<string, Bound>()
  for (const order of Array.isArray(orderBy) ? orderBy : [orderBy]) {
    if (!isPlain(order)) continue
    for (const [field, given] of Object.entries(order)) {
      const direction = isPlain(given) ? given['sort'] : given
      if (direction === 'asc' || direction === 'desc')
        bounds.set(field, (direction === 'asc') === isBackward ? BEFORE : AFTER)
    }
  }
  return bounds
}

/** `isBound`: within one branch of a bound of several columns, in which those before the last are compared for equality. */
function unbounded(where: unknown, bounds: ReadonlyMap<string, Bound>, isBound: boolean): unknown {
  if (Array.isArray(where)) return where.map((each) => unbounded(each, bounds, isBound))
  if (!isPlain(where)) return where
  return Object.fromEntries(
    Object.entries(where).map(([name, value]) => {
      const bound = bounds.get(name)
      if (bound !== undefined) return [name, withoutBound(value, bound, isBound)]
      if (name === 'OR') return [name, unbounded(value, bounds, isBound || everyBranchBounds(value, bounds))]
      return [name, name === 'AND' ? unbounded(value, bounds, isBound) : value]
    }),
  )
}

function withoutBound(value: unknown, [strict, loose]: Bound, isBound: boolean): unknown {
  if (!isPlain(value)) return isBound ? null : value
  const { [strict]: _, [loose]: __, ...rest } = value
  return isBound && 'equals' in rest ? { ...rest, equals: null } : rest
}

function everyBranchBounds(branches: unknown, bounds: ReadonlyMap<string, Bound>): boolean {
  return Array.isArray(branches) && branches.every((branch) => holdsBound(branch, bounds))
}

function holdsBound(where: unknown, bounds: ReadonlyMap<string, Bound>): boolean {
  if (Array.isArray(where)) return where.some((each) => holdsBound(each, bounds))
  if (!isPlain(where)) return false
  return Object.entries(where).some(([name, value]) => {
    const bound = bounds.get(name)
    if (bound !== undefined) return isPlain(value) && bound.some((comparison) => comparison in value)
    return name === 'AND' && holdsBound(value, bounds)
  })
}
