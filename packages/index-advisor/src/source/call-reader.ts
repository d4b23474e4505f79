import type { CatalogTable, Provider } from '../catalog/catalog.ts'
import type {
  Manner,
  OrderKey,
  OuterList,
  PrismaStatement,
  QueryShape,
  ShapeEvidence,
} from '../shape/query-shape.ts'
import { QueryShapes } from '../shape/query-shapes.ts'
import { ownPlace } from '../shape/query-shape.ts'
import { and, armsOf, condition, type ConditionTree } from '../shape/condition-tree.ts'
import type { ModelFields, ModelRelation } from './model-fields.ts'
import type { ObjectValue, StaticValue } from './values/static-value.ts'
import { entryOf, objectsOf, openObject, unknownValue } from './values/static-value.ts'
import { readWhere, type RelatedQuestion } from './where-reader.ts'

/** A call of Prisma Client, its arguments as far as they are known. */
export interface PrismaCall {
  readonly model: string
  readonly operation: string
  readonly args: StaticValue
  /** Model and relation field of a fluent call, `prisma.user.findUnique(…).posts(…)`; null for any other. */
  readonly via: { readonly model: string; readonly field: string } | null
  /** `src/post.ts:12:20` */
  readonly at: string
  readonly weight: number
  /** The type of its client is lost; its model and operation are known by their names. */
  readonly isByName: boolean
}

/** What a call asks of each table it reads: the model's own, and those of relation filters and nested includes. */
export function shapesOfCall(fields: ModelFields, call: PrismaCall): QueryShape[] {
  const table = fields.table(call.model)
  if (table === undefined) return []
  const reader = new CallReader(fields, call)
  const given =
    call.args.kind === 'undefined'
      ? [{ ...openObject, isOpen: false }]
      : (objectsOf(call.args) ?? [openObject])
  const parent = call.via === null ? undefined : fields.table(call.via.model)
  const relation =
    parent === undefined || call.via === null ? undefined : fields.relation(parent, call.via.field)
  for (const args of given) reader.read(table, args, relation?.targetColumns ?? [], call.operation)
  return reader.shapes.all
}

const ONE_ROW = new Set([
  'findUnique',
  'findUniqueOrThrow',
  'findFirst',
  'findFirstOrThrow',
  'update',
  'delete',
  'upsert',
])
/** Writes that find nothing by themselves. */
const NO_WHERE = new Set(['create', 'createMany', 'createManyAndReturn'])

/** What the option `omitHeavy` of @prisma-brisk/pagination shortens. */
const LISTS = new Set(['findMany', 'paginate', 'cursorPage'])

/** Where Prisma takes doubles out in memory. */
const FINDS = new Set(['findMany', 'findFirst', 'findFirstOrThrow'])

class CallReader {
  readonly shapes = new QueryShapes()

  constructor(
    private readonly fields: ModelFields,
    private readonly call: PrismaCall,
  ) {}

  /** @param lookup columns by which a nested read is found from its parent */
  read(
    table: CatalogTable,
    args: ObjectValue,
    lookup: readonly string[],
    operation: string,
    manner: Manner = this.manner(table, args, operation),
  ): void {
    if (!NO_WHERE.has(operation)) this.look(table, lookup, args, operation, manner)
    for (const name of ['select', 'include'] as const)
      this.nested(
        table,
        entryOf(args, name)?.value,
        operation,
        LISTS.has(operation) ? this.outerList(table, args) : undefined,
      )
    for (const name of ['data', 'create', 'update'] as const)
      this.written(table, entryOf(args, name)?.value, operation)
  }

  /** Rows that a nested write looks for among the children: by their foreign key and its own conditions. */
  private written(table: CatalogTable, data: StaticValue | undefined, operation: string): void {
    for (const object of objectsIn(data))
      for (const [field] of object.entries) {
        const relation = this.fields.relation(table, field)
        if (relation?.target === undefined || relation.target === null) continue
        for (const writes of objectsIn(entryOf(object, field)?.value))
          for (const [write] of writes.entries)
            this.nestedWrite(
              relation,
              write,
              entryOf(writes, write)?.value,
              nestedName(operation, table, field),
            )
      }
  }

