import { parse } from 'libpg-query'
import type { Node } from 'libpg-query'
import { NameScope } from '../sql/name-scope.ts'
import { stringOf } from '../sql/parse-tree.ts'
import {
  parameterOf,
  ParameterRoles,
  type Fields,
  type ParameterRole,
  type Scope,
  type Table,
} from './parameter-roles.ts'

export interface StatementRoles {
  readonly roles: readonly ParameterRole[]
  /** Tables it reads or changes. */
  readonly tables: readonly Table[]
  /** What it writes, those of its common table expressions included. */
  readonly changes: readonly TableChange[]
  /** Functions it calls by name, operators aside. */
  readonly functions: readonly string[]
}

export interface TableChange {
  readonly table: Table
  /** `upsert`: an INSERT that updates the row where there is one. */
  readonly kind: 'insert' | 'update' | 'upsert' | 'delete' | 'merge'
  /** Columns that it sets in rows that are there. */
  readonly assigned: readonly string[]
}

/** `hasColumn` tells which table an unqualified column belongs to. */
export async function rolesOf(
  sql: string,
  parameters: number,
  hasColumn: (schema: string | null, table: string, column: string) => boolean,
): Promise<StatementRoles> {
  const reader = new RoleReader(parameters, hasColumn)
  for (const { stmt } of (await parse(sql)).stmts ?? []) if (stmt !== undefined) reader.statement(stmt)
  return reader.result()
}

class RoleReader {
  readonly #roles: ParameterRoles
  readonly #tables = new Map<string, Table>()
  readonly #changes: TableChange[] = []
  readonly #functions = new Set<string>()
  readonly #hasColumn: (table: Table, column: string) => boolean

  constructor(
    parameters: number,
    hasColumn: (schema: string | null, table: string, column: string) => boolean,
  ) {
    this.#roles = new ParameterRoles(parameters)
    this.#hasColumn = (table, column) => hasColumn(table.schema, table.name, column)
  }

