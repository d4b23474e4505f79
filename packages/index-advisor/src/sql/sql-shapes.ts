import { parse } from 'libpg-query'
import type { Node, RangeVar, SelectStmt } from 'libpg-query'
import type { Catalog, CatalogTable } from '../catalog/catalog.ts'
import type { QueryShape, ShapeEvidence } from '../shape/query-shape.ts'
import { QueryShapes } from '../shape/query-shapes.ts'
import { and, opaque } from '../shape/condition-tree.ts'
import { EqualColumns } from './equal-columns.ts'
import { NameScope } from './name-scope.ts'
import { literalOf, nodesOf, stringOf } from './parse-tree.ts'
import { Quals, type Qual } from './qual.ts'
import { rowOrder, type Ordering } from './row-order.ts'
import { toPostgresSpelling } from './sql-dialect.ts'
import { TableConditions } from './table-conditions.ts'

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
  const shapes = new QueryShapes()
  for (const { stmt } of statements)
    if (stmt !== undefined) new ShapeReader(catalog, evidence, shapes).statement(stmt)
  return { shapes: shapes.all, unread: null }
}

type Scope = NameScope<CatalogTable>

class ShapeReader {
  constructor(
    private readonly catalog: Catalog,
    private readonly evidence: ShapeEvidence,
    private readonly shapes: QueryShapes,
  ) {}

  statement(node: Node): void {
    if ('SelectStmt' in node) this.select(node.SelectStmt, null)
    if ('UpdateStmt' in node) {
      const { relation, fromClause, whereClause, withClause, targetList } = node.UpdateStmt
      this.change(relation, fromClause, whereClause, withClause?.ctes, targetList)
    }
    if ('DeleteStmt' in node) {
      const { relation, usingClause, whereClause, withClause } = node.DeleteStmt
      this.change(relation, usingClause, whereClause, withClause?.ctes)
    }
    if ('InsertStmt' in node) {
      const { relation, selectStmt, onConflictClause } = node.InsertStmt
      if (selectStmt !== undefined) this.statement(selectStmt)
      this.unsought(relation, onConflictClause?.targetList)
    }
    if ('MergeStmt' in node) {
      const { relation, mergeWhenClauses = [] } = node.MergeStmt
      for (const each of mergeWhenClauses)
        if ('MergeWhenClause' in each && each.MergeWhenClause.commandType === 'CMD_UPDATE')
          this.unsought(relation, each.MergeWhenClause.targetList)
    }
    if ('ExplainStmt' in node && node.ExplainStmt.query !== undefined) this.statement(node.ExplainStmt.query)
  }

  private change(
    relation: RangeVar | undefined,
    from: Node[] | undefined,
    where: Node | undefined,
    ctes: Node[] | undefined,
    targets: Node[] = [],
  ): void {
    const scope = scopeWithin(null)
    this.commonTables(ctes, scope)
    const quals = new Quals()
    quals.where(where)
    if (relation !== undefined) this.source({ RangeVar: relation }, scope, quals)
    for (const each of from ?? []) this.source(each, scope, quals)
    const own = relation?.alias?.aliasname ?? relation?.relname
    this.emit(scope, quals, {}, (alias, table) => (alias === own ? assigned(table, targets) : []))
  }

  /** Rows that are written where another statement would have found them: by a conflict, by a join. */
  private unsought(relation: RangeVar | undefined, targets: Node[] = []): void {
    const table = this.table(relation?.relname ?? '', relation?.schemaname)
    const sets = table === undefined ? [] : assigned(table, targets)
    if (table !== undefined && sets.length > 0)
      this.shapes.add(table, opaque, { order: [], limit: null, offset: null, sets }, this.evidence)
  }

