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
  /** Columns an UPDATE sets. */
  readonly assigned: readonly string[]
  /** Functions it calls by name, operators aside. */
  readonly functions: readonly string[]
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
  readonly #assigned: string[] = []
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
      assigned: this.#assigned,
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
          this.#change(value as Fields, scope)
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

  #change(statement: Fields, outer: Scope | null): void {
    const scope = new NameScope(outer, (table: Table, name) => (this.#hasColumn(table, name) ? name : null))
    this.#visit(statement['withClause'], scope)
    for (const common of commonTables(statement['withClause'])) scope.sources.set(common, null)
    const relation = statement['relation'] as Fields | undefined
    if (relation !== undefined) this.#name(relation, scope)
    for (const key of ['fromClause', 'usingClause']) this.#sources(statement[key], scope)
    for (const [key, value] of Object.entries(statement)) {
      if (['withClause', 'relation', 'fromClause', 'usingClause'].includes(key)) continue
      if (key === 'targetList') {
        for (const target of value as { ResTarget?: { name?: string } }[]) {
          if (target.ResTarget?.name !== undefined) this.#assigned.push(target.ResTarget.name)
        }
        this.#returned(value, scope)
      } else this.#visit(value, scope)
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

  #name(relation: Fields, scope: Scope): void {
    const { schemaname, relname, alias } = relation as {
      schemaname?: string
      relname?: string
      alias?: { aliasname?: string }
    }
    if (relname === undefined) return
    const isCommon = schemaname === undefined && scope.isSubquery(relname)
    const table = isCommon ? null : { schema: schemaname ?? null, name: relname }
    if (table !== null) this.#tables.set(`${table.schema}.${table.name}`, table)
    scope.sources.set(alias?.aliasname ?? relname, table)
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

function commonTables(clause: unknown): string[] {
  const ctes = (clause as { ctes?: { CommonTableExpr?: { ctename?: string } }[] } | undefined)?.ctes ?? []
  return ctes.flatMap((each) => each.CommonTableExpr?.ctename ?? [])
}