  private nestedWrite(
    { target, targetColumns, isList }: ModelRelation,
    write: string,
    value: StaticValue | undefined,
    operation: string,
  ): void {
    if (target === null) return
    for (const given of objectsIn(value)) {
      // `deleteMany: { status }` is the condition itself; `updateMany: { where, data }` holds one.
      const holdsWhere = write === 'updateMany' || ((write === 'update' || write === 'upsert') && isList)
      if (write === 'connectOrCreate')
        this.lookFor(target, [], entryOf(given, 'where')?.value, `${operation}.${write}`)
      const where = write === 'deleteMany' ? given : holdsWhere ? entryOf(given, 'where')?.value : undefined
      if (targetColumns !== null && isList)
        this.lookFor(target, targetColumns, where, `${operation}.${write}`)
      // What is written below may write on: `create` is the row itself, the others hold it.
      const rows =
        write === 'create'
          ? [given]
          : ['data', 'create', 'update'].flatMap((name) => objectsIn(entryOf(given, name)?.value))
      for (const row of rows) this.written(target, row, operation)
      if (write === 'update' && !isList) this.written(target, given, operation)
    }
  }

  private lookFor(
    table: CatalogTable,
    lookup: readonly string[],
    where: StaticValue | undefined,
    operation: string,
  ): void {
    if (where === undefined) return
    const entries = new Map([['where', { value: where, isOptional: false }]])
    this.look(table, lookup, { kind: 'object', entries, isOpen: false }, operation)
  }

  private look(
    table: CatalogTable,
    lookup: readonly string[],
    args: ObjectValue,
    operation: string,
    manner: Manner = {},
  ): void {
    const evidence = this.evidence(table, operation, args, manner)
    const found = lookup.map((column) =>
      condition({ column, operator: 'equals' as const, isOptional: false }),
    )
    const ordering = this.ordering(table, args, operation)
    for (const where of alternatives(args)) {
      const { tree, related } = readWhere(this.fields, table, where)
      this.shapes.add(table, and([...found, tree]), ordering, evidence)
      for (const each of related)
        this.shapes.add(each.table, each.tree, none, {
          ...evidence,
          operation: `${evidence.operation ?? ''} (relation filter)`,
          manner: { statement: filterStatement(table, tree, ordering, related, lookup, operation) },
        })
    }
  }

  private outerList(table: CatalogTable, args: ObjectValue): OuterList {
    const limit = limitOf(args) ?? (args.isOpen ? 'unknown' : null)
    const arms = alternatives(args).flatMap((where) => armsOf(readWhere(this.fields, table, where).tree))
    const bare = arms.find((each) => each.conditions.length === 0 && !each.isPartial)
    const [only = bare, ...others] = bare === undefined ? arms : [bare]
    return others.length > 0 || only === undefined
      ? { limit, conditions: [], isPartial: true }
      : { limit, conditions: only.conditions.filter((each) => !each.isOptional), isPartial: only.isPartial }
  }

  /** @param list that it stands in; undefined where it stands in none */
  private nested(
    table: CatalogTable,
    selection: StaticValue | undefined,
    operation: string,
    list?: OuterList,
  ): void {
    for (const object of selection === undefined ? [] : (objectsOf(selection) ?? []))
      for (const [name] of object.entries) {
        const entry = entryOf(object, name)
        if (entry === undefined || (entry.value.kind === 'literal' && entry.value.value !== true)) continue
        if (name === '_count') {
          this.counted(table, entry.value, operation)
          continue
        }
        const relation = this.fields.relation(table, name)
        if (relation?.target === undefined || relation.target === null || relation.targetColumns === null)
          continue
        const args = objectsOf(entry.value) ?? [
          { kind: 'object', entries: new Map(), isOpen: entry.value.kind !== 'literal' } as const,
        ]
        for (const each of args)
          this.read(relation.target, each, relation.targetColumns, nestedName(operation, table, name), {
            ...(list !== undefined && relation.isList && !each.isOpen && limitOf(each) === null
              ? { within: { model: table.model, field: name, ...list } }
              : {}),
            ...this.childrenOf(relation.targetColumns),
          })
      }
  }

