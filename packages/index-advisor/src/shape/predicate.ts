import { loadModule, parseSync } from 'libpg-query'
import type { Node } from 'libpg-query'
import type { Condition } from './query-shape.ts'

/** A partial index's WHERE as conditions that all must hold; null where it says more than that. */
export type PredicateConditions = readonly Condition[] | null

/** To be awaited once before `readPredicate`. */
export const loadPredicateParser: () => Promise<void> = loadModule

export function readPredicate(predicate: string): PredicateConditions {
  let where: Node | undefined
  try {
    const stmt = parseSync(`SELECT WHERE ${predicate}`).stmts?.[0]?.stmt
    where = stmt !== undefined && 'SelectStmt' in stmt ? stmt.SelectStmt.whereClause : undefined
  } catch {
    return null
  }
  if (where === undefined) return null
  const conditions = conjuncts(where).map(conditionOf)
  return conditions.every((each) => each !== null) ? conditions : null
}

/** Does everything the query asks for satisfy the predicate? An index with an unknown one covers nothing. */
export function implies(asked: readonly Condition[], predicate: PredicateConditions): boolean {
  if (predicate === null) return false
  return predicate.every((needed) =>
    asked.some(
      (each) =>
        each.column === needed.column &&
        !each.isOptional &&
        (needed.operator === 'is-not-null'
          ? ['equals', 'in', 'range', 'prefix', 'is-not-null'].includes(each.operator) &&
            each.literal !== null
          : each.operator === needed.operator && each.literal === needed.literal),
    ),
  )
}

function conjuncts(node: Node): Node[] {
  if ('BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR')
    return (node.BoolExpr.args ?? []).flatMap(conjuncts)
  return [node]
}

function conditionOf(node: Node): Condition | null {
  if ('NullTest' in node) {
    const column = columnOf(node.NullTest.arg)
    const operator = node.NullTest.nulltesttype === 'IS_NULL' ? 'is-null' : 'is-not-null'
    return column === null ? null : { column, operator, isOptional: false }
  }
  if ('ColumnRef' in node) {
    const column = columnOf(node)
    return column === null ? null : { column, operator: 'equals', isOptional: false, literal: true }
  }
  if ('BoolExpr' in node && node.BoolExpr.boolop === 'NOT_EXPR') {
    const column = columnOf(node.BoolExpr.args?.[0])
    return column === null ? null : { column, operator: 'equals', isOptional: false, literal: false }
  }
  if ('A_Expr' in node && node.A_Expr.kind === 'AEXPR_OP') {
    const { name, lexpr, rexpr } = node.A_Expr
    const [operator] = name ?? []
    const column = columnOf(lexpr)
    const literal = constant(rexpr)
    const isEqual = operator !== undefined && 'String' in operator && operator.String.sval === '='
    return column === null || literal === undefined || !isEqual
      ? null
      : { column, operator: 'equals', isOptional: false, literal }
  }
  return null
}

function columnOf(node: Node | undefined): string | null {
  if (node === undefined || !('ColumnRef' in node)) return null
  const last = node.ColumnRef.fields?.at(-1)
  return last !== undefined && 'String' in last ? (last.String.sval ?? null) : null
}

function constant(node: Node | undefined): string | number | boolean | undefined {
  if (node === undefined) return undefined
  if ('TypeCast' in node) return constant(node.TypeCast.arg)
  if (!('A_Const' in node)) return undefined
  const { ival, fval, boolval, sval } = node.A_Const
  if (ival !== undefined) return ival.ival ?? 0
  if (fval !== undefined) return Number(fval.fval)
  if (boolval !== undefined) return boolval.boolval ?? false
  return sval?.sval
}
