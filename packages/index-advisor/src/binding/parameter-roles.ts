import type { Node } from 'libpg-query'
import type { NameScope } from '../sql/name-scope.ts'
import { nameOf } from '../sql/parse-tree.ts'

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

export interface Table {
  readonly schema: string | null
  readonly name: string
}

export type Scope = NameScope<Table>

/** A node of the parser, whatever its kind. */
export type Fields = Readonly<Record<string, unknown>>

/** The roles of a statement's parameters, as they are found one after the other. */
export class ParameterRoles {
  readonly #roles: (ParameterRole | null)[]

  /** @param count how many there are: `$1` to `$count` */
  constructor(count: number) {
    this.#roles = Array.from({ length: count }, () => null)
  }

  list(): readonly ParameterRole[] {
    return this.#roles.map((role) => role ?? { kind: 'unknown' })
  }

  /** The first reading of a parameter wins, unless it said nothing. */
  set(number: number | undefined, role: ParameterRole): void {
    if (number === undefined || number < 1 || number > this.#roles.length) return
    const known = this.#roles[number - 1]
    if (known === null || known === undefined || known.kind === 'unknown') this.#roles[number - 1] = role
  }

  /** Takes in an `A_Expr`: a comparison of a column, or of a row of them, with parameters. */
  compare(expression: Fields, scope: Scope | null): void {
    const { lexpr, rexpr, kind = '' } = expression as { lexpr?: unknown; rexpr?: unknown; kind?: string }
    const operator = nameOf(expression['name'] as Node[] | undefined)
    const left = columnOf(lexpr, scope)
    const right = columnOf(rexpr, scope)
    if (left !== null && right === null) this.#compared(left, operator, kind, rexpr, false)
    if (right !== null && left === null) this.#compared(right, operator, kind, lexpr, true)
    this.#rows(lexpr, rexpr, operator, scope)
  }

  #compared(column: Column, operator: string, kind: string, value: unknown, isFlipped: boolean): void {
    const items = listOf(value) ?? [value]
    for (const [position, item] of items.entries()) {
      const number = parameterOf(item)
      if (number === null) continue
      const role = comparedRole(operator, kind, isFlipped, position)
      this.set(number, role === null ? { kind: 'unknown' } : { kind: role, ...column, position })
    }
  }

  /** `(a, id) < ($1, $2)`: the first pair decides how many rows there are. */
  #rows(left: unknown, right: unknown, operator: string, scope: Scope | null): void {
    const columns = rowOf(left)
    const values = rowOf(right)
    if (columns === null || values === null) return
    for (const [at, each] of columns.entries()) {
      const column = columnOf(each, scope)
      if (column !== null) this.#compared(column, at === 0 ? operator : '=', 'AEXPR_OP', values[at], false)
    }
  }
}

type Column = Pick<Compared, 'schema' | 'table' | 'column'>
type Compared = Extract<ParameterRole, { readonly column: string }>

/**
 * The role of a value that is compared with a column; null where nobody can say.
 *
 * @param operator as it is written, `=` or `~~`
 * @param kind PostgreSQL's `A_Expr_Kind`, which tells `IN`, `BETWEEN`, `LIKE` and `= ANY` from plain operators
 * @param isFlipped whether the value stands on the left
 * @param position its place in an `IN` list or a `BETWEEN`
 */
function comparedRole(
  operator: string,
  kind: string,
  isFlipped: boolean,
  position: number,
): Compared['kind'] | null {
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

function columnOf(node: unknown, scope: Scope | null): Column | null {
  const bare = withoutCasts(node)
  const fields = (bare as { ColumnRef?: { fields?: Node[] } } | null)?.ColumnRef?.fields
  const found = fields === undefined ? null : (scope?.columnOf(fields) ?? null)
  if (found === null) return null
  return { schema: found.table.schema, table: found.table.name, column: found.column }
}

/** The number of the `$n` that a node is, casts aside. */
export function parameterOf(node: unknown): number | null {
  const bare = withoutCasts(node)
  return (bare as { ParamRef?: { number?: number } } | null | undefined)?.ParamRef?.number ?? null
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

/** `IN (…)`, BETWEEN, `ARRAY[…]`, `ROW(…)`. */
function listOf(node: unknown): unknown[] | null {
  const bare = withoutCasts(node) as
    Record<string, { items?: unknown[]; elements?: unknown[] }> | null | undefined
  return bare?.['List']?.items ?? bare?.['A_ArrayExpr']?.elements ?? null
}

function rowOf(node: unknown): unknown[] | null {
  return (node as { RowExpr?: { args?: unknown[] } } | null | undefined)?.RowExpr?.args ?? null
}