  /** `_count: { select: { posts: { where } } }` */
  private counted(table: CatalogTable, value: StaticValue, operation: string): void {
    for (const object of objectsOf(value) ?? []) {
      const selected = entryOf(object, 'select')?.value
      for (const fields of selected === undefined ? [] : (objectsOf(selected) ?? []))
        for (const [name] of fields.entries) {
          const entry = entryOf(fields, name)
          const relation = this.fields.relation(table, name)
          if (
            entry === undefined ||
            relation?.target === undefined ||
            relation.target === null ||
            relation.targetColumns === null
          )
            continue
          const [args] = objectsOf(entry.value) ?? []
          this.read(
            relation.target,
            args ?? { kind: 'object', entries: new Map(), isOpen: entry.value.kind !== 'literal' },
            relation.targetColumns,
            nestedName(operation, table, `_count.${name}`),
            { statement: { kind: 'counts', columns: relation.targetColumns } },
          )
        }
    }
  }

  /** With `relationJoins` each parent's rows are found by themselves, as the shape says. */
  private childrenOf(columns: readonly string[]): Pick<Manner, 'statement'> {
    const { provider, previewFeatures } = this.fields.catalog
    return provider !== 'sqlite' && previewFeatures.includes('relationJoins')
      ? {}
      : { statement: { kind: 'children', columns } }
  }

  private ordering(table: CatalogTable, args: ObjectValue, operation: string): Ordering {
    const offset = countOf(entryOf(args, 'skip')?.value)
    const grouped =
      entryOf(args, 'by') ?? (entryOf(args, 'orderBy') === undefined ? entryOf(args, 'distinct') : undefined)
    if (grouped !== undefined) {
      const order = namesOf(grouped.value).flatMap((field): OrderKey[] => {
        const column = this.fields.column(table, field)
        return column === undefined ? [] : [{ column: column.name, sort: 'any' }]
      })
      return { order, limit: null, offset }
    }
    const order = this.order(table, entryOf(args, 'orderBy')?.value)
    const limit = ONE_ROW.has(operation) ? 1 : limitOf(args)
    // Where the order is not the index's, all rows are read and sorted, whatever the limit.
    return order === null ? { order: [], limit: null, offset } : { order, limit, offset }
  }

  /** Null when rows are sorted by something no index of this table holds. */
  private order(table: CatalogTable, value: StaticValue | undefined): OrderKey[] | null {
    if (value === undefined) return []
    const items = value.kind === 'array' ? value.items : [value]
    if (value.kind === 'array' && value.isOpen) return null
    const keys: OrderKey[] = []
    for (const item of items) {
      const [object, ...others] = objectsOf(item) ?? []
      if (object === undefined || others.length > 0 || object.isOpen) return null
      for (const [field, { value: direction, isOptional }] of object.entries) {
        const column = this.fields.column(table, field)
        const sort = sortOf(direction)
        if (column === undefined || isOptional || sort === null) return null
        // A direction chosen at run time fits any index when it stands alone.
        if (sort === 'either' && (object.entries.size > 1 || items.length > 1)) return null
        const nulls = nullsOf(direction, column.isNullable, sort, this.fields.catalog.provider)
        if (nulls === null) return null
        keys.push({
          column: column.name,
          sort: sort === 'either' ? 'asc' : sort,
          ...(nulls === undefined ? {} : { nulls }),
        })
      }
    }
    return keys
  }

