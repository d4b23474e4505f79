import type { Node } from 'libpg-query'
import { literalOf, nameOf, nodesOf, stringOf } from '../sql/parse-tree.ts'
import type { RowPolicy } from './index-ledger.ts'

/** What the USING of a policy asks of a row; without one every row is seen. */
export function rowsSeen(qual: Node | undefined): Pick<RowPolicy, 'equal' | 'isReadWhole' | 'isSwitch'> {
  const parts = qual === undefined ? [] : conjuncts(qual)
  const asking = parts.filter(
    (each) => nodesOf(each, 'ColumnRef').length + nodesOf(each, 'SubLink').length > 0,
  )
  const equal = asking.map(equalColumn)
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
function equalColumn(node: Node): string | null {
  if (!('A_Expr' in node) || node.A_Expr.kind !== 'AEXPR_OP' || nameOf(node.A_Expr.name) !== '=') return null
  const { lexpr, rexpr } = node.A_Expr
  const [left, right] = [columnOf(lexpr), columnOf(rexpr)]
  const [column, value] = left === null ? [right, lexpr] : [left, rexpr]
  return nodesOf(value, 'ColumnRef').length === 0 ? column : null
}

function columnOf(node: Node | undefined): string | null {
  if (node === undefined || !('ColumnRef' in node)) return null
  const last = node.ColumnRef.fields?.at(-1)
  return last === undefined ? null : stringOf(last)
}
