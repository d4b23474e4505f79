import type { A_Expr, Node } from 'libpg-query'
import type { CatalogTable } from '../catalog/catalog.ts'
import type { ComparedExpression, Condition, ConditionOperator } from '../shape/query-shape.ts'
import type { ConditionTree } from '../shape/condition-tree.ts'
import { and, condition, opaque } from '../shape/condition-tree.ts'
import { comparisonOf, comparisonOperator } from './comparison-operator.ts'
import type { NameScope } from './name-scope.ts'
import { literalOf, literalsOf, nameOf, nodesOf } from './parse-tree.ts'

/** Reads what an expression asks of one table: the one that the statement calls `alias`. */
export class TableConditions {
  constructor(
    private readonly alias: string,
    private readonly scope: NameScope<CatalogTable>,
  ) {}

  /** Whether the expression holds a column of the table. */
  isIn(node: Node): boolean {
    return this.columnInside(node) !== null
  }

  treeOf(node: Node): ConditionTree {
    if ('BoolExpr' in node) {
      const { boolop, args = [] } = node.BoolExpr
      if (boolop === 'AND_EXPR') return and(args.map((each) => this.treeOf(each)))
      if (boolop === 'OR_EXPR') return this.either(args)
      const [negated] = args
      const inner = negated === undefined ? null : this.conditionOf(negated)
      if (inner === null) return opaque
      if (inner.operator === 'is-null') return condition({ ...inner, operator: 'is-not-null' })
      // `NOT active` asks for one value as `active` does.
      if (negated !== undefined && 'ColumnRef' in negated) return condition({ ...inner, literal: false })
      return condition({ ...inner, operator: 'not' })
    }
    const found = this.conditionOf(node)
    return found === null ? opaque : condition(found)
  }

  /** A part that speaks of no row, `$1 IS NULL`, switches the others off: they are asked for in some calls. */
  private either(parts: readonly Node[]): ConditionTree {
    const asking = parts.filter(
      (each) => nodesOf(each, 'ColumnRef').length + nodesOf(each, 'SubLink').length > 0,
    )
    const trees = asking.map((each) => this.treeOf(each))
    if (asking.length === parts.length) return { kind: 'or', parts: trees }
    const [only, ...others] = trees
    if (only?.kind !== 'condition' || others.length > 0) return and([])
    return condition({ ...only.condition, isOptional: true, isSwitched: true })
  }

  /** A comparison of a column of the table with something that is known when the table is read. */
  conditionOf(node: Node): Condition | null {
    if ('ColumnRef' in node) {
      const column = this.columnAt(node)
      return column === null ? null : { column, operator: 'equals', isOptional: false, literal: true }
    }
    if ('NullTest' in node) {
      const column = this.columnAt(node.NullTest.arg)
      const operator = node.NullTest.nulltesttype === 'IS_NULL' ? 'is-null' : 'is-not-null'
      return column === null ? null : { column, operator, isOptional: false }
    }
    if ('BooleanTest' in node) {
      const column = this.columnAt(node.BooleanTest.arg)
      const test = node.BooleanTest.booltesttype
      if (column === null) return null
      if (test !== 'IS_TRUE' && test !== 'IS_FALSE') return { column, operator: 'not', isOptional: false }
      return { column, operator: 'equals', isOptional: false, literal: test === 'IS_TRUE' }
    }
    if ('SubLink' in node) {
      const isAny = node.SubLink.subLinkType === 'ANY_SUBLINK'
      const column = isAny ? this.columnAt(node.SubLink.testexpr) : null
      return column === null ? null : { column, operator: 'in', isOptional: false }
    }
    if ('A_Expr' in node) return this.comparison(node.A_Expr)
    return null
  }

