import { parse } from 'libpg-query'
import type { Node } from 'libpg-query'

/** What a `$n` of a statement is compared with, which decides what value it should be planned with. */
export type ParameterRole =
  | {
      readonly kind: 'equal' | 'from' | 'to' | 'like' | 'any' | 'contains'
      readonly schema: string | null
      readonly table: string
      readonly column: string
      /** Position in an IN list. */
      readonly position: number
    }
  /** LIMIT, FETCH FIRST. */
  | { readonly kind: 'limit' }
  | { readonly kind: 'offset' }
  /** Its value changes no plan: it is stored or returned. */
  | { readonly kind: 'indifferent' }
  /** Nobody can say. */
  | { readonly kind: 'unknown' }

export interface StatementRoles {
  readonly roles: readonly ParameterRole[]
  /** Tables it reads or changes. */
  readonly tables: readonly { readonly schema: string | null; readonly name: string }[]
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

type Table = { readonly schema: string | null; readonly name: string }

/** Names of one query level; null stands for a subquery. */
interface Scope {
  readonly names: Map<string, Table | null>
  readonly outer: Scope | null
}

class RoleReader {
  readonly #roles: (ParameterRole | null)[]
  readonly #tables = new Map<string, Table>()
  readonly #assigned: string[] = []
  readonly #functions = new Set<string>()
  readonly #hasColumn: (schema: string | null, table: string, column: string) => boolean

  constructor(
    parameters: number,
    hasColumn: (schema: string | null, table: string, column: string) => boolean,
  ) {
    this.#roles = Array.from({ length: parameters }, () => null)
    this.#hasColumn = hasColumn
  }

  result(): StatementRoles {
    return {
      roles: this.#roles.map((role) => role ?? { kind: 'unknown' }),
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
          this.#comparison(value as Fields, scope)
          break
        case 'ParamRef':
          this.#set((value as { number?: number }).number, { kind: 'unknown' })
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
    const scope: Scope = { names: new Map(), outer }
    this.#visit(select['withClause'], scope)
    for (const common of commonTables(select['withClause'])) scope.names.set(common, null)
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
    const scope: Scope = { names: new Map(), outer }
    this.#visit(statement['withClause'], scope)
    for (const common of commonTables(statement['withClause'])) scope.names.set(common, null)
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
        scope.names.set(alias?.aliasname ?? '', null)
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
    const isCommon = schemaname === undefined && this.#find(scope, relname) === null
    const table = isCommon ? null : { schema: schemaname ?? null, name: relname }
    if (table !== null) this.#tables.set(`${table.schema}.${table.name}`, table)
    scope.names.set(alias?.aliasname ?? relname, table)
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
    if (number !== null) this.#set(number, { kind: 'indifferent' })
    else this.#visit(node, scope)
  }

  #bound(node: unknown, role: ParameterRole, scope: Scope): void {
    const number = parameterOf(node)
    if (number !== null) this.#set(number, role)
    else this.#visit(node, scope)
  }

  #comparison(expression: Fields, scope: Scope | null): void {
    const { lexpr, rexpr, kind } = expression as { lexpr?: unknown; rexpr?: unknown; kind?: string }
    const operator = ((expression['name'] as Node[] | undefined) ?? []).map(stringOf).at(-1) ?? ''
    const left = this.#column(lexpr, scope)
    const right = this.#column(rexpr, scope)
    if (left !== null && right === null) this.#compare(left, operator, kind ?? '', rexpr, false)
    if (right !== null && left === null) this.#compare(right, operator, kind ?? '', lexpr, true)
    this.#rows(lexpr, rexpr, operator, scope)
    this.#visit(lexpr, scope)
    this.#visit(rexpr, scope)
  }