  private manner(table: CatalogTable, args: ObjectValue, operation: string): Manner {
    const distinct = FINDS.has(operation)
      ? namesOf(entryOf(args, 'distinct')?.value ?? { kind: 'undefined' })
      : []
    const sortedBy = limitOf(args) === null ? undefined : entryOf(args, 'orderBy')?.value
    const sortsBy = objectsIn(sortedBy)
      .flatMap((each) => [...each.entries])
      .flatMap(([field, { value }]) => {
        if (this.fields.relation(table, field) === undefined) return []
        const [by] = objectsIn(value).flatMap((each) => [...each.entries.keys()])
        return [by === undefined ? field : `${field}.${by}`]
      })[0]
    return {
      ...(operation === 'count' ? { counts: true as const } : {}),
      ...(distinct.length > 0 ? { distinct } : {}),
      ...(sortsBy === undefined ? {} : { sortsBy }),
      ...this.ownStatement(table, args, operation),
    }
  }

  /** Arguments that are not known may hold an order or a limit. */
  private ownStatement(table: CatalogTable, args: ObjectValue, operation: string): Pick<Manner, 'statement'> {
    if (args.isOpen) return { statement: { kind: 'unknown' } }
    return isUnsortedPage(args, operation) ? { statement: { kind: 'page', columns: keyOf(table) } } : {}
  }

  private evidence(table: CatalogTable, operation: string, args: ObjectValue, manner: Manner): ShapeEvidence {
    const { at, weight, isByName } = this.call
    return {
      kind: 'source',
      at,
      operation: operation.includes(' ') ? operation : `${table.model}.${operation}`,
      weight,
      ...(isByName ? { isByName } : {}),
      ...(Object.keys(manner).length > 0 ? { manner } : {}),
      ...(LISTS.has(operation) && isWhole(args) ? { listsRows: true } : {}),
    }
  }
}

/** Of which Prisma sorts a page that is asked for in no order by the id. */
const PAGES = new Set(['findMany', 'count'])

function isUnsortedPage(args: ObjectValue, operation: string): boolean {
  return (
    PAGES.has(operation) &&
    entryOf(args, 'orderBy') === undefined &&
    (limitOf(args) ?? countOf(entryOf(args, 'skip')?.value)) !== null
  )
}

function keyOf(table: CatalogTable): string[] {
  const primary = table.indexes.find((each) => each.kind === 'primary')
  return (primary?.keys ?? []).flatMap((each) => each.column ?? [])
}

/** What Prisma makes of a `where` that asks for one relation. */
function filterStatement(
  table: CatalogTable,
  tree: ConditionTree,
  ordering: Ordering,
  related: readonly RelatedQuestion[],
  lookup: readonly string[],
  operation: string,
): PrismaStatement {
  const [only, ...others] = related
  const { columns, targetColumns, isList } = only?.relation ?? {}
  const [arm, ...arms] = armsOf(tree)
  const kind = { some: 'exists', none: 'not-exists', is: 'join' }[only?.quantifier ?? '']
  const isKnown =
    others.length === 0 &&
    arms.length === 0 &&
    lookup.length === 0 &&
    columns != null &&
    targetColumns != null &&
    (kind === 'join') !== isList &&
    // The filter itself is the one part that is not the table's own.
    opaqueParts(tree) <= 1 &&
    ordering.order.every((each) => each.sort !== 'any')
  if (!isKnown || arm === undefined || kind === undefined) return { kind: 'unknown' }
  const conditions = arm.conditions.filter((each) => !each.isOptional)
  const isUnsorted = ordering.order.length === 0 && (ordering.limit ?? ordering.offset) !== null
  const order =
    isUnsorted && PAGES.has(operation)
      ? keyOf(table).map((column): OrderKey => ({ column, sort: 'asc' }))
      : ordering.order
  return {
    kind: kind as 'exists' | 'not-exists' | 'join',
    columns: targetColumns,
    outer: { table: table.name, schema: table.schema, conditions, ...ordering, order, columns },
  }
}