  result(): StatementRoles {
    return {
      roles: this.#roles.list(),
      tables: [...this.#tables.values()],
      changes: this.#changes,
      functions: [...this.#functions],
    }
  }

  statement(node: Node): void {
    this.#visit(node, null)
  }

  /** Walks everything once; SELECT, UPDATE, DELETE and INSERT open a level of names. */
  #visit(node: unknown, scope: Scope | null): void {
    if (Array.isArray(node)) {
      for (const each of node) this.#visit(each, scope)
      return
    }
    if (node === null || typeof node !== 'object') return
    for (const [key, value] of Object.entries(node as Record<string, unknown>)) {
      switch (key) {
        case 'SelectStmt':
          this.#select(value as Fields, scope)
          break
        case 'UpdateStmt':
        case 'DeleteStmt':
        case 'InsertStmt':
        case 'MergeStmt':
          this.#change(CHANGES[key], value as Fields, scope)
          break
        case 'A_Expr':
          this.#roles.compare(value as Fields, scope)
          this.#visit((value as Fields)['lexpr'], scope)
          this.#visit((value as Fields)['rexpr'], scope)
          break
        case 'ParamRef':
          this.#roles.set((value as { number?: number }).number, { kind: 'unknown' })
          break
        case 'FuncCall': {
          const names = ((value as Fields)['funcname'] as Node[] | undefined) ?? []
          this.#functions.add(names.map(stringOf).join('.'))
          this.#visit(value, scope)
          break
        }
        default:
          this.#visit(value, scope)
      }
    }
  }

  #select(select: Fields, outer: Scope | null): void {
    // The two sides of a UNION hang in it without a wrapper.
    for (const side of [select['larg'], select['rarg']])
      if (side !== undefined) this.#select(side as Fields, outer)
    const scope = new NameScope(outer, (table: Table, name) => (this.#hasColumn(table, name) ? name : null))
    this.#visit(select['withClause'], scope)
    for (const common of commonTables(select['withClause'])) scope.sources.set(common, null)
    this.#sources(select['fromClause'], scope)
    for (const [key, value] of Object.entries(select)) {
      switch (key) {
        case 'larg':
        case 'rarg':
        case 'withClause':
        case 'fromClause':
          break
        case 'limitCount':
        case 'limitOffset':
          this.#bound(value, key === 'limitCount' ? { kind: 'limit' } : { kind: 'offset' }, scope)
          break
        case 'targetList':
        case 'valuesLists':
          this.#returned(value, scope)
          break
        default:
          this.#visit(value, scope)
      }
    }
  }

  #change(kind: TableChange['kind'], statement: Fields, outer: Scope | null): void {
    const scope = new NameScope(outer, (table: Table, name) => (this.#hasColumn(table, name) ? name : null))
    this.#visit(statement['withClause'], scope)
    for (const common of commonTables(statement['withClause'])) scope.sources.set(common, null)
    const relation = statement['relation'] as Fields | undefined
    const table = relation === undefined ? null : this.#name(relation, scope)
    if (table !== null) this.#changes.push(changeOf(kind, table, statement))
    for (const key of ['fromClause', 'usingClause']) this.#sources(statement[key], scope)
    for (const [key, value] of Object.entries(statement)) {
      if (['withClause', 'relation', 'fromClause', 'usingClause'].includes(key)) continue
      if (key === 'targetList') this.#returned(value, scope)
      else this.#visit(value, scope)
    }
  }

  #sources(from: unknown, scope: Scope): void {
    for (const each of (from as unknown[] | undefined) ?? []) {
      const node = each as Record<string, Fields>
      if (node['RangeVar'] !== undefined) this.#name(node['RangeVar'], scope)
      else if (node['JoinExpr'] !== undefined) {
        const { larg, rarg, quals } = node['JoinExpr']
        this.#sources([larg, rarg], scope)
        this.#visit(quals, scope)
      } else if (node['RangeSubselect'] !== undefined) {
        const { alias, subquery } = node['RangeSubselect'] as {
          alias?: { aliasname?: string }
          subquery?: unknown
        }
        this.#visit(subquery, scope)
        scope.sources.set(alias?.aliasname ?? '', null)
      } else this.#visit(each, scope)
    }
  }

  #name(relation: Fields, scope: Scope): Table | null {
    const { schemaname, relname, alias } = relation as {
      schemaname?: string
      relname?: string
      alias?: { aliasname?: string }
    }
    if (relname === undefined) return null
    const isCommon = schemaname === undefined && scope.isSubquery(relname)
    const table = isCommon ? null : { schema: schemaname ?? null, name: relname }
    if (table !== null) this.#tables.set(`${table.schema}.${table.name}`, table)
    scope.sources.set(alias?.aliasname ?? relname, table)
    return table
  }

  /** A value among those returned or stored; expressions in it are read as everywhere. */
  #returned(node: unknown, scope: Scope): void {
    if (Array.isArray(node)) {
      for (const each of node) this.#returned(each, scope)
      return
    }
    if (node === null || typeof node !== 'object') return
    const fields = node as Record<string, unknown>
    const inner =
      (fields['ResTarget'] as { val?: unknown } | undefined)?.val ??
      (fields['List'] as Fields | undefined)?.['items']
    if (inner !== undefined) return this.#returned(inner, scope)
    const number = parameterOf(node)
    if (number !== null) this.#roles.set(number, { kind: 'indifferent' })
    else this.#visit(node, scope)
  }

  #bound(node: unknown, role: ParameterRole, scope: Scope): void {
    const number = parameterOf(node)
    if (number !== null) this.#roles.set(number, role)
    else this.#visit(node, scope)
  }
}

const CHANGES = {
  UpdateStmt: 'update',
  DeleteStmt: 'delete',
  InsertStmt: 'insert',
  MergeStmt: 'merge',
} as const

function changeOf(kind: TableChange['kind'], table: Table, statement: Fields): TableChange {
  const conflict = (statement['onConflictClause'] as Fields | undefined)?.['targetList']
  const arms = (statement['mergeWhenClauses'] as { MergeWhenClause?: Fields }[] | undefined) ?? []
  const targets: Readonly<Record<TableChange['kind'], readonly unknown[]>> = {
    update: [statement['targetList']],
    insert: [conflict],
    upsert: [conflict],
    delete: [],
    merge: arms.flatMap(({ MergeWhenClause: arm }) =>
      arm?.['commandType'] === 'CMD_UPDATE' ? [arm['targetList']] : [],
    ),
  }
  const assigned = targets[kind].flatMap((list) =>
    ((list as { ResTarget?: { name?: string } }[] | undefined) ?? []).flatMap(
      (each) => each.ResTarget?.name ?? [],
    ),
  )
  return { table, kind: kind === 'insert' && assigned.length > 0 ? 'upsert' : kind, assigned }
}

function commonTables(clause: unknown): string[] {
  const ctes = (clause as { ctes?: { CommonTableExpr?: { ctename?: string } }[] } | undefined)?.ctes ?? []
  return ctes.flatMap((each) => each.CommonTableExpr?.ctename ?? [])
}
