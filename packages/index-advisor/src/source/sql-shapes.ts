import { parse } from 'libpg-query'
import type { A_Expr, Node, RangeVar, SelectStmt, SortBy } from 'libpg-query'
import type { Catalog, CatalogTable } from '../catalog/catalog.ts'
import type { Condition, ConditionOperator, OrderKey, QueryShape, ShapeEvidence } from '../query-shape.ts'
import type { ConditionTree } from './condition-tree.ts'
import { and, armsOf, condition, opaque } from './condition-tree.ts'
import { toPostgresSpelling } from './sql-dialect.ts'

export interface SqlReading {
  readonly shapes: readonly QueryShape[]
  /** Why nothing could be read; null when the statement was understood. */
  readonly unread: string | null
}

/**
 * What a statement asks of each table it reads or changes, by PostgreSQL's own parser. A table the catalog does not
 * hold is passed over. Where a column is compared with a column of another table, it counts as known: that is how the
 * inner side of a join is looked up.
 */
export async function shapesOfSql(
  sql: string,
  catalog: Catalog,
  evidence: ShapeEvidence,
): Promise<SqlReading> {
  let statements
  try {
    statements = (await parse(toPostgresSpelling(sql, catalog.provider))).stmts ?? []
  } catch (error) {
    return { shapes: [], unread: (error as Error).message }
  }
  const shapes: QueryShape[] = []
  for (const { stmt } of statements)
    if (stmt !== undefined) new StatementReader(catalog, evidence, shapes).statement(stmt)
  return { shapes, unread: null }
}

/** Tables by the name the statement gives them; null: a subquery or a table that is not in the catalog. */
interface Scope {
  readonly sources: Map<string, CatalogTable | null>
  readonly outer: Scope | null
}

interface ColumnOf {
  readonly alias: string
  readonly table: CatalogTable
  readonly column: string
  /** 0: the table stands in this SELECT; more: in one around it. */
  readonly depth: number
}

type Ordering = Pick<SelectStmt, 'sortClause' | 'groupClause' | 'distinctClause' | 'targetList'>

class StatementReader {
  private ors = 0

  constructor(
    private readonly catalog: Catalog,
    private readonly evidence: ShapeEvidence,
    private readonly shapes: QueryShape[],
  ) {}

  statement(node: Node): void {
    if ('SelectStmt' in node) this.select(node.SelectStmt, null)
    if ('UpdateStmt' in node) {
      const { relation, fromClause, whereClause, withClause } = node.UpdateStmt
      this.change(relation, fromClause, whereClause, withClause?.ctes)
    }
    if ('DeleteStmt' in node) {
      const { relation, usingClause, whereClause, withClause } = node.DeleteStmt
      this.change(relation, usingClause, whereClause, withClause?.ctes)
    }
    if ('InsertStmt' in node && node.InsertStmt.selectStmt !== undefined)
      this.statement(node.InsertStmt.selectStmt)
    if ('ExplainStmt' in node && node.ExplainStmt.query !== undefined) this.statement(node.ExplainStmt.query)
  }

  private change(
    relation: RangeVar | undefined,
    from: Node[] | undefined,
    where: Node | undefined,
    ctes: Node[] | undefined,
  ): void {
    const scope: Scope = { sources: new Map(), outer: null }
    this.commonTables(ctes, scope)
    const quals: Node[] = where === undefined ? [] : [where]
    if (relation !== undefined) this.source({ RangeVar: relation }, scope, quals)
    for (const each of from ?? []) this.source(each, scope, quals)
    this.emit(scope, quals, {})
  }

  private select(select: SelectStmt, outer: Scope | null): void {
    if (select.larg !== undefined || select.rarg !== undefined) {
      if (select.larg !== undefined) this.select(select.larg, outer)
      if (select.rarg !== undefined) this.select(select.rarg, outer)
      return
    }
    const scope: Scope = { sources: new Map(), outer }
    this.commonTables(select.withClause?.ctes, scope)
    const quals: Node[] = select.whereClause === undefined ? [] : [select.whereClause]
    for (const each of select.fromClause ?? []) this.source(each, scope, quals)
    for (const target of select.targetList ?? []) this.subqueries(target, scope)
    this.emit(scope, quals, select)
  }

  private commonTables(ctes: Node[] | undefined, scope: Scope): void {
    for (const cte of ctes ?? []) {
      if (!('CommonTableExpr' in cte)) continue
      const { ctename, ctequery } = cte.CommonTableExpr
      if (ctename !== undefined) scope.sources.set(ctename, null)
      if (ctequery !== undefined && 'SelectStmt' in ctequery) this.select(ctequery.SelectStmt, scope)
      else if (ctequery !== undefined) this.statement(ctequery)
    }
  }

