import { parse } from 'libpg-query'
import type { Node } from 'libpg-query'
import { literalOf, nameOf, nodesOf, stringOf } from './parse-tree.ts'
import type { RowSecurity } from '../catalog/catalog.ts'

/** What `CREATE POLICY` says of the rows that a SELECT sees. */
export interface RowPolicy {
  readonly name: string
  /** Of several permissive ones a row must meet one, of the restrictive ones all. */
  readonly isPermissive: boolean
  /** Columns compared by equality with something that is no column. */
  readonly equal: readonly string[]
  /** Nothing else is asked of the row. */
  readonly isReadWhole: boolean
  /** No column is asked for: it opens or shuts the whole table, as a switch for administrators does. */
  readonly isSwitch: boolean
}

/** The equality that every way to see a row asks for. */
export function rowSecurityOf(policies: readonly RowPolicy[]): RowSecurity | null {
  const asking = policies.filter((each) => !each.isSwitch)
  const [first, ...others] = asking.filter((each) => each.isPermissive)
  const shared = (first?.equal ?? []).filter((column) => others.every((each) => each.equal.includes(column)))
  const opens = asking.some((each) => each.isPermissive && each.isReadWhole && each.equal.length === 0)
  if (opens && asking.every((each) => each.isPermissive)) return null
  const restricted = asking.filter((each) => !each.isPermissive).flatMap((each) => each.equal)
  return {
    equal: [...new Set([...shared, ...restricted])],
    isReadWhole: first !== undefined && others.length === 0 && asking.every((each) => each.isReadWhole),
  }
}

/**
 * What the USING of a policy asks of a row; without one every row is seen.
 *
 * @param isText is the column a text of another type, which PostgreSQL compares as `("tenantId")::text`?
 */
export function rowsSeen(
  qual: Node | undefined,
  isText: (column: string) => boolean = () => false,
): Pick<RowPolicy, 'equal' | 'isReadWhole' | 'isSwitch'> {
  const parts = qual === undefined ? [] : conjuncts(qual)
  const asking = parts.filter(
    (each) => nodesOf(each, 'ColumnRef').length + nodesOf(each, 'SubLink').length > 0,
  )
  const equal = asking.map((each) => equalColumn(each, isText))
  return {
    equal: equal.flatMap((each) => each ?? []),
    isReadWhole: equal.every((each) => each !== null),
    isSwitch: qual !== undefined && asking.length === 0 && literalOf(qual) !== true,
  }
}

function conjuncts(node: Node): Node[] {
  return 'BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR'
    ? (node.BoolExpr.args ?? []).flatMap(conjuncts)
    : [node]
}

/** `"tenantId" = current_setting('app.tenant')::uuid`; null for everything else. */
function equalColumn(node: Node, isText: (column: string) => boolean): string | null {
  if (!('A_Expr' in node) || node.A_Expr.kind !== 'AEXPR_OP' || nameOf(node.A_Expr.name) !== '=') return null
  const { lexpr, rexpr } = node.A_Expr
  const [left, right] = [columnOf(lexpr, isText), columnOf(rexpr, isText)]
  const [column, value] = left === null ? [right, lexpr] : [left, rexpr]
  return nodesOf(value, 'ColumnRef').length === 0 ? column : null
}

function columnOf(node: Node | undefined, isText: (column: string) => boolean): string | null {
  if (node !== undefined && 'TypeCast' in node) {
    const inner = columnOf(node.TypeCast.arg, isText)
    const isAsText = nameOf(node.TypeCast.typeName?.names) === 'text'
    return inner !== null && isAsText && isText(inner) ? inner : null
  }
  if (node === undefined || !('ColumnRef' in node)) return null
  const last = node.ColumnRef.fields?.at(-1)
  return last === undefined ? null : stringOf(last)
}

/** The policies of a table as a database prints them: `("tenantId" = current_setting('app.tenant'::text))`. */
export async function printedPolicies(
  policies: readonly {
    readonly name: string
    readonly isPermissive: boolean
    readonly using: string | null
  }[],
  isText: (column: string) => boolean,
): Promise<RowPolicy[]> {
  return Promise.all(
    policies.map(async ({ name, isPermissive, using }) => {
      const statement = using === null ? undefined : (await parse(`select ${using}`)).stmts?.[0]?.stmt
      const [target] =
        statement !== undefined && 'SelectStmt' in statement ? (statement.SelectStmt.targetList ?? []) : []
      const qual = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
      return { name, isPermissive, ...rowsSeen(qual, isText) }
    }),
  )
}
