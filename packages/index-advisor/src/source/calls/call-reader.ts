import type { CatalogTable } from '../../catalog/catalog.ts'
import type { Manner, OuterList, QueryShape, ShapeEvidence } from '../../shape/query-shape.ts'
import { QueryShapes } from '../../shape/query-shapes.ts'
import { and, armsOf, condition } from '../../shape/condition-tree.ts'
import { filterStatement, keyOf } from './filter-statement.ts'
import type { ModelFields } from './model-fields.ts'
import type { PrismaCall } from './prisma-call.ts'
import {
  allRows,
  isFromTheEnd,
  isSortUnread,
  isUnsortedPage,
  limitOf,
  namesOf,
  rowChoice,
} from './row-choice.ts'
import type { ObjectValue, StaticValue } from '../values/static-value.ts'
import { entryOf, objectsIn, objectsOf, openObject, unknownValue } from '../values/static-value.ts'
import { readWhere } from './where-reader.ts'
import { columnsSet, nestedRows } from './written-rows.ts'

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

/** Writes that find nothing by themselves. */
const NO_WHERE = new Set(['create', 'createMany', 'createManyAndReturn'])

const UPDATES = new Set(['update', 'updateMany', 'updateManyAndReturn', 'upsert'])

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
      for (const rows of nestedRows(this.fields, table, entryOf(args, name)?.value)) {
        const entries = new Map(
          rows.where === undefined ? [] : [['where', { value: rows.where, isOptional: false }] as const],
        )
        const found: ObjectValue = { kind: 'object', entries, isOpen: false }
        const [first = '', ...more] = rows.path
        const name = [nestedName(operation, table, first), ...more].join('.')
        this.look(rows.table, rows.lookup, found, name, {}, rows.sets)
      }
  }

  private look(
    table: CatalogTable,
    lookup: readonly string[],
    args: ObjectValue,
    operation: string,
    manner: Manner = {},
    sets = this.sets(table, args, operation),
  ): void {
    const found = lookup.map((column) =>
      condition({ column, operator: 'equals' as const, isOptional: false }),
    )
    const written = sets.length > 0 ? { sets } : {}
    for (const { where, sorted } of alternatives(args).flatMap((each) =>
      sortedInTurn(args).map((one) => ({ where: each, sorted: one })),
    )) {
      const rows = rowChoice(this.fields, table, sorted, operation)
      const isSent = this.isSentAsRead(table, sorted)
      const { tree, related, isWhole } = readWhere(this.fields, table, where)
      const asked = and([...found, tree])
      const isKnown = isSent && isWhole && !armsOf(asked).some((each) => each.isMerged)
      const evidence = this.evidence(table, operation, args, isKnown ? manner : { ...manner, ...unknown })
      this.shapes.add(table, asked, { ...rows, ...written }, evidence)
      for (const each of related) {
        const isFilterKnown = isKnown && !armsOf(each.tree).some((arm) => arm.isMerged)
        const statement = filterStatement(table, tree, rows, related, lookup, operation)
        this.shapes.add(each.table, each.tree, allRows, {
          ...evidence,
          operation: `${evidence.operation ?? ''} (relation filter)`,
          manner: isFilterKnown ? { statement } : unknown,
        })
      }
    }
  }

  private sets(table: CatalogTable, args: ObjectValue, operation: string): readonly string[] {
    if (!UPDATES.has(operation)) return []
    return columnsSet(this.fields, table, entryOf(args, operation === 'upsert' ? 'update' : 'data')?.value)
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
            ...this.childrenOf(relation.target, relation.targetColumns, each),
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
  private childrenOf(
    table: CatalogTable,
    columns: readonly string[],
    args: ObjectValue,
  ): Pick<Manner, 'statement'> {
    const { provider, previewFeatures } = this.fields.catalog
    if (provider !== 'sqlite' && previewFeatures.includes('relationJoins')) return {}
    const sortedBy = isUnsortedPage(args, 'findMany') ? { sortedBy: keyOf(table) } : {}
    return { statement: { kind: 'children', columns, ...sortedBy } }
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
      ...(limitOf(args) !== null && objectsIn(sortedBy).some((each) => each.isOpen)
        ? { sortsUnread: true as const }
        : {}),
      ...this.ownStatement(table, args, operation),
    }
  }

  private ownStatement(table: CatalogTable, args: ObjectValue, operation: string): Pick<Manner, 'statement'> {
    return isUnsortedPage(args, operation) ? { statement: { kind: 'page', columns: keyOf(table) } } : {}
  }

  /**
   * Nothing stands in the statement beside what is read of the call: arguments that are not known may hold an order or a
   * limit, a cursor asks for rows behind another, counts of relations are joined, and rows of which doubles are taken out in
   * memory are cut there.
   */
  private isSentAsRead(table: CatalogTable, args: ObjectValue): boolean {
    const isCounting = ['select', 'include'].some((name) =>
      objectsIn(entryOf(args, name)?.value).some((each) => each.isOpen || each.entries.has('_count')),
    )
    return !(
      args.isOpen ||
      isCounting ||
      entryOf(args, 'cursor') !== undefined ||
      entryOf(args, 'distinct') !== undefined ||
      (isFromTheEnd(args) && entryOf(args, 'orderBy') === undefined) ||
      isSortUnread(this.fields, table, args)
    )
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

const unknown: Manner = { statement: { kind: 'unknown' } }

/** More orders than anyone makes indexes for: they are left to a sort. */
const MOST_ORDERS = 3

/** An order chosen at run time is several queries, one for each; as it stands where they are many, or not known. */
function sortedInTurn(args: ObjectValue): ObjectValue[] {
  const given = args.entries.get('orderBy')
  const value = given?.value
  const single = value?.kind === 'array' && value.items.length === 1 && !value.isOpen ? value.items[0] : value
  if (given === undefined || single?.kind !== 'choice' || single.options.length > MOST_ORDERS) return [args]
  return single.options.map((option) => ({
    ...args,
    entries: new Map(args.entries).set('orderBy', { ...given, value: option }),
  }))
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

function nestedName(operation: string, table: CatalogTable, field: string): string {
  return operation.includes(' ') ? `${operation}.${field}` : `${table.model}.${operation} → ${field}`
}
