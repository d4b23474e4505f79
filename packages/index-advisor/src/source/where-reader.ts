import type { CatalogColumn, CatalogTable } from '../catalog/catalog.ts'
import type { Comparison, Condition, ConditionOperator, Literal } from '../shape/query-shape.ts'
import type { ConditionTree } from '../shape/condition-tree.ts'
import { and, condition, opaque, unknown } from '../shape/condition-tree.ts'
import type { ModelFields, ModelRelation } from './model-fields.ts'
import type { ObjectEntry, ObjectValue, StaticValue } from './static-value.ts'
import { anyOf, entryOf, objectsOf, withoutUndefined } from './static-value.ts'

/** A relation filter: its own question to the table on the other side. */
export interface RelatedQuestion {
  readonly table: CatalogTable
  readonly tree: ConditionTree
}

export interface WhereReading {
  readonly tree: ConditionTree
  readonly related: readonly RelatedQuestion[]
}

/** Takes a Prisma `where` apart. */
export function readWhere(fields: ModelFields, table: CatalogTable, where: StaticValue): WhereReading {
  const reader = new WhereReader(fields)
  return { tree: reader.where(table, where, false), related: reader.related }
}

/** An operator of a scalar filter and what an index can do with it. */
const OPERATORS: Readonly<Record<string, ConditionOperator>> = {
  equals: 'equals',
  in: 'in',
  notIn: 'not',
  lt: 'range',
  lte: 'range',
  gt: 'range',
  gte: 'range',
  contains: 'pattern',
  endsWith: 'pattern',
  startsWith: 'prefix',
  search: 'search',
  not: 'not',
  has: 'list',
  hasEvery: 'list',
  hasSome: 'list',
  isEmpty: 'not',
  isSet: 'not',
}

const COMPARISONS: Readonly<Record<string, Comparison>> = { lt: '<', lte: '<=', gt: '>', gte: '>=' }

class WhereReader {
  readonly related: RelatedQuestion[] = []

  constructor(private readonly fields: ModelFields) {}

  where(table: CatalogTable, value: StaticValue, isOptional: boolean): ConditionTree {
    if (value.kind === 'undefined') return and([])
    const objects = objectsOf(value)
    if (objects === null) return unknown
    // Of several possible ones, what all of them hold is certain.
    return this.object(table, anyOf(objects), isOptional)
  }

  private object(table: CatalogTable, object: ObjectValue, isOptional: boolean): ConditionTree {
    const parts = [...object.entries].flatMap(([name, raw]) => {
      const entry = withoutUndefined(raw)
      return entry === undefined ? [] : [this.entry(table, name, entry, isOptional || entry.isOptional)]
    })
    return and(object.isOpen ? [...parts, unknown] : parts)
  }

  private entry(
    table: CatalogTable,
    name: string,
    { value }: ObjectEntry,
    isOptional: boolean,
  ): ConditionTree {
    switch (name) {
      case 'AND':
        return this.all(table, value, isOptional)
      case 'OR':
        return this.any(table, value, isOptional)
      case 'NOT':
        return this.none(table, value)
    }
    const column = this.fields.column(table, name)
    if (column !== undefined) return this.scalar(column, value, isOptional)
    const relation = this.fields.relation(table, name)
    if (relation !== undefined) return this.relation(table, relation, value, isOptional)
    const compound = this.fields.compoundKey(table, name)
    if (compound !== undefined)
      return and(
        compound.map((field) =>
          condition({
            column: this.fields.column(table, field)?.name ?? field,
            operator: 'equals',
            isOptional,
          }),
        ),
      )
    return unknown
  }

  private all(table: CatalogTable, value: StaticValue, isOptional: boolean): ConditionTree {
    if (value.kind !== 'array') return this.where(table, value, isOptional)
    const parts = value.items.map((each) => this.where(table, each, isOptional))
    return and(value.isOpen ? [...parts, unknown] : parts)
  }

  private any(table: CatalogTable, value: StaticValue, isOptional: boolean): ConditionTree {
    // Arms that are not all known, or an OR that is only sometimes there, promise nothing.
    if (isOptional) return unknown
    if (value.kind !== 'array') return this.where(table, value, isOptional)
    if (value.isOpen) return unknown
    const [only] = value.items
    if (value.items.length === 1 && only !== undefined) return this.where(table, only, false)
    return { kind: 'or', parts: value.items.map((each) => this.where(table, each, false)) }
  }

  /** What is negated cannot be looked up, but its relations are. */
  private none(table: CatalogTable, value: StaticValue): ConditionTree {
    const items = value.kind === 'array' ? value.items : [value]
    const trees = items.map((each) => this.where(table, each, false))
    const negated = trees
      .flatMap(conditionsOf)
      .map((each) => condition({ ...each, operator: each.operator === 'is-null' ? 'is-not-null' : 'not' }))
    // Only a single negated condition keeps its meaning alone: NOT (a AND b) is an OR.
    return negated.length === 1 ? and(negated) : opaque
  }

  private scalar(column: CatalogColumn, value: StaticValue, isOptional: boolean): ConditionTree {
    const single = (operator: ConditionOperator, literal?: Literal) =>
      condition({ column: column.name, operator, isOptional, ...boundLiteral(literal) })
    switch (value.kind) {
      case 'literal':
        return value.value === null ? single('is-null') : single('equals', value.value)
      case 'scalar':
        return column.type === 'Json' ? single('json') : single('equals')
      case 'array':
        return column.isList ? single('list') : unknown
      case 'object':
        return this.filter(column, value, isOptional)
      case 'choice': {
        const trees = value.options.map((each) => this.scalar(column, each, isOptional))
        const [first] = trees
        const isSame = trees.every((tree) => shapeOf(tree) === shapeOf(first))
        // The same operator with different values.
        return isSame && first !== undefined ? withoutLiteral(first) : unknown
      }
      default:
        return unknown
    }
  }

