import type { CatalogColumn, CatalogTable } from '../../catalog/catalog.ts'
import type { Comparison, Condition, ConditionOperator, Literal } from '../../shape/query-shape.ts'
import type { ConditionTree } from '../../shape/condition-tree.ts'
import { and, condition, opaque } from '../../shape/condition-tree.ts'
import type { ModelFields, ModelRelation } from './model-fields.ts'
import type { ObjectEntry, ObjectValue, StaticValue } from '../values/static-value.ts'
import { anyOf, entryOf, objectsOf, withoutUndefined } from '../values/static-value.ts'

/** A relation filter: its own question to the table on the other side. */
export interface RelatedQuestion {
  readonly table: CatalogTable
  readonly tree: ConditionTree
  readonly relation: ModelRelation
  /** `some`, `none`, `every`, `is`, `isNot`; null below another filter, an OR or a NOT, which turn it into something else. */
  readonly quantifier: string | null
}

export interface WhereReading {
  readonly tree: ConditionTree
  readonly related: readonly RelatedQuestion[]
  /** Nothing that it asks is left out of the tree without a word. */
  readonly isWhole: boolean
}

/** Takes a Prisma `where` apart. */
export function readWhere(fields: ModelFields, table: CatalogTable, where: StaticValue): WhereReading {
  const reader = new WhereReader(fields)
  const tree = reader.where(table, where, false)
  return { tree, related: reader.related, isWhole: reader.isWhole }
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

function negationOf(negated: Condition): Condition {
  const { operator } = negated
  if (operator === 'is-null') return { ...negated, operator: 'is-not-null' }
  return { ...negated, operator: 'not', ...(operator === 'equals' ? {} : { negates: operator }) }
}

const COMPARISONS: Readonly<Record<string, Comparison>> = { lt: '<', lte: '<=', gt: '>', gte: '>=' }

class WhereReader {
  readonly related: RelatedQuestion[] = []
  isWhole = true
  /** Filters of relations, ORs and NOTs around what is read. */
  private around = 0

  constructor(private readonly fields: ModelFields) {}

  where(table: CatalogTable, value: StaticValue, isOptional: boolean): ConditionTree {
    if (value.kind === 'undefined') return and([])
    const objects = objectsOf(value)
    if (objects === null) return unread(isOptional)
    // Of several possible ones, what all of them hold is certain.
    return this.object(table, anyOf(objects), isOptional)
  }

  private object(table: CatalogTable, object: ObjectValue, isOptional: boolean): ConditionTree {
    const parts = [...object.entries].flatMap(([name, raw]) => {
      const entry = withoutUndefined(raw)
      return entry === undefined ? [] : [this.entry(table, name, entry, isOptional || entry.isOptional)]
    })
    return and(object.isOpen ? [...parts, unread(isOptional)] : parts)
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
    return unread(isOptional)
  }

  private all(table: CatalogTable, value: StaticValue, isOptional: boolean): ConditionTree {
    if (value.kind !== 'array') return this.where(table, value, isOptional)
    const parts = value.items.map((each) => this.where(table, each, isOptional))
    return and(value.isOpen ? [...parts, unread(isOptional)] : parts)
  }

  private any(table: CatalogTable, value: StaticValue, isOptional: boolean): ConditionTree {
    // An OR that is only sometimes there promises nothing, and the calls without it ask for the rest alone.
    if (isOptional) return unread(isOptional)
    if (value.kind !== 'array') return this.where(table, value, isOptional)
    if (value.isOpen) return opaque
    const [only] = value.items
    if (value.items.length === 1 && only !== undefined) return this.where(table, only, false)
    return { kind: 'or', parts: this.below(() => value.items.map((each) => this.where(table, each, false))) }
  }

  private below<T>(read: () => T): T {
    this.around++
    try {
      return read()
    } finally {
      this.around--
    }
  }

  /** What is negated cannot be looked up, but its relations are. */
  private none(table: CatalogTable, value: StaticValue): ConditionTree {
    const items = value.kind === 'array' ? value.items : [value]
    const trees = this.below(() => items.map((each) => this.where(table, each, false)))
    const negated = trees.flatMap(conditionsOf).map((each) => condition(negationOf(each)))
    // Only a single negated condition keeps its meaning alone: NOT (a AND b) is an OR, which keeps most rows.
    if (trees.some(holdsOpaque)) return opaque
    if (negated.length === 1) return and(negated)
    this.isWhole = false
    return and([])
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
        return column.isList ? single('list') : unread(isOptional)
      case 'object':
        return this.filter(column, value, isOptional)
      case 'choice': {
        const trees = value.options.map((each) => this.scalar(column, each, isOptional))
        const [first] = trees
        const isSame = trees.every((tree) => shapeOf(tree) === shapeOf(first))
        // The same operator with different values.
        return isSame && first !== undefined ? withoutLiteral(first) : unread(isOptional)
      }
      default:
        return unread(isOptional)
    }
  }

  private filter(column: CatalogColumn, filter: ObjectValue, isOptional: boolean): ConditionTree {
    const mode = entryOf(filter, 'mode')?.value
    const isInsensitive = mode !== undefined && !(mode.kind === 'literal' && mode.value === 'default')
    const isOfPath = entryOf(filter, 'path') !== undefined || filter.isOpen
    const parts = [...filter.entries].flatMap(([name, raw]): ConditionTree[] => {
      const entry = withoutUndefined(raw)
      if (entry === undefined || name === 'mode' || (name === 'path' && column.type === 'Json')) return []
      return [this.operator(column, name, entry, isOptional || entry.isOptional, isInsensitive, isOfPath)]
    })
    return and(filter.isOpen ? [...parts, unread(isOptional)] : parts)
  }

  private operator(
    column: CatalogColumn,
    name: string,
    { value }: ObjectEntry,
    isOptional: boolean,
    isInsensitive: boolean,
    isOfPath: boolean,
  ): ConditionTree {
    const single = (operator: ConditionOperator, known: Partial<Condition> = {}) =>
      condition({ column: column.name, operator, isOptional, ...known })
    const literal = value.kind === 'literal' ? value.value : undefined
    if (column.type === 'Json') {
      if (name === 'not') return single('not')
      return single(name === 'array_contains' && !isOfPath ? 'json-contains' : 'json')
    }
    const operator = OPERATORS[name]
    if (operator === undefined) return unread(isOptional)
    if (value.kind === 'unknown' && operator !== 'not') return unread(isOptional)
    if (isInsensitive && operator !== 'not')
      return single(operator === 'equals' || operator === 'in' ? 'any-case' : 'pattern')
    const isNull = value.kind === 'literal' && value.value === null
    if (name === 'notIn') {
      const excluded = literalsOf(value)
      return single('not', { isList: true, ...(excluded === null ? {} : { literals: excluded }) })
    }
    if (name === 'not') return single(isNull ? 'is-not-null' : 'not')
    if (name === 'equals') return isNull ? single('is-null') : single('equals', boundLiteral(literal))
    const comparison = COMPARISONS[name]
    if (comparison !== undefined)
      return single('range', { ...boundLiteral(literal === null ? undefined : literal), comparison })
    const literals = name === 'in' ? literalsOf(value) : null
    return literals === null ? single(operator) : single('in', { literals, isBound: true })
  }

  private relation(
    table: CatalogTable,
    relation: ModelRelation,
    value: StaticValue,
    isOptional: boolean,
  ): ConditionTree {
    // `author: null` asks for the foreign key.
    if (isNull(value)) return this.absent(table, relation, 'is-null', isOptional)
    const objects = objectsOf(value)
    if (objects === null) return unread(isOptional)
    const parts = quantified(relation, anyOf(objects)).map(([quantifier, entry]) => {
      const isSometimes = isOptional || entry.isOptional
      if (isNull(entry.value))
        return this.absent(table, relation, quantifier === 'isNot' ? 'is-not-null' : 'is-null', isSometimes)
      return this.ask(relation, quantifier, entry.value, isSometimes)
    })
    return and(parts)
  }

  /** Whether there is a parent stands in the foreign key; whether there is a child, in another table. */
  private absent(
    table: CatalogTable,
    relation: ModelRelation,
    operator: 'is-null' | 'is-not-null',
    isOptional: boolean,
  ): ConditionTree {
    const own = table.foreignKeys.find((each) => each.relationField === relation.field)
    if (own === undefined) return unread(isOptional)
    return and(own.columns.map((column) => condition({ column, operator, isOptional })))
  }

  /**
   * A child is looked up by its foreign key and the conditions; a parent is looked up by its key, or leads. What is
   * asked of the columns that the two have in common is asked of this table too.
   */
  private ask(
    relation: ModelRelation,
    quantifier: string,
    inner: StaticValue,
    isOptional: boolean,
  ): ConditionTree {
    const { target, targetColumns, columns } = relation
    if (target === null) return unread(isOptional)
    const conditions = this.below(() => this.where(target, inner, false))
    const isLookup = relation.isList && targetColumns !== null
    const lookup = isLookup
      ? targetColumns.map((column) => condition({ column, operator: 'equals', isOptional: false }))
      : []
    // `every` looks for a row that does not match.
    const tree = quantifier === 'every' ? and(lookup) : and([...lookup, conditions])
    if (quantifier !== 'isNot' && (lookup.length > 0 || conditionsOf(conditions).length > 0))
      this.related.push({
        table: target,
        tree,
        relation,
        quantifier: this.around === 0 && !isOptional ? quantifier : null,
      })
    if (quantifier !== 'is' && quantifier !== 'some') return unread(isOptional)
    const asked = conjuncts(conditions)
    const shared = asked.flatMap((part) => {
      if (part.kind !== 'condition' || part.condition.operator !== 'equals') return []
      const column = columns?.[targetColumns?.indexOf(part.condition.column) ?? -1]
      const isSometimes = isOptional || part.condition.isOptional
      return column === undefined ? [] : [condition({ ...part.condition, column, isOptional: isSometimes })]
    })
    return and(shared.length === asked.length && asked.length > 0 ? shared : [...shared, unread(isOptional)])
  }
}

/** A part that keeps rows away and could not be read; nothing where only some calls have it. */
function unread(isOptional: boolean): ConditionTree {
  return isOptional ? and([]) : opaque
}

function isNull(value: StaticValue): boolean {
  return value.kind === 'literal' && value.value === null
}

function quantified(relation: ModelRelation, object: ObjectValue): [string, ObjectEntry][] {
  const names = relation.isList ? ['some', 'every', 'none'] : ['is', 'isNot']
  const given = names.flatMap((name): [string, ObjectEntry][] => {
    const entry = entryOf(object, name)
    return entry === undefined ? [] : [[name, entry]]
  })
  // `author: { email }` without `is`.
  return given.length > 0 || relation.isList ? given : [['is', { value: object, isOptional: false }]]
}

/** What must hold all together. */
function conjuncts(tree: ConditionTree): ConditionTree[] {
  return tree.kind === 'and' ? tree.parts.flatMap(conjuncts) : [tree]
}

function holdsOpaque(tree: ConditionTree): boolean {
  return tree.kind === 'opaque' || (tree.kind !== 'condition' && tree.parts.some(holdsOpaque))
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