  private source(node: Node, scope: Scope, quals: Node[]): void {
    if ('RangeVar' in node) {
      const { relname = '', schemaname, alias } = node.RangeVar
      const isCommonTable = schemaname === undefined && isKnown(scope, relname)
      scope.sources.set(
        alias?.aliasname ?? relname,
        isCommonTable ? null : (this.table(relname, schemaname) ?? null),
      )
    } else if ('JoinExpr' in node) {
      const { larg, rarg, quals: on } = node.JoinExpr
      if (larg !== undefined) this.source(larg, scope, quals)
      if (rarg !== undefined) this.source(rarg, scope, quals)
      if (on !== undefined) quals.push(on)
    } else if ('RangeSubselect' in node) {
      const { subquery, alias } = node.RangeSubselect
      scope.sources.set(alias?.aliasname ?? '', null)
      if (subquery !== undefined && 'SelectStmt' in subquery) this.select(subquery.SelectStmt, scope)
    }
  }

  private table(name: string, schema: string | undefined): CatalogTable | undefined {
    const named = this.catalog.tables.filter((each) => each.name === name)
    // MySQL and SQLite statements carry the database's name, which no catalog table has.
    return named.find((each) => each.schema === schema) ?? (named.length === 1 ? named[0] : undefined)
  }

  /** One shape for each table of the statement and each arm of its OR. */
  private emit(
    scope: Scope,
    quals: readonly Node[],
    select: Ordering & Pick<SelectStmt, 'limitCount' | 'limitOffset'>,
  ): void {
    for (const qual of quals) this.subqueries(qual, scope)
    const parts = quals.flatMap(conjuncts)
    const order = this.order(scope, select)
    for (const [alias, table] of scope.sources) {
      if (table === null) continue
      const mine = parts.filter((part) => this.speaksOf(part, alias, scope))
      const isJoined = (part: Node) =>
        [...scope.sources.keys()].some((other) => other !== alias && this.speaksOf(part, other, scope))
      const ordered = order?.alias === alias
      const add = (conditions: readonly Node[], isInner: boolean) => {
        const arms = armsOf(and(conditions.map((part) => this.tree(part, alias, scope))))
        const or = arms.length > 1 ? this.ors++ : null
        for (const arm of arms)
          this.shapes.push({
            table: table.name,
            schema: table.schema,
            conditions: arm.conditions,
            order: ordered && !isInner ? order.keys : [],
            // A LIMIT bounds the rows read of a table only where its order, or none, decides.
            limit: (order === null || ordered) && !isInner ? countOf(select.limitCount) : null,
            offset: (order === null || ordered) && !isInner ? countOf(select.limitOffset) : null,
            arm: or,
            isPartial: arm.isPartial,
            evidence: this.evidence,
          })
      }
      // The table may be where the join begins, or what each row of another table is looked up in.
      add(
        mine.filter((part) => !isJoined(part)),
        false,
      )
      if (mine.some(isJoined)) add(mine, true)
    }
  }

  private speaksOf(node: Node, alias: string, scope: Scope): boolean {
    return columnRefs(node).some((each) => {
      const column = this.resolve(each, scope)
      return column?.alias === alias && column.depth === 0
    })
  }

  private tree(node: Node, alias: string, scope: Scope): ConditionTree {
    if ('BoolExpr' in node) {
      const { boolop, args = [] } = node.BoolExpr
      if (boolop === 'AND_EXPR') return and(args.map((each) => this.tree(each, alias, scope)))
      if (boolop === 'OR_EXPR')
        return { kind: 'or', parts: args.map((each) => this.tree(each, alias, scope)) }
      const [negated] = args
      const inner = negated === undefined ? null : this.single(negated, alias, scope)
      if (inner === null) return opaque
      if (inner.operator === 'is-null') return condition({ ...inner, operator: 'is-not-null' })
      // `NOT active` asks for one value as `active` does.
      if (negated !== undefined && 'ColumnRef' in negated) return condition({ ...inner, literal: false })
      return condition({ ...inner, operator: 'not' })
    }
    const found = this.single(node, alias, scope)
    return found === null ? opaque : condition(found)
  }

