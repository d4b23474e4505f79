import {
  operationTraits,
  type Call,
  type Host,
  type Model,
  type Relation,
  type SchemaModel,
} from '@prisma-brisk/core'
import { callCode, Expression, listOf, variableOf, whereWithout, withRelation } from './call-code.ts'
import { isWriteLoop } from './loop-detector.ts'
import type { OperationTrace } from '../trace/operation-trace.ts'
import type { RepeatedCalls } from './repeated-calls.ts'

/** What a loop of calls is about, and what to do about it. */
export interface LoopFinding {
  /** The relation field of the parent that the loop loads row by row, else the field it filters by; null if unclear. */
  readonly field: string | null
  /** The query whose rows the loop goes through. */
  readonly parent: OperationTrace | null
  readonly advice: string
}

/** Names the change to make. `earlier` are the operations of the request that returned several rows. */
export function adviseLoop(loop: RepeatedCalls, earlier: readonly OperationTrace[], host: Host): LoopFinding {
  if (isWriteLoop(loop)) return { field: null, parent: null, advice: writeAdvice(loop) }
  const link = linkOf(loop, earlier, host.schema())
  return { field: link.field, parent: link.parent, advice: readAdvice(loop, link, host) }
}

interface Link {
  readonly field: string | null
  readonly parent: OperationTrace | null
  /** The relation on the parent's side. */
  readonly relation: Relation | null
  /** The scalar fields that the calls compare for equality. */
  readonly keys: readonly string[]
  /** Those of them that the relation compares by itself. */
  readonly joined: readonly string[]
}

/** Finds the relation that the loop follows: from the parent's rows by their key, or by the key they hold. */
function linkOf(
  { first }: RepeatedCalls,
  earlier: readonly OperationTrace[],
  schema: SchemaModel | null,
): Link {
  const keys = equalityKeys(first.call.args['where'])
  const model = schema?.models.get(first.call.model ?? '')
  const candidates = earlier.filter((each) => each !== first && each.startedAt <= first.startedAt)
  const none: Link = { field: keys[0] ?? null, parent: null, relation: null, keys, joined: [] }
  if (schema == null || model === undefined) return none
  for (const parent of candidates.toReversed()) {
    const owner = schema.models.get(parent.call.model ?? '')
    const relation = owner === undefined ? undefined : relationBetween(owner, model, keys)
    if (relation === undefined) continue
    return { field: relation.field, parent, relation, keys, joined: joinedBy(relation, model) }
  }
  // The parent came from elsewhere (a cache, another request): the foreign key alone names the relation.
  const own = model.relations.find(
    (each) => each.fields.length > 0 && each.fields.every((name) => keys.includes(name)),
  )
  return { ...none, field: own?.backField ?? none.field }
}

function relationBetween(owner: Model, model: Model, keys: readonly string[]): Relation | undefined {
  return owner.relations.find((relation) => {
    if (relation.target !== model.name) return false
    const joined = joinedBy(relation, model)
    if (relation.references.length > 0) return sameNames(joined, keys)
    return joined.length > 0 && joined.every((name) => keys.includes(name))
  })
}

/** The fields of `model` by which a relation to it finds its rows. */
function joinedBy({ references, backField }: Relation, model: Model): readonly string[] {
  if (references.length > 0) return references
  return model.relations.find((each) => each.field === backField)?.fields ?? []
}

function readAdvice({ first, concurrent, kept }: RepeatedCalls, link: Link, host: Host): string {
  const { model, operation, args } = first.call
  const { parent, relation, keys } = link
  const [key] = keys
  const { isAggregate } = operationTraits(operation)
  const together = concurrent
    ? ''
    : kept > 0
      ? '. They run one after another, and batching answers most of them ahead: it has mended the loop'
      : '. The calls run one after another, so batching cannot merge them'
  if (isAggregate && key !== undefined)
    return `groupBy: count for all at once with ${callCode(model, 'groupBy', { by: [key], ...groupArgs(first.call), where: whereIn(args['where'], key) })}${together}`
  if (parent !== null && relation !== null) {
    const within = withRelation(parent.call.args, relation.field, asIncluded(first.call, link))
    return `include: load them with their parent, ${callCode(parent.call.model, parent.call.operation, within)}${together}`
  }
  // `user.findUnique({ … }).posts()`: the rows are those of the relation, which `in` alone would lose.
  const [, followed] = first.call.dataPath
  if (followed !== undefined) {
    const where = key === undefined ? new Expression('where') : whereIn(args['where'], key)
    return `include: read the relation with its parents, ${callCode(model, 'findMany', { where, include: { [followed]: true } })}${together}`
  }
  if (
    key !== undefined &&
    keys.length === 1 &&
    operation !== 'findFirst' &&
    args['cursor'] === undefined &&
    args['take'] === undefined
  )
    return `in: read them in one call, ${callCode(model, 'findMany', { ...args, where: whereIn(args['where'], key) })}${together}`
  if (key === undefined || !isMergeable(first.call, keys)) {
    const how = concurrent ? 'they run together, but' : 'they run one after another, and'
    return `sequential: cannot be batched; ${how} batching merges calls of one shape that differ in fields compared for equality. Read the rows in one call, with OR or a condition on the relation, and deal them out`
  }
  if (!concurrent)
    return `together: start the calls at once, await Promise.all(${eachOf(keys)} => ${callCode(model, operation, args)})), and batching() makes them one statement`
  return host.carried.has('batching')
    ? 'batching: the calls run together, but do not begin in one tick, or differ in more than the key: let nothing be awaited before each of them, and ask for the same fields'
    : 'batching: the calls run together; mount batching() and they become one statement'
}