  private comparison({ kind, name, lexpr, rexpr }: A_Expr): Condition | null {
    const left = this.columnAt(this.bare(lexpr))
    const right = this.columnAt(this.bare(rexpr))
    // Columns of one table compared with each other are known only row by row.
    if (left !== null && right !== null) return null
    const column = left ?? right
    if (column === null) {
      const inner = this.columnInside(lexpr)
      if (inner === null) return null
      const asked = { column: inner.column, isOptional: false }
      if (inner.isJson) return { ...asked, operator: 'json' }
      const compared = comparisonOperator(kind, nameOf(name), rexpr)
      return { ...asked, operator: 'expression', expression: expressionOf(lexpr, compared) }
    }
    const value = left === null ? lexpr : rexpr
    if (this.columnInside(value) !== null) return null
    const operator = this.operatorOn(column, comparisonOperator(kind, nameOf(name), value), nameOf(name))
    if (operator === null) return null
    const asked = { column, operator, isOptional: false }
    if (operator === 'in') {
      const literals = literalsOf(value)
      return literals === null ? asked : { ...asked, literals }
    }
    const literal = operator === 'equals' || operator === 'range' ? literalOf(value) : undefined
    if (literal === undefined) return asked
    const comparison = operator === 'range' ? comparisonOf(nameOf(name), left !== null) : null
    return { ...asked, literal, ...(comparison === null ? {} : { comparison }) }
  }

  /** `@>` and `?` find elements of a list, or what a jsonb document holds. */
  private operatorOn(
    column: string,
    operator: ConditionOperator | null,
    name: string,
  ): ConditionOperator | null {
    const table = this.scope.sources.get(this.alias)
    const type = table?.columns.find((each) => each.name === column)?.type
    if (type !== 'Json' || (operator !== 'list' && operator !== 'search')) return operator
    if (['?', '?|', '?&'].includes(name)) return 'json-key'
    return ['@>', '@?', '@@'].includes(name) ? 'json-contains' : 'json'
  }

  /**
   * The first of a row, `(a, b) > (…)`; without a cast to text, with which Prisma writes `"email"::text LIKE …`, or of a
   * Json column to jsonb.
   */
  private bare(node: Node | undefined): Node | undefined {
    if (node === undefined) return undefined
    if ('RowExpr' in node) return node.RowExpr.args?.[0]
    if (!('TypeCast' in node)) return node
    const type = nameOf(node.TypeCast.typeName?.names)
    const isOwn = type === 'jsonb' && this.columnInside(node.TypeCast.arg)?.isJson === true
    return type === 'text' || isOwn ? node.TypeCast.arg : node
  }

  /** The column of the table that the node is; null for one that stands in a SELECT around this one. */
  private columnAt(node: Node | undefined): string | null {
    return this.found(node)?.column ?? null
  }

  /** A column of the table within an expression: `lower(email)`, `meta->>'kind'`. */
  private columnInside(node: Node | undefined): { column: string; isJson: boolean } | null {
    for (const each of nodesOf(node, 'ColumnRef')) {
      const found = this.found(each)
      if (found === null) continue
      const type = found.table.columns.find((column) => column.name === found.column)?.type
      return { column: found.column, isJson: type === 'Json' }
    }
    return null
  }

  private found(node: Node | undefined): { table: CatalogTable; column: string } | null {
    if (node === undefined || !('ColumnRef' in node)) return null
    const found = this.scope.columnOf(node.ColumnRef.fields ?? [])
    return found?.alias === this.alias && found.depth === 0 ? found : null
  }
}

/** The function around a column, where it is known by its name; `other` for the rest. */
function expressionOf(node: Node | undefined, compared: ConditionOperator | null): ComparedExpression {
  const how = compared === 'equals' || compared === 'in' || compared === 'range' ? compared : 'other'
  if (node === undefined) return { call: 'other', compared: how }
  if ('TypeCast' in node && nameOf(node.TypeCast.typeName?.names) === 'date')
    return { call: 'date', compared: how }
  if (!('FuncCall' in node)) return { call: 'other', compared: how }
  const { funcname, args = [] } = node.FuncCall
  const name = nameOf(funcname).toLowerCase()
  const isOfColumn = args.length === 1 && args[0] !== undefined && 'ColumnRef' in args[0]
  if ((name === 'lower' || name === 'upper' || name === 'date') && isOfColumn)
    return { call: name, compared: how }
  if (PARTS_OF_TIME.has(name)) return { call: 'part-of-time', compared: how }
  return { call: name === 'to_tsvector' ? 'to_tsvector' : 'other', compared: how }
}

/** What cuts a time down: the years, the months or the days of it are ranges of the column. */
const PARTS_OF_TIME = new Set([
  'date_trunc',
  'extract',
  'date_part',
  'to_char',
  'year',
  'month',
  'day',
  'hour',
  'date_format',
  'strftime',
  'datetime',
])