  private filter(column: CatalogColumn, filter: ObjectValue, isOptional: boolean): ConditionTree {
    const mode = entryOf(filter, 'mode')?.value
    const isInsensitive = mode !== undefined && !(mode.kind === 'literal' && mode.value === 'default')
    const parts = [...filter.entries].flatMap(([name, raw]): ConditionTree[] => {
      const entry = withoutUndefined(raw)
      if (entry === undefined || name === 'mode') return []
      return [this.operator(column, name, entry, isOptional || entry.isOptional, isInsensitive)]
    })
    return and(filter.isOpen ? [...parts, unknown] : parts)
  }

  private operator(
    column: CatalogColumn,
    name: string,
    { value }: ObjectEntry,
    isOptional: boolean,
    isInsensitive: boolean,
  ): ConditionTree {
    const single = (operator: ConditionOperator, known: Partial<Condition> = {}) =>
      condition({ column: column.name, operator, isOptional, ...known })
    const literal = value.kind === 'literal' ? value.value : undefined
    if (column.type === 'Json') return single('json')
    const operator = OPERATORS[name]
    if (operator === undefined) return unknown
    if (value.kind === 'unknown' && operator !== 'not') return unknown
    if (isInsensitive && operator !== 'not') return single('pattern')
    const isNull = value.kind === 'literal' && value.value === null
    if (name === 'not') return single(isNull ? 'is-not-null' : 'not')
    if (name === 'equals') return isNull ? single('is-null') : single('equals', boundLiteral(literal))
    const comparison = COMPARISONS[name]
    if (comparison !== undefined && literal !== undefined && literal !== null)
      return single('range', { ...boundLiteral(literal), comparison })
    const literals = name === 'in' ? literalsOf(value) : null
    return literals === null ? single(operator) : single('in', { literals, isBound: true })
  }

  private relation(
    table: CatalogTable,
    relation: ModelRelation,
    value: StaticValue,
    isOptional: boolean,
  ): ConditionTree {
    const own = table.foreignKeys.find((each) => each.relationField === relation.field)
    // `author: null` asks for the foreign key.
    if (value.kind === 'literal' && value.value === null && own !== undefined)
      return and(own.columns.map((column) => condition({ column, operator: 'is-null', isOptional })))
    const objects = objectsOf(value)
    if (objects === null) return unknown
    for (const object of objects)
      for (const [quantifier, inner] of quantified(relation, object)) this.ask(relation, quantifier, inner)
    return opaque
  }

  /** A child is looked up by its foreign key and the conditions; a parent is looked up by its key, or leads. */
  private ask(relation: ModelRelation, quantifier: string, inner: StaticValue): void {
    const { target, targetColumns } = relation
    if (target === null) return
    const conditions = this.where(target, inner, false)
    const isLookup = relation.isList && targetColumns !== null
    const lookup = isLookup
      ? targetColumns.map((column) => condition({ column, operator: 'equals', isOptional: false }))
      : []
    // `every` looks for a row that does not match.
    const tree = quantifier === 'every' ? and(lookup) : and([...lookup, conditions])
    if (quantifier !== 'isNot' && (lookup.length > 0 || conditionsOf(conditions).length > 0))
      this.related.push({ table: target, tree })
  }
}

function quantified(relation: ModelRelation, object: ObjectValue): [string, StaticValue][] {
  const names = relation.isList ? ['some', 'every', 'none'] : ['is', 'isNot']
  const given = names.flatMap((name): [string, StaticValue][] => {
    const entry = entryOf(object, name)
    return entry === undefined ? [] : [[name, entry.value]]
  })
  // `author: { email }` without `is`.
  return given.length > 0 || relation.isList ? given : [['is', object]]
}

function conditionsOf(tree: ConditionTree): Condition[] {
  if (tree.kind === 'condition') return [tree.condition]
  return tree.kind === 'opaque' ? [] : tree.parts.flatMap(conditionsOf)
}

function shapeOf(tree: ConditionTree | undefined): string {
  return JSON.stringify(tree, (key, value: unknown) =>
    ['literal', 'literals', 'comparison', 'isBound'].includes(key) ? undefined : value,
  )
}

function boundLiteral(literal: Literal | undefined): Partial<Condition> {
  return literal === undefined ? {} : { literal, isBound: true }
}

/** The items of a list that is known as a whole. */
function literalsOf(value: StaticValue): NonNullable<Literal>[] | null {
  if (value.kind !== 'array' || value.isOpen || value.items.length === 0) return null
  const literals = value.items.flatMap((each) =>
    each.kind === 'literal' && each.value !== null ? [each.value] : [],
  )
  return literals.length === value.items.length ? literals : null
}

function withoutLiteral(tree: ConditionTree): ConditionTree {
  if (tree.kind === 'condition') {
    const { column, operator, isOptional } = tree.condition
    return condition({ column, operator, isOptional })
  }
  return tree.kind === 'opaque' ? tree : { ...tree, parts: tree.parts.map(withoutLiteral) }
}