/** `ids.map((id)`; of several fields `keys.map(({ teamId, userId })`. */
function eachOf(keys: readonly string[]): string {
  const [key] = keys
  if (key === undefined || keys.length > 1) return `keys.map(({ ${keys.map(variableOf).join(', ')} })`
  return `${listOf(variableOf(key))}.map((${variableOf(key)})`
}

/** The condition for all keys at once. */
function whereIn(where: unknown, key: string): object {
  return { [key]: { in: new Expression(listOf(variableOf(key))) }, ...whereWithout(where, [key]) }
}

/** What a `groupBy` computes in place of a `count` or an `aggregate`. */
function groupArgs({ operation, args }: Call): object {
  const asked = Object.entries(args).filter(([name, value]) => name.startsWith('_') && value !== undefined)
  return operation === 'count' || asked.length === 0 ? { _count: true } : Object.fromEntries(asked)
}

/** Whether batching makes one statement of such calls where they run together and differ in the fields of `keys` alone. */
function isMergeable({ operation, args }: Call, keys: readonly string[]): boolean {
  return (
    keys.length > 0 &&
    (operation.startsWith('find') || operationTraits(operation).isAggregate) &&
    args['cursor'] === undefined &&
    args['distinct'] === undefined
  )
}

/** What the calls ask for beside the key that an include follows by itself. */
function asIncluded({ args, operation }: Call, { relation, joined }: Link): unknown {
  const { where: _, cacheStrategy: _cache, ...own } = args
  const where = whereWithout(args['where'], joined)
  const within = {
    ...(where === undefined ? {} : { where }),
    ...own,
    ...(operation.startsWith('findFirst') && relation?.references.length === 0 ? { take: 1 } : {}),
  }
  return Object.values(within).every((value) => value === undefined) ? true : within
}

function writeAdvice({ first, concurrent }: RepeatedCalls): string {
  const { model, operation, args } = first.call
  const [key = 'id'] = equalityKeys(args['where'])
  const data = new Expression('data')
  const many = (name: string, changed: object): string => callCode(model, name, { ...changed })
  if (operation === 'create')
    return `createMany: write them in one statement, ${many('createMany', { data })}${concurrent ? ', or mount batching({ writes: { create: true } })' : ', or start them together under batching({ writes: { create: true } })'}`
  if (operation === 'update' || operation === 'updateMany')
    return `updateMany: where the rows get the same values, ${many('updateMany', { where: whereIn(args['where'], key), data })}; else send the updates in one $transaction`
  if (operation === 'delete' || operation === 'deleteMany')
    return `deleteMany: ${many('deleteMany', { where: whereIn(args['where'], key) })}`
  if (operation === 'upsert')
    return `createMany: ${many('createMany', { data, skipDuplicates: true })}, then updateMany for the rest; or send the upserts in one $transaction`
  return `write them in one call, or send them in one $transaction`
}

/** Scalar fields of a `where` that are compared for equality, and nothing else in it; a compound key counts as its fields. */
export function equalityKeys(where: unknown): string[] {
  if (typeof where !== 'object' || where === null) return []
  return Object.entries(where).flatMap(([name, value]) => {
    if (value === undefined || name === 'AND' || name === 'OR' || name === 'NOT') return []
    if (typeof value !== 'object' || value === null || value instanceof Date || ArrayBuffer.isView(value))
      return [name]
    const names = Object.keys(value)
    if (names.length === 1 && names[0] === 'equals') return [name]
    // `{ workshopId_userId: { workshopId, userId } }`
    return name === names.join('_') ? names : []
  })
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name) => b.includes(name))
}
