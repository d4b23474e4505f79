import { ts } from 'ts-morph'
import { peel } from './values/value-reader.ts'

/** What a call says of itself where the type of its client is lost. */
export type NamedCall =
  { readonly kind: 'call'; readonly model: string; readonly operation: string } | { readonly kind: 'unknown' }

/** Operations whose names nothing else has; the others (`count`, `update`, …) many things are called. */
const CERTAIN =
  /^(find(Many|First|Unique)(OrThrow)?|groupBy|(create|update)Many(AndReturn)?|deleteMany|upsert|cursorPage|paginate)$/
/** What Prisma's operations take, and little else. */
const ARGUMENTS = new Set([
  'where',
  'data',
  'select',
  'include',
  'omit',
  'orderBy',
  'take',
  'skip',
  'cursor',
  'distinct',
  'by',
  'having',
  'create',
  'update',
  'first',
  'after',
  '_count',
  '_sum',
  '_avg',
  '_min',
  '_max',
])

/**
 * `x.<model>.<operation>(…)` with a model of the schema and arguments in Prisma's shape, and an `x` whose type is lost:
 * an unbuilt package, a context without types, a client made by a condition. A call whose type is known, and is another,
 * is none. `unknown`: it reads like Prisma's, but of what model is not known.
 *
 * @param models by the name that the client gives them: `blogPost` → `BlogPost`
 */
export function namedCall(
  checker: ts.TypeChecker,
  node: ts.CallExpression,
  callee: ts.PropertyAccessExpression | ts.ElementAccessExpression,
  models: ReadonlyMap<string, string>,
): NamedCall | null {
  const operation = memberName(callee)
  if (operation === null || !isLost(checker, node, callee)) return null
  const isCertain = CERTAIN.test(operation)
  const holder = peel(callee.expression)
  const [first] = node.arguments
  const hasShape = isOfShape(first)
  const delegate = isAccess(holder) ? memberName(holder) : null
  const model = delegate === null ? undefined : models.get(delegate)
  if (model !== undefined && (hasShape || (isCertain && !isOther(first)) || first === undefined))
    return { kind: 'call', model, operation }
  if (!isCertain || !hasShape || first === undefined) return null
  // `const { user } = db`, and then `user.findMany({ where })`.
  const own = ts.isIdentifier(holder) ? models.get(holder.text) : undefined
  return own === undefined ? { kind: 'unknown' } : { kind: 'call', model: own, operation }
}

export function isAccess(
  node: ts.Expression,
): node is ts.PropertyAccessExpression | ts.ElementAccessExpression {
  return ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)
}

/** `.user` or `['user']`; null where it is worked out as it runs. */
export function memberName(node: ts.PropertyAccessExpression | ts.ElementAccessExpression): string | null {
  if (ts.isPropertyAccessExpression(node)) return node.name.text
  return ts.isStringLiteralLike(node.argumentExpression) ? node.argumentExpression.text : null
}

/** Nothing is known of what is called, or a type that was written by hand and has no body. */
function isLost(checker: ts.TypeChecker, node: ts.CallExpression, callee: ts.Expression): boolean {
  const type = checker.getTypeAtLocation(callee)
  if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.Never)) return true
  const declaration = checker.getResolvedSignature(node)?.declaration
  return declaration === undefined || (declaration as { body?: ts.Node }).body === undefined
}

/** An object with something in it that Prisma takes; an empty one, or a spread, may be one. */
function isOfShape(argument: ts.Expression | undefined): boolean {
  if (argument === undefined) return false
  const object = peel(argument)
  if (!ts.isObjectLiteralExpression(object)) return false
  return (
    object.properties.length === 0 ||
    object.properties.some((each) =>
      ts.isSpreadAssignment(each)
        ? object.properties.length === 1
        : each.name !== undefined &&
          (ts.isIdentifier(each.name) || ts.isStringLiteral(each.name)) &&
          ARGUMENTS.has(each.name.text),
    )
  )
}

/** An object without anything that Prisma takes, a text, a number, a function. */
function isOther(argument: ts.Expression | undefined): boolean {
  if (argument === undefined) return false
  const given = peel(argument)
  return (
    (ts.isObjectLiteralExpression(given) && !isOfShape(given)) ||
    ts.isStringLiteralLike(given) ||
    ts.isNumericLiteral(given) ||
    ts.isArrayLiteralExpression(given) ||
    ts.isFunctionLike(given)
  )
}