  #compare(column: Column, operator: string, kind: string, value: unknown, isFlipped: boolean): void {
    const items = listOf(value) ?? [value]
    for (const [position, item] of items.entries()) {
      const number = parameterOf(item)
      if (number === null) continue
      const role = roleKind(operator, kind, isFlipped, position)
      this.#set(number, role === null ? { kind: 'unknown' } : { kind: role, ...column, position })
    }
  }

  /** `(a, id) < ($1, $2)`: the first pair decides how many rows there are. */
  #rows(left: unknown, right: unknown, operator: string, scope: Scope | null): void {
    const columns = rowOf(left)
    const values = rowOf(right)
    if (columns === null || values === null) return
    for (const [at, each] of columns.entries()) {
      const column = this.#column(each, scope)
      if (column !== null) this.#compare(column, at === 0 ? operator : '=', 'AEXPR_OP', values[at], false)
    }
  }

  /** The first reading of a parameter wins, unless it said nothing. */
  #set(number: number | undefined, role: ParameterRole): void {
    if (number === undefined || number < 1 || number > this.#roles.length) return
    const known = this.#roles[number - 1]
    if (known === null || known === undefined || known.kind === 'unknown') this.#roles[number - 1] = role
  }

  #column(node: unknown, scope: Scope | null): Column | null {
    const bare = withoutCasts(node)
    const fields = (bare as { ColumnRef?: { fields?: Node[] } } | null)?.ColumnRef?.fields
    if (fields === undefined) return null
    const parts = fields.map(stringOf)
    const column = parts.at(-1) ?? ''
    const qualifier = parts.at(-2)
    for (let at = scope; at !== null; at = at.outer) {
      if (qualifier !== undefined) {
        if (!at.names.has(qualifier)) continue
        const table = at.names.get(qualifier) ?? null
        return table === null ? null : { schema: table.schema, table: table.name, column }
      }
      const holders = [...at.names.values()].filter(
        (table) => table !== null && this.#hasColumn(table.schema, table.name, column),
      )
      const [holder] = holders
      if (holder) return holders.length === 1 ? { schema: holder.schema, table: holder.name, column } : null
    }
    return null
  }

  /** Undefined: no such name; null: it is a subquery's. */
  #find(scope: Scope | null, name: string): Table | null | undefined {
    for (let at = scope; at !== null; at = at.outer) if (at.names.has(name)) return at.names.get(name) ?? null
    return undefined
  }
}

type Fields = Readonly<Record<string, unknown>>
type Column = { readonly schema: string | null; readonly table: string; readonly column: string }

function roleKind(
  operator: string,
  kind: string,
  isFlipped: boolean,
  position: number,
): 'equal' | 'from' | 'to' | 'like' | 'any' | 'contains' | null {
  if (kind.startsWith('AEXPR_BETWEEN')) return position === 0 ? 'from' : 'to'
  if (kind === 'AEXPR_LIKE' || kind === 'AEXPR_ILIKE') return 'like'
  if (kind === 'AEXPR_OP_ANY') return operator === '=' ? 'any' : null
  if (kind === 'AEXPR_NOT_DISTINCT' || kind === 'AEXPR_IN') return 'equal'
  switch (operator) {
    case '=':
      return 'equal'
    case '>':
    case '>=':
      return isFlipped ? 'to' : 'from'
    case '<':
    case '<=':
      return isFlipped ? 'from' : 'to'
    case '@>':
    case '&&':
      return isFlipped ? null : 'contains'
    // A value that is left out excludes little, whichever it is.
    case '<>':
      return 'equal'
    default:
      return null
  }
}

function commonTables(clause: unknown): string[] {
  const ctes = (clause as { ctes?: { CommonTableExpr?: { ctename?: string } }[] } | undefined)?.ctes ?? []
  return ctes.flatMap((each) => each.CommonTableExpr?.ctename ?? [])
}

function withoutCasts(node: unknown): unknown {
  let at = node
  for (;;) {
    const cast = (at as { TypeCast?: { arg?: unknown } } | null | undefined)?.TypeCast
    const collated = (at as { CollateClause?: { arg?: unknown } } | null | undefined)?.CollateClause
    const inner = cast ?? collated
    if (inner === undefined) return at
    at = inner.arg
  }
}

function parameterOf(node: unknown): number | null {
  const bare = withoutCasts(node)
  return (bare as { ParamRef?: { number?: number } } | null | undefined)?.ParamRef?.number ?? null
}

/** `IN (…)`, BETWEEN, `ARRAY[…]`, `ROW(…)`. */
function listOf(node: unknown): unknown[] | null {
  const bare = withoutCasts(node) as
    Record<string, { items?: unknown[]; elements?: unknown[] }> | null | undefined
  return bare?.['List']?.items ?? bare?.['A_ArrayExpr']?.elements ?? null
}

function rowOf(node: unknown): unknown[] | null {
  return (node as { RowExpr?: { args?: unknown[] } } | null | undefined)?.RowExpr?.args ?? null
}

function stringOf(node: Node): string {
  return 'String' in node ? (node.String.sval ?? '') : ''
}