  /** A comparison of a column of `alias` with something that is known when the table is read. */
  private single(node: Node, alias: string, scope: Scope): Condition | null {
    const mine = (each: Node | undefined) => {
      const found = each === undefined ? null : this.resolve(each, scope)
      return found?.alias === alias && found.depth === 0 ? found.column : null
    }
    if ('ColumnRef' in node) {
      const column = mine(node)
      return column === null ? null : { column, operator: 'equals', isOptional: false, literal: true }
    }
    if ('NullTest' in node) {
      const column = mine(node.NullTest.arg)
      const operator = node.NullTest.nulltesttype === 'IS_NULL' ? 'is-null' : 'is-not-null'
      return column === null ? null : { column, operator, isOptional: false }
    }
    if ('BooleanTest' in node) {
      const column = mine(node.BooleanTest.arg)
      const test = node.BooleanTest.booltesttype
      if (column === null) return null
      if (test !== 'IS_TRUE' && test !== 'IS_FALSE') return { column, operator: 'not', isOptional: false }
      return { column, operator: 'equals', isOptional: false, literal: test === 'IS_TRUE' }
    }
    if ('SubLink' in node) {
      const column = node.SubLink.subLinkType === 'ANY_SUBLINK' ? mine(node.SubLink.testexpr) : null
      return column === null ? null : { column, operator: 'in', isOptional: false }
    }
    if ('A_Expr' in node) return this.comparison(node.A_Expr, alias, scope, mine)
    return null
  }

  private comparison(
    expression: A_Expr,
    alias: string,
    scope: Scope,
    mine: (node: Node | undefined) => string | null,
  ): Condition | null {
    const { kind, lexpr, rexpr } = expression
    const name = nameOf(expression.name)
    const left = mine(bare(lexpr))
    const right = mine(bare(rexpr))
    // Columns of one table compared with each other are known only row by row.
    if (left !== null && right !== null) return null
    const column = left ?? right
    if (column === null) {
      const inner = this.columnInside(lexpr, alias, scope)
      if (inner === null) return null
      return { column: inner.column, operator: inner.isJson ? 'json' : 'pattern', isOptional: false }
    }
    const value = left === null ? lexpr : rexpr
    if (this.columnInside(value, alias, scope) !== null) return null
    const operator = operatorOf(kind, name, value)
    if (operator === null) return null
    const literal = operator === 'equals' || operator === 'range' ? literalOf(value) : undefined
    return { column, operator, isOptional: false, ...(literal === undefined ? {} : { literal }) }
  }

  /** A column of the table within an expression: `lower(email)`, `meta->>'kind'`. */
  private columnInside(
    node: Node | undefined,
    alias: string,
    scope: Scope,
  ): { column: string; isJson: boolean } | null {
    if (node === undefined) return null
    const found = columnRefs(node)
      .map((each) => this.resolve(each, scope))
      .find((each) => each?.alias === alias && each.depth === 0)
    if (found === undefined || found === null) return null
    const type = found.table.columns.find((each) => each.name === found.column)?.type
    return { column: found.column, isJson: type === 'Json' }
  }

  private order(scope: Scope, select: Ordering): { alias: string; keys: OrderKey[] } | null {
    const { sortClause = [], groupClause = [], distinctClause = [], targetList = [] } = select
    const targets = targetList.flatMap((each) => ('ResTarget' in each ? (each.ResTarget.val ?? []) : []))
    const on = distinctClause.filter((each) => Object.keys(each).length > 0)
    // DISTINCT without ON is an empty node: it speaks of all targets.
    const distinct = on.length > 0 || distinctClause.length === 0 ? on : targets
    const nodes = sortClause.length > 0 ? sortClause : groupClause.length > 0 ? groupClause : distinct
    if (nodes.length === 0) return null
    const keys: { alias: string; key: OrderKey }[] = []
    for (const node of nodes) {
      const sort = 'SortBy' in node ? node.SortBy : null
      const position = literalOf(sort?.node ?? node)
      const named = typeof position === 'number' ? targets[position - 1] : (sort?.node ?? node)
      const column = named === undefined ? null : this.resolve(named, scope)
      // The order of an expression, or over several tables, is not an index's.
      if (column === null || column.depth > 0) return { alias: '', keys: [] }
      keys.push({
        alias: column.alias,
        key: { column: column.column, sort: sort === null ? 'any' : sortOf(sort) },
      })
    }
    const [first] = keys
    const isOneTable = keys.every((each) => each.alias === first?.alias)
    return { alias: isOneTable ? (first?.alias ?? '') : '', keys: keys.map((each) => each.key) }
  }

  private resolve(node: Node, scope: Scope): ColumnOf | null {
    if (!('ColumnRef' in node)) return null
    const parts = (node.ColumnRef.fields ?? []).map((each) =>
      'String' in each ? (each.String.sval ?? '') : '',
    )
    const column = parts.at(-1) ?? ''
    const qualifier = parts.at(-2)
    let depth = 0
    for (let at: Scope | null = scope; at !== null; at = at.outer, depth++) {
      if (qualifier !== undefined) {
        if (!at.sources.has(qualifier)) continue
        const table = at.sources.get(qualifier) ?? null
        return table === null ? null : { alias: qualifier, table, column, depth }
      }
      const holders = [...at.sources].filter(([, table]) =>
        table?.columns.some((each) => each.name === column),
      )
      const [holder] = holders
      if (holder !== undefined && holder[1] !== null)
        return holders.length === 1 ? { alias: holder[0], table: holder[1], column, depth } : null
    }
    return null
  }

