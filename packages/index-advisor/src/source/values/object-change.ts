import { ts } from 'ts-morph'

/** What is done to an object: one property is set, or what it holds can no longer be followed. */
export type ObjectChange =
  { kind: 'set'; name: string; value: ts.Expression; statement: ts.Statement } | { kind: 'lost' }

/** What a use of an object does to it; null where it only reads. */
export function changeBy(identifier: ts.Identifier): ObjectChange | null {
  const { parent } = identifier
  if (ts.isPropertyAccessExpression(parent) && parent.expression === identifier) {
    const assignment = parent.parent
    if (ts.isBinaryExpression(assignment) && assignment.left === parent)
      return assignment.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
        ts.isExpressionStatement(assignment.parent)
        ? { kind: 'set', name: parent.name.text, value: assignment.right, statement: assignment.parent }
        : { kind: 'lost' }
    // `where.AND.push(…)`, `where.OR = …` deeper down
    return isWrittenThrough(parent) ? { kind: 'lost' } : null
  }
  if (ts.isElementAccessExpression(parent) && parent.expression === identifier)
    return ts.isBinaryExpression(parent.parent) && parent.parent.left === parent ? { kind: 'lost' } : null
  // `Object.assign(where, …)`: the object is given away to be changed.
  if (
    ts.isCallExpression(parent) &&
    parent.arguments[0] === identifier &&
    parent.expression.getText() === 'Object.assign'
  )
    return { kind: 'lost' }
  if (ts.isDeleteExpression(parent)) return { kind: 'lost' }
  return null
}

const CHANGES = new Set(['push', 'unshift', 'splice'])

function isWrittenThrough(access: ts.PropertyAccessExpression): boolean {
  let at: ts.Node = access
  while (
    ts.isPropertyAccessExpression(at.parent) ||
    ts.isElementAccessExpression(at.parent) ||
    ts.isNonNullExpression(at.parent)
  )
    at = at.parent
  if (ts.isBinaryExpression(at.parent) && at.parent.left === at)
    return at.parent.operatorToken.kind === ts.SyntaxKind.EqualsToken
  return (
    ts.isCallExpression(at.parent) &&
    at.parent.expression === at &&
    ts.isPropertyAccessExpression(at) &&
    CHANGES.has(at.name.text)
  )
}
