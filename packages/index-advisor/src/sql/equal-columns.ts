import type { Node, SelectStmt } from 'libpg-query'
import type { CatalogTable } from '../catalog/catalog.ts'
import { condition, type ConditionTree } from '../shape/condition-tree.ts'
import type { Condition } from '../shape/query-shape.ts'
import type { NameScope } from './name-scope.ts'
import { literalOf, nameOf, nodesOf } from './parse-tree.ts'
import { conjuncts, type Qual } from './qual.ts'
import { TableConditions } from './table-conditions.ts'

interface Column {
  readonly alias: string
  readonly column: string
}

interface Link {
  readonly columns: readonly [Column, Column]
  /** Aliases whose rows stay though the columns differ: nothing is learned of them. */
  readonly kept: ReadonlySet<string>
}

/**
 * What an equality across a join says of the columns on both sides: where `u.id = p.author_id` and `u.id = $1`, the
 * server knows that `p.author_id = $1`. So it is with EXISTS and IN (SELECT …).
 */
export class EqualColumns {
  private readonly known = new Map<string, Condition>()

  constructor(
    private readonly scope: NameScope<CatalogTable>,
    quals: readonly Qual[],
  ) {
    const links: Link[] = []
    for (const { node, kept } of quals) {
      const columns = this.linked(node)
      if (columns !== null) links.push({ columns, kept })
      else this.learn(node, kept)
      this.learnFromSubquery(node)
    }
    this.spread(links)
  }

  /** Equalities of the table that stand in no condition of its own. */
  of(alias: string): readonly ConditionTree[] {
    return [...this.known].flatMap(([key, each]) =>
      key.startsWith(`${alias}\u0000`) ? [condition(each)] : [],
    )
  }

  /** Both sides are columns of tables of this statement. */
  linked(node: Node): [Column, Column] | null {
    if (!('A_Expr' in node) || node.A_Expr.kind !== 'AEXPR_OP' || nameOf(node.A_Expr.name) !== '=')
      return null
    const [left, right] = [this.column(node.A_Expr.lexpr, 0), this.column(node.A_Expr.rexpr, 0)]
    return left === null || right === null || left.alias === right.alias ? null : [left, right]
  }

  private learn(node: Node, kept: ReadonlySet<string>): void {
    for (const alias of this.scope.sources.keys()) {
      if (kept.has(alias)) continue
      const found = new TableConditions(alias, this.scope).conditionOf(node)
      if (found?.operator === 'equals') this.know({ alias, column: found.column }, found)
    }
  }

  private know({ alias, column }: Column, { literal }: Condition): boolean {
    const key = `${alias}\u0000${column}`
    if (this.known.has(key)) return false
    this.known.set(key, {
      column,
      operator: 'equals',
      isOptional: false,
      ...(literal === undefined ? {} : { literal }),
    })
    return true
  }

  private spread(links: readonly Link[]): void {
    for (let changed = true; changed;) {
      changed = false
      for (const { columns, kept } of links)
        for (const [from, to] of [columns, [columns[1], columns[0]]] as const) {
          const given = this.known.get(`${from.alias}\u0000${from.column}`)
          if (given !== undefined && !kept.has(to.alias) && this.know(to, given)) changed = true
        }
    }
  }

  /** `EXISTS (SELECT … WHERE t.author_id = u.id AND t.author_id = $1)`, `u.id IN (SELECT t.author_id … = $1)` */
  private learnFromSubquery(node: Node): void {
    if (!('SubLink' in node)) return
    const { subLinkType, subselect, testexpr } = node.SubLink
    if (subselect === undefined || !('SelectStmt' in subselect)) return
    const select = subselect.SelectStmt
    const asked = select.whereClause === undefined ? [] : conjuncts(select.whereClause)
    const outer: [Node | undefined, Node | undefined][] = asked.flatMap((each) =>
      'A_Expr' in each && nameOf(each.A_Expr.name) === '='
        ? [[each.A_Expr.lexpr, each.A_Expr.rexpr] as [Node | undefined, Node | undefined]]
        : [],
    )
    const values = new Map<string, Node>()
    const pairs: [Column, string][] = []
    if (subLinkType === 'ANY_SUBLINK') pairs.push(...this.tested(testexpr, select))
    else if (subLinkType !== 'EXISTS_SUBLINK') return
    for (const [a, b] of outer)
      for (const [one, other] of [
        [a, b],
        [b, a],
      ]) {
        const inner = nameIn(one)
        if (inner === null || other === undefined) continue
        const mine = this.column(other, 0)
        // A column of the tables inside is not found among these.
        if (mine !== null && this.column(one, 0) === null) pairs.push([mine, inner])
        else if (nodesOf(other, 'ColumnRef').length === 0) values.set(inner, other)
      }
    for (const [mine, inner] of pairs) {
      const value = values.get(inner)
      if (value === undefined) continue
      const literal = literalOf(value)
      this.know(mine, {
        column: mine.column,
        operator: 'equals',
        isOptional: false,
        ...(literal === undefined ? {} : { literal }),
      })
    }
  }

  private tested(test: Node | undefined, { targetList = [] }: SelectStmt): [Column, string][] {
    const mine = this.column(test, 0)
    const [target, ...more] = targetList
    const value = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
    const inner = more.length === 0 ? nameIn(value) : null
    return mine === null || inner === null ? [] : [[mine, inner]]
  }

  private column(node: Node | undefined, depth: number): Column | null {
    if (node === undefined || !('ColumnRef' in node)) return null
    const found = this.scope.columnOf(node.ColumnRef.fields ?? [])
    return found === null || found.depth !== depth ? null : { alias: found.alias, column: found.column }
  }
}

/** The column's own name, without its table's. */
function nameIn(node: Node | undefined): string | null {
  return node !== undefined && 'ColumnRef' in node ? nameOf(node.ColumnRef.fields) : null
}
