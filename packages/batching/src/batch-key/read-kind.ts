import { isPlain, type Args, type Call, type Model } from '@prisma-brisk/core'
import type { Equalities } from './key-equalities.ts'
import { pagesWithin, selectionFits } from './selection.ts'
import { implicitSort, sortOf, type Sort } from './sort.ts'

/** What a call reads, keys and conditions apart. */
export interface ReadShape {
  readonly kind: 'one' | 'list' | 'first' | 'count' | 'aggregate'
  /** The order of the rows, for kinds that return rows; empty where none is asked for. */
  readonly sort: readonly Sort[]
  /** Rows to skip and to take for each key (kind `first`), or the bound that a middleware put on a list. */
  readonly skip: number
  readonly take: number | null
}

/** Null where the call is of a kind that cannot be merged, or has an argument whose effect on a merge is unknown. */
export function readShapeOf(call: Call, model: Model, equalities: Equalities): ReadShape | null {
  const { args } = call
  switch (call.operation) {
    case 'findUnique':
    case 'findUniqueOrThrow':
      return single(call, model, equalities)
    case 'findFirst':
    case 'findFirstOrThrow':
      return first(call, model, equalities)
    case 'findMany':
      return list(call, model)
    case 'count':
      return counted(args)
    case 'aggregate':
      return aggregated(model, args)
    default:
      return null
  }
}

function single({ args, host }: Call, model: Model, equalities: Equalities): ReadShape | null {
  if (!onlyHas(args, uniqueReadArguments) || !hasUniqueKey(model, equalities)) return null
  if (!selectionFits(host, model, args)) return null
  return pagesWithin(args) ? null : { kind: 'one', sort: [], skip: 0, take: null }
}

function first({ args, host }: Call, model: Model, equalities: Equalities): ReadShape | null {
  const sort = sortOf(model, args['orderBy'])
  if (sort === null || !onlyHas(args, firstArguments)) return null
  if (!selectionFits(host, model, args) || pagesWithin(args)) return null
  const skip = args['skip'] ?? 0
  if (!isCount(skip)) return null
  if (hasUniqueKey(model, equalities)) return skip === 0 ? { kind: 'one', sort, skip: 0, take: null } : null
  return sort.length === 0 ? null : { kind: 'first', sort, skip, take: 1 }
}

function list({ args, notes, host }: Call, model: Model): ReadShape | null {
  const sort = sortOf(model, args['orderBy'])
  if (sort === null || !onlyHas(args, listArguments) || !selectionFits(host, model, args)) return null
  const { skip = 0, take } = args
  if (!isCount(skip)) return null
  if (take === undefined) {
    if (skip !== 0) return null
    if (notes.bound === undefined) return { kind: 'list', sort, skip: 0, take: null }
  }
  const rows = sort.length > 0 ? sort : implicitSort(model)
  if (rows.length === 0) return null
  if (take === undefined) return { kind: 'list', sort: rows, skip: 0, take: notes.bound ?? null }
  return isCount(take) && take > 0 ? { kind: 'first', sort: rows, skip, take } : null
}

function counted(args: Args): ReadShape | null {
  const { select } = args
  if (!onlyHas(args, countArguments) || (select !== undefined && !isChoice(select))) return null
  return { kind: 'count', sort: [], skip: 0, take: null }
}

function aggregated(model: Model, args: Args): ReadShape | null {
  if (!onlyHas(args, aggregateArguments)) return null
  let asks = false
  for (const name of aggregates) {
    const choice = args[name]
    if (choice === undefined) continue
    if (!(isChoice(choice) || (name === '_count' && choice === true))) return null
    // The sum of floating-point numbers depends on the order in which the database adds them.
    const adds = name === '_sum' || name === '_avg'
    if (adds && Object.keys(choice).some((field) => model.fields.get(field)?.type === 'Float')) return null
    asks = true
  }
  return asks ? { kind: 'aggregate', sort: [], skip: 0, take: null } : null
}

const aggregates = ['_count', '_sum', '_avg', '_min', '_max'] as const
const selectionArguments = ['where', 'select', 'include', 'omit', 'relationLoadStrategy']
const uniqueReadArguments = new Set(selectionArguments)
const firstArguments = new Set([...selectionArguments, 'orderBy', 'skip'])
const listArguments = new Set([...selectionArguments, 'orderBy', 'skip', 'take'])
const countArguments = new Set(['where', 'select'])
const aggregateArguments = new Set(['where', ...aggregates])

/** Whether every argument that is given is one of these. */
function onlyHas(args: Args, names: ReadonlySet<string>): boolean {
  for (const name in args) if (args[name] !== undefined && !names.has(name)) return false
  return true
}

function hasUniqueKey(model: Model, { found }: Equalities): boolean {
  return [model.id, ...model.uniques].some((key) => key?.fields.every((field) => found.has(field)) === true)
}

/** `{ a: true, b: true }`, with at least one field. */
function isChoice(value: unknown): value is Readonly<Record<string, true>> {
  if (!isPlain(value)) return false
  const chosen = Object.values(value)
  return chosen.length > 0 && chosen.every((each) => each === true)
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0x7fffffff
