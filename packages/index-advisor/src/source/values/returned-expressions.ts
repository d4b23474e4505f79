import { ts } from 'ts-morph'

/**
 * What a function may return; null for a bare `return`. Empty where its body is not at hand, and for `async` functions
 * and generators, which return something else.
 */
export function returnedExpressions(declaration: ts.Node | undefined): readonly (ts.Expression | null)[] {
  if (declaration === undefined || !isFunctionWithBody(declaration)) return []
  const { body } = declaration
  if (!ts.isBlock(body)) return [body]
  const found: (ts.Expression | null)[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) return
    if (ts.isReturnStatement(node)) found.push(node.expression ?? null)
    else ts.forEachChild(node, visit)
  }
  ts.forEachChild(body, visit)
  return found
}

type FunctionWithBody = ts.FunctionLikeDeclaration & { body: ts.ConciseBody }

function isFunctionWithBody(node: ts.Node): node is FunctionWithBody {
  const isFunction =
    ts.isFunctionDeclaration(node) ||
    ts.isArrowFunction(node) ||
    ts.isFunctionExpression(node) ||
    ts.isMethodDeclaration(node)
  if (!isFunction || node.body === undefined || node.asteriskToken !== undefined) return false
  return ts.getModifiers(node)?.some((each) => each.kind === ts.SyntaxKind.AsyncKeyword) !== true
}