  private select(select: SelectStmt, outer: Scope | null): void {
    if (select.larg !== undefined || select.rarg !== undefined) {
      if (select.larg !== undefined) this.select(select.larg, outer)
      if (select.rarg !== undefined) this.select(select.rarg, outer)
      return
    }
    const scope = scopeWithin(outer)
    this.commonTables(select.withClause?.ctes, scope)
    const quals = new Quals()
    quals.where(select.whereClause)
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

  private source(node: Node, scope: Scope, quals: Quals): void {
    if ('RangeVar' in node) {
      const { relname = '', schemaname, alias } = node.RangeVar
      const isCommonTable = schemaname === undefined && scope.isSubquery(relname)
      scope.sources.set(
        alias?.aliasname ?? relname,
        isCommonTable ? null : (this.table(relname, schemaname) ?? null),
      )
    } else if ('JoinExpr' in node) {
      const { larg, rarg, quals: on, jointype, usingClause = [] } = node.JoinExpr
      const before = new Set(scope.sources.keys())
      if (larg !== undefined) this.source(larg, scope, quals)
      const left = new Set([...scope.sources.keys()].filter((alias) => !before.has(alias)))
      if (rarg !== undefined) this.source(rarg, scope, quals)
      const right = new Set(
        [...scope.sources.keys()].filter((alias) => !before.has(alias) && !left.has(alias)),
      )
      const kept = { JOIN_LEFT: left, JOIN_RIGHT: right, JOIN_FULL: new Set([...left, ...right]) }[
        jointype as 'JOIN_LEFT'
      ]
      const missing = { JOIN_LEFT: right, JOIN_RIGHT: left }[jointype as 'JOIN_LEFT']
      for (const each of [on, ...usingClause.map((column) => usingOf(scope, left, right, stringOf(column)))])
        if (each !== undefined && each !== null) quals.on(each, kept ?? new Set(), missing ?? new Set())
    } else if ('RangeSubselect' in node) {
      const { subquery, alias } = node.RangeSubselect
      scope.sources.set(alias?.aliasname ?? '', null)
      if (subquery !== undefined && 'SelectStmt' in subquery) this.select(subquery.SelectStmt, scope)
    }
  }

  private table(name: string, schema: string | undefined): CatalogTable | undefined {
    const first = named(this.catalog.tables, name, (each) => each.name)
    const all = this.catalog.tables.filter((each) => each.name === first?.name)
    // MySQL and SQLite statements carry the database's name, which no catalog table has.
    return all.find((each) => each.schema === schema) ?? (all.length === 1 ? all[0] : undefined)
  }

  /** One shape for each table of the statement and each arm of its OR. */
  private emit(
    scope: Scope,
    found: Quals,
    select: Ordering & Pick<SelectStmt, 'limitCount' | 'limitOffset'>,
    setsOf: (alias: string, table: CatalogTable) => readonly string[] = () => [],
  ): void {
    const of = new Map([...scope.sources.keys()].map((alias) => [alias, new TableConditions(alias, scope)]))
    const quals = found.all((node, alias) => {
      const asked = of.get(alias)?.conditionOf(node)
      return asked !== null && asked !== undefined && asked.operator !== 'is-null'
    })
    for (const { node } of quals) this.subqueries(node, scope)
    const equal = new EqualColumns(scope, quals)
    const order = rowOrder(scope, select, this.catalog.provider)
    for (const [alias, table] of scope.sources) {
      if (table === null) continue
      const own = of.get(alias) as TableConditions
      const others = [...of].filter(([other]) => other !== alias).map(([, each]) => each)
      const mine = quals.filter(({ node, kept }) => own.isIn(node) && !kept.has(alias))
      const isJoined = ({ node }: Qual) => others.some((other) => other.isIn(node))
      // What is asked of other tables, or in a subquery, keeps rows of this one away.
      const isFiltered = quals.some(
        (each) =>
          each.kept.size === 0 &&
          equal.linked(each.node) === null &&
          !own.isIn(each.node) &&
          (isJoined(each) || isUnread(each.node) || nodesOf(each.node, 'SubLink').length > 0),
      )
      const ordered = order?.alias === alias
      const sets = setsOf(alias, table)
      const add = (asked: readonly Qual[], isInner: boolean) => {
        // A LIMIT bounds the rows read of a table only where its order, or none, decides.
        const isBounded = (order === null || ordered) && !isInner
        const rows = {
          order: ordered && !isInner ? order.keys : [],
          limit: isBounded ? countOf(select.limitCount) : null,
          offset: isBounded ? countOf(select.limitOffset) : null,
          ...(sets.length > 0 ? { sets } : {}),
        }
        const trees = asked.map(({ node }) => own.treeOf(node))
        const tree = and([...trees, ...equal.of(alias), ...(isFiltered ? [opaque] : [])])
        this.shapes.add(table, tree, rows, this.evidence)
      }
      // The table may be where the join begins, or what each row of another table is looked up in.
      add(
        mine.filter((each) => !isJoined(each)),
        false,
      )
      if (mine.some(isJoined)) add(mine, true)
    }
  }

  /** SELECTs inside an expression: EXISTS, IN (SELECT …), scalar ones. */
  private subqueries(node: Node, scope: Scope): void {
    for (const found of nodesOf(node, 'SubLink')) {
      const subselect = (found as { SubLink: { subselect?: Node } }).SubLink.subselect
      if (subselect !== undefined && 'SelectStmt' in subselect) this.select(subselect.SelectStmt, scope)
    }
  }
}

/** `SET a = …, (b, c) = …` */
function assigned({ columns }: CatalogTable, targets: readonly Node[]): string[] {
  return targets.flatMap((each) => {
    const name = 'ResTarget' in each ? (each.ResTarget.name ?? '') : ''
    return named(columns, name, (column) => column.name)?.name ?? []
  })
}

/** `WHERE ${Prisma.join(conditions, ' AND ')}`: a parameter where a condition stands is text that is not known here. */
function isUnread(node: Node): boolean {
  return 'ParamRef' in node || ('BoolExpr' in node && (node.BoolExpr.args ?? []).some(isUnread))
}

/** By the name itself, else in any case: what is not quoted came through the parser in lower case. */
function named<T>(all: readonly T[], name: string, nameOf: (each: T) => string): T | undefined {
  const exact = all.find((each) => nameOf(each) === name)
  if (exact !== undefined) return exact
  const folded = all.filter((each) => nameOf(each).toLowerCase() === name)
  return folded.length === 1 ? folded[0] : undefined
}

function scopeWithin(outer: Scope | null): Scope {
  return new NameScope(outer, ({ columns }, name) => named(columns, name, (each) => each.name)?.name ?? null)
}

/** `JOIN … USING (id)` as the comparison that it stands for; null where no one table on each side has the column. */
function usingOf(
  scope: Scope,
  left: ReadonlySet<string>,
  right: ReadonlySet<string>,
  column: string,
): Node | null {
  const holder = (aliases: ReadonlySet<string>) =>
    [...aliases].find((alias) => scope.sources.get(alias)?.columns.some((each) => each.name === column))
  const [a, b] = [holder(left), holder(right)]
  if (a === undefined || b === undefined) return null
  const reference = (alias: string): Node => ({
    ColumnRef: { fields: [{ String: { sval: alias } }, { String: { sval: column } }] },
  })
  return {
    A_Expr: {
      kind: 'AEXPR_OP',
      name: [{ String: { sval: '=' } }],
      lexpr: reference(a),
      rexpr: reference(b),
    },
  }
}

function countOf(node: Node | undefined): number | 'unknown' | null {
  if (node === undefined) return null
  const literal = literalOf(node)
  return literal === null ? null : typeof literal === 'number' ? literal : 'unknown'
}
