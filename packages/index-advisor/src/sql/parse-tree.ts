import type { Node } from 'libpg-query'

/**
 * The outermost nodes of one kind within an expression, top down. Those of a SELECT inside it are its own.
 *
 * @example
 * nodesOf(where, 'ColumnRef') // of `a = b AND c IN (SELECT d …)`: a, b, c
 */
export function nodesOf(node: unknown, tag: 'ColumnRef' | 'SubLink'): Node[] {
  if (Array.isArray(node)) return node.flatMap((each) => nodesOf(each, tag))
  if (node === null || typeof node !== 'object') return []
  if (tag in node) return [node as Node]
  if ('SelectStmt' in node) return []
  return Object.values(node).flatMap((each) => nodesOf(each, tag))
}

/** The text of one part of a name: `"User"` of `public."User".id`; empty for a `*`. */
export function stringOf(node: Node): string {
  return 'String' in node ? (node.String.sval ?? '') : ''
}

/** The last part of a name, which may stand with its schema: `=` of `OPERATOR(pg_catalog.=)`. */
export function nameOf(parts: readonly Node[] | undefined): string {
  const last = parts?.at(-1)
  return last === undefined ? '' : stringOf(last)
}

/** The value of a constant, casts aside; undefined for everything else. */
export function literalOf(node: Node | undefined): string | number | boolean | null | undefined {
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

/** The items of `('a', 'b')` or `ARRAY['a', 'b']` where all of them are constants; else null. */
export function literalsOf(node: Node | undefined): (string | number | boolean)[] | null {
  if (node === undefined) return null
  if ('TypeCast' in node) return literalsOf(node.TypeCast.arg)
  const items = 'List' in node ? node.List.items : 'A_ArrayExpr' in node ? node.A_ArrayExpr.elements : null
  const literals = (items ?? []).map(literalOf)
  return literals.length > 0 && literals.every((each) => each !== undefined && each !== null)
    ? literals
    : null
}