  /** SELECTs inside an expression: EXISTS, IN (SELECT …), scalar ones. */
  private subqueries(node: Node, scope: Scope): void {
    for (const found of nodesOf(node, 'SubLink')) {
      const subselect = (found as { SubLink: { subselect?: Node } }).SubLink.subselect
      if (subselect !== undefined && 'SelectStmt' in subselect) this.select(subselect.SelectStmt, scope)
    }
  }
}

function conjuncts(node: Node): Node[] {
  if ('BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR')
    return (node.BoolExpr.args ?? []).flatMap(conjuncts)
  return [node]
}

function isKnown(scope: Scope | null, name: string): boolean {
  for (let at = scope; at !== null; at = at.outer) if (at.sources.get(name) === null) return true
  return false
}

/** Column references of the expression; those of a SELECT inside it are its own. */
function columnRefs(node: Node): Node[] {
  return nodesOf(node, 'ColumnRef')
}

function nodesOf(node: unknown, tag: 'ColumnRef' | 'SubLink'): Node[] {
  if (Array.isArray(node)) return node.flatMap((each) => nodesOf(each, tag))
  if (node === null || typeof node !== 'object') return []
  if (tag in node) return [node as Node]
  if ('SelectStmt' in node) return []
  return Object.values(node).flatMap((each) => nodesOf(each, tag))
}

/** The first of a row, `(a, b) > (…)`; without a cast to text, with which Prisma writes `"email"::text LIKE …`. */
function bare(node: Node | undefined): Node | undefined {
  if (node === undefined) return undefined
  if ('RowExpr' in node) return node.RowExpr.args?.[0]
  if ('TypeCast' in node && nameOf(node.TypeCast.typeName?.names) === 'text') return node.TypeCast.arg
  return node
}

function nameOf(name: Node[] | undefined): string {
  const last = name?.at(-1)
  return last !== undefined && 'String' in last ? (last.String.sval ?? '') : ''
}

function operatorOf(kind: A_Expr['kind'], name: string, value: Node | undefined): ConditionOperator | null {
  switch (kind) {
    case 'AEXPR_OP':
      if (name === '=') return 'equals'
      if (['<', '>', '<=', '>='].includes(name)) return 'range'
      if (['<>', '!='].includes(name)) return 'not'
      if (['@>', '&&', '<@'].includes(name)) return 'list'
      if (name === '@@') return 'search'
      if (['~', '~*'].includes(name)) return 'pattern'
      return null
    case 'AEXPR_OP_ANY':
      return name === '=' ? 'in' : null
    case 'AEXPR_OP_ALL':
      return 'not'
    case 'AEXPR_IN':
      return name === '=' ? 'in' : 'not'
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
      return 'range'
    case 'AEXPR_LIKE': {
      if (name.startsWith('!')) return 'not'
      return value !== undefined && beginsPlainly(value) ? 'prefix' : 'pattern'
    }
    case 'AEXPR_ILIKE':
      return name.startsWith('!') ? 'not' : 'pattern'
    case 'AEXPR_NOT_DISTINCT':
      return 'equals'
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return 'not'
    default:
      return null
  }
}

/** `'abc%'`, or Prisma's `$1 || '%'`: the beginning is fixed. A lone parameter may begin with anything. */
function beginsPlainly(node: Node): boolean {
  if ('A_Expr' in node && nameOf(node.A_Expr.name) === '||') {
    const { lexpr } = node.A_Expr
    return lexpr !== undefined && ('ParamRef' in lexpr || beginsPlainly(lexpr))
  }
  const pattern = literalOf(node)
  return typeof pattern === 'string' && /^[^%_]/.test(pattern)
}

function literalOf(node: Node | undefined): string | number | boolean | null | undefined {
  if (node === undefined) return undefined
  if ('TypeCast' in node) return literalOf(node.TypeCast.arg)
  if (!('A_Const' in node)) return undefined
  const constant = node.A_Const
  if (constant.isnull === true) return null
  if (constant.ival !== undefined) return constant.ival.ival ?? 0
  if (constant.fval !== undefined) return Number(constant.fval.fval)
  if (constant.boolval !== undefined) return constant.boolval.boolval ?? false
  return constant.sval?.sval
}

function countOf(node: Node | undefined): number | 'unknown' | null {
  if (node === undefined) return null
  const literal = literalOf(node)
  return literal === null ? null : typeof literal === 'number' ? literal : 'unknown'
}

function sortOf(sort: SortBy): 'asc' | 'desc' {
  return sort.sortby_dir === 'SORTBY_DESC' ? 'desc' : 'asc'
}
