import { loadModule, parseSync } from 'libpg-query'
import type { Node } from 'libpg-query'
import { comparisonOf, comparisonOperator } from './comparison-operator.ts'
import { literalOf, literalsOf, nameOf } from './parse-tree.ts'
import type { Condition } from '../shape/query-shape.ts'

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
    asked.some((each) => each.column === needed.column && !each.isOptional && meets(each, needed)),
  )
}

/** Do two partial indexes hold the same rows, whoever spelled their predicates? What cannot be read is the same only by its text. */
export function isSamePredicate(a: string | null, b: string | null): boolean {
  if (a === b || a === null || b === null) return a === b
  const [one, other] = [readPredicate(a), readPredicate(b)]
  return one !== null && other !== null && implies(one, other) && implies(other, one)
}

function meets(asked: Condition, needed: Condition): boolean {
  if (needed.operator === 'is-not-null')
    return (
      ['equals', 'in', 'range', 'prefix', 'is-not-null'].includes(asked.operator) && asked.literal !== null
    )
  if (asked.operator !== needed.operator) return false
  if (needed.operator === 'in') {
    const allowed = needed.literals?.map(String) ?? []
    return asked.literals?.every((each) => allowed.includes(String(each))) ?? false
  }
  // A server may print a number as text: `'-5'::integer`.
  return String(asked.literal) === String(needed.literal) && asked.comparison === needed.comparison
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
  if ('A_Expr' in node) {
    const { kind, name, lexpr, rexpr } = node.A_Expr
    const column = columnOf(lexpr)
    const operator = comparisonOperator(kind, nameOf(name), rexpr)
    if (column === null) return null
    if (operator === 'in') {
      const literals = literalsOf(rexpr)
      return literals === null ? null : { column, operator, isOptional: false, literals }
    }
    const literal = literalOf(rexpr)
    if (literal === undefined || literal === null) return null
    if (operator === 'equals') return { column, operator, isOptional: false, literal }
    const comparison = operator === 'range' ? comparisonOf(nameOf(name), true) : null
    return comparison === null ? null : { column, operator: 'range', isOptional: false, literal, comparison }
  }
  return null
}

/** PostgreSQL casts a varchar column: `((x)::text = 'o'::text)`. */
function columnOf(node: Node | undefined): string | null {
  if (node === undefined) return null
  if ('TypeCast' in node) return columnOf(node.TypeCast.arg)
  if (!('ColumnRef' in node)) return null
  const last = node.ColumnRef.fields?.at(-1)
  return last !== undefined && 'String' in last ? (last.String.sval ?? null) : null
}
