import type { A_Expr, Node } from 'libpg-query'
import type { Comparison, ConditionOperator } from '../shape/query-shape.ts'
import { literalOf, nameOf } from './parse-tree.ts'

/**
 * What a comparison asks of the column in it; null where it says nothing of an index.
 *
 * @param name the operator as it is written, `=` or `~~`
 * @param value what the column is compared with
 */
export function comparisonOperator(
  kind: A_Expr['kind'],
  name: string,
  value: Node | undefined,
): ConditionOperator | null {
  switch (kind) {
    case 'AEXPR_OP':
      if (name === '=') return 'equals'
      if (['<', '>', '<=', '>='].includes(name)) return 'range'
      if (['<>', '!='].includes(name)) return 'not'
      if (['@>', '&&', '<@', '?', '?|', '?&', '@?'].includes(name)) return 'list'
      if (name === '@@') return 'search'
      if (['~', '~*'].includes(name)) return 'pattern'
      return null
    case 'AEXPR_OP_ANY':
      return name === '=' ? 'in' : null
    case 'AEXPR_OP_ALL':
      return 'not'
    case 'AEXPR_IN':
      return name === '=' ? 'in' : 'not'
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
      return 'range'
    case 'AEXPR_LIKE': {
      if (name.startsWith('!')) return 'not'
      return value !== undefined && beginsPlainly(value) ? 'prefix' : 'pattern'
    }
    case 'AEXPR_ILIKE':
      return name.startsWith('!') ? 'not' : 'pattern'
    case 'AEXPR_NOT_DISTINCT':
      return 'equals'
    case 'AEXPR_DISTINCT':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return 'not'
    default:
      return null
  }
}

const TURNED: Readonly<Record<Comparison, Comparison>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }

/** `<`, `<=`, `>` or `>=` as it reads with the column before it; null for any other operator. */
export function comparisonOf(name: string, isColumnFirst: boolean): Comparison | null {
  if (!(name in TURNED)) return null
  return isColumnFirst ? (name as Comparison) : TURNED[name as Comparison]
}

/** `'abc%'`, with an ESCAPE too, `concat($1, '%')`, or Prisma's `$1 || '%'`: the beginning is fixed. A lone parameter may begin with anything. */
function beginsPlainly(node: Node): boolean {
  if ('A_Expr' in node && nameOf(node.A_Expr.name) === '||') {
    const { lexpr } = node.A_Expr
    return lexpr !== undefined && ('ParamRef' in lexpr || beginsPlainly(lexpr))
  }
  if ('FuncCall' in node && /^(like_escape|concat)$/i.test(nameOf(node.FuncCall.funcname))) {
    const [first, ...rest] = node.FuncCall.args ?? []
    const isFixed = nameOf(node.FuncCall.funcname).toLowerCase() === 'concat' && rest.length > 0
    return first !== undefined && ((isFixed && 'ParamRef' in first) || beginsPlainly(first))
  }
  const pattern = literalOf(node)
  return typeof pattern === 'string' && /^[^%_]/.test(pattern)
}