function opaqueParts(tree: ConditionTree): number {
  if (tree.kind === 'opaque') return 1
  return tree.kind === 'condition' ? 0 : tree.parts.reduce((sum, each) => sum + opaqueParts(each), 0)
}

/** The objects a value is or holds: itself, the options of a choice, the items of a list. */
function objectsIn(value: StaticValue | undefined): ObjectValue[] {
  if (value === undefined) return []
  if (value.kind === 'array') return value.items.flatMap(objectsIn)
  return objectsOf(value) ?? []
}

/** Neither a selection nor something unknown that may hold one. */
function isWhole(args: ObjectValue): boolean {
  return !args.isOpen && entryOf(args, 'select') === undefined && entryOf(args, 'omit') === undefined
}

/**
 * A `where` chosen at run time is several queries, one of them without any where it may be absent. It is not absent where
 * the arguments may hold one that is not known, or where nothing is known of the one they sometimes hold.
 */
function alternatives(args: ObjectValue): StaticValue[] {
  const where = entryOf(args, 'where')
  const absent: StaticValue = args.isOpen ? unknownValue : { kind: 'undefined' }
  if (where === undefined) return [absent]
  const given = where.value.kind === 'choice' ? where.value.options : [where.value]
  const isUnread = given.some((each) => each.kind === 'unknown')
  return where.isOptional && !isUnread ? [absent, ...given] : [...given]
}

type Ordering = Pick<QueryShape, 'order' | 'limit' | 'offset'>
const none: Ordering = { order: [], limit: null, offset: null }

function nestedName(operation: string, table: CatalogTable, field: string): string {
  return operation.includes(' ') ? `${operation}.${field}` : `${table.model}.${operation} → ${field}`
}

/** `take`, or the page sizes of @prisma-brisk/pagination. */
function limitOf(args: ObjectValue): QueryShape['limit'] {
  for (const name of ['take', 'limit', 'first', 'last']) {
    const count = countOf(entryOf(args, name)?.value)
    if (count !== null) return count
  }
  return null
}

function countOf(value: StaticValue | undefined): number | 'unknown' | null {
  if (value === undefined || value.kind === 'undefined') return null
  return value.kind === 'literal' && typeof value.value === 'number' ? Math.abs(value.value) : 'unknown'
}

function namesOf(value: StaticValue): string[] {
  const items = value.kind === 'array' ? value.items : [value]
  return items.flatMap((each) =>
    each.kind === 'literal' && typeof each.value === 'string' ? [each.value] : [],
  )
}

function sortOf(value: StaticValue): 'asc' | 'desc' | 'either' | null {
  if (value.kind === 'literal') return value.value === 'asc' || value.value === 'desc' ? value.value : null
  if (value.kind === 'scalar') return 'either'
  if (value.kind === 'choice') return value.options.every((each) => each.kind === 'literal') ? 'either' : null
  if (value.kind !== 'object') return null
  const direction = entryOf(value, 'sort')?.value
  return direction === undefined ? null : sortOf(direction)
}

/** Where the NULLs shall be; undefined where an index has them there anyway, null where it is not known. */
function nullsOf(
  value: StaticValue,
  isNullable: boolean,
  sort: 'asc' | 'desc' | 'either',
  provider: Provider,
): 'first' | 'last' | undefined | null {
  const nulls = value.kind === 'object' ? entryOf(value, 'nulls')?.value : undefined
  if (nulls === undefined || !isNullable) return undefined
  const place = nulls.kind === 'literal' ? nulls.value : null
  if ((place !== 'first' && place !== 'last') || sort === 'either') return null
  return place === ownPlace(provider, sort) ? undefined : place
}
