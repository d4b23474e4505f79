import type { A_Expr, Node } from 'libpg-query'
import type { CatalogTable } from '../catalog/catalog.ts'
import type { Condition } from '../shape/query-shape.ts'
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
      if (boolop === 'OR_EXPR') return { kind: 'or', parts: args.map((each) => this.treeOf(each)) }
      const [negated] = args
      const inner = negated === undefined ? null : this.single(negated)
      if (inner === null) return opaque
      if (inner.operator === 'is-null') return condition({ ...inner, operator: 'is-not-null' })
      // `NOT active` asks for one value as `active` does.
      if (negated !== undefined && 'ColumnRef' in negated) return condition({ ...inner, literal: false })
      return condition({ ...inner, operator: 'not' })
    }
    const found = this.single(node)
    return found === null ? opaque : condition(found)
  }

  /** A comparison of a column of the table with something that is known when the table is read. */
  private single(node: Node): Condition | null {
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
    const left = this.columnAt(bare(lexpr))
    const right = this.columnAt(bare(rexpr))
    // Columns of one table compared with each other are known only row by row.
    if (left !== null && right !== null) return null
    const column = left ?? right
    if (column === null) {
      const inner = this.columnInside(lexpr)
      if (inner === null) return null
      return { column: inner.column, operator: inner.isJson ? 'json' : 'pattern', isOptional: false }
    }
    const value = left === null ? lexpr : rexpr
    if (this.columnInside(value) !== null) return null
    const operator = comparisonOperator(kind, nameOf(name), value)
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

/** The first of a row, `(a, b) > (…)`; without a cast to text, with which Prisma writes `"email"::text LIKE …`. */
function bare(node: Node | undefined): Node | undefined {
  if (node === undefined) return undefined
  if ('RowExpr' in node) return node.RowExpr.args?.[0]
  if ('TypeCast' in node && nameOf(node.TypeCast.typeName?.names) === 'text') return node.TypeCast.arg
  return node
}
