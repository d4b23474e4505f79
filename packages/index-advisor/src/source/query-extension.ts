import { ts } from 'ts-morph'
import type { PrismaCall } from './calls/prisma-call.ts'
import type { ObjectEntry, ObjectValue, StaticValue } from './values/static-value.ts'
import { anyOf, entryOf, objectsOf, openObject } from './values/static-value.ts'
import { peel, type ValueReader } from './values/value-reader.ts'

/** Conditions that `$extends({ query })` adds to the calls of a client. */
export interface QueryExtension {
  /** As the client names it; null: every model. */
  readonly model: string | null
  /** Null: every operation. */
  readonly operation: string | null
  /** What it adds to `where`; null where it adds something that could not be read. */
  readonly where: ObjectValue | null
  /** `src/db.ts:4:12` */
  readonly at: string
}

/** The conditions added by the extension that a call of `$extends` is given. */
export function queryExtensions(
  node: ts.CallExpression,
  values: ValueReader,
  at: (node: ts.Node) => string,
): QueryExtension[] {
  const given = node.arguments[0] === undefined ? undefined : extensionOf(node.arguments[0])
  const query = given === undefined ? undefined : propertyOf(given, 'query')
  if (query === undefined || !ts.isObjectLiteralExpression(query)) return []
  return query.properties.flatMap((model): QueryExtension[] => {
    const name = nameOf(model)
    const handlers = ts.isPropertyAssignment(model) ? peel(model.initializer) : undefined
    if (name === null || handlers === undefined) return []
    // `$allOperations` may stand for all models right below `query`.
    const all =
      name === '$allOperations'
        ? [model]
        : ts.isObjectLiteralExpression(handlers)
          ? [...handlers.properties]
          : []
    return all.flatMap((handler): QueryExtension[] => {
      const operation = nameOf(handler)
      const added = operation === null ? undefined : addedWhere(handler, values)
      if (added === undefined || operation === null) return []
      return [
        {
          model: name.startsWith('$') ? null : name,
          operation: operation.startsWith('$') ? null : operation,
          where: added,
          at: at(handler),
        },
      ]
    })
  })
}

/** Does the call go through the extensions? By what the variable that it begins with is made of. */
export function isExtended(checker: ts.TypeChecker, callee: ts.Expression): 'yes' | 'no' | 'maybe' {
  let at = peel(callee)
  while (ts.isPropertyAccessExpression(at) || ts.isElementAccessExpression(at)) at = peel(at.expression)
  if (!ts.isIdentifier(at)) return 'maybe'
  const named = checker.getSymbolAtLocation(at)
  const symbol =
    named !== undefined && named.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(named) : named
  const declaration = symbol?.valueDeclaration
  if (
    declaration === undefined ||
    !ts.isVariableDeclaration(declaration) ||
    declaration.initializer === undefined
  )
    return 'maybe'
  const text = declaration.initializer.getText()
  if (text.includes('.$extends(')) return 'yes'
  return /^new \w*PrismaClient\b/.test(text) ? 'no' : 'maybe'
}

/** The call with the conditions that the extensions add to it; only sometimes, where it may not go through them. */
export function extendedCall(
  call: PrismaCall,
  extended: 'yes' | 'no' | 'maybe',
  extensions: readonly QueryExtension[],
): PrismaCall {
  if (extended === 'no') return call
  const model = call.model.charAt(0).toLowerCase() + call.model.slice(1)
  const added = extensions.filter(
    (each) =>
      (each.model === null || each.model === model) &&
      (each.operation === null || each.operation === call.operation),
  )
  if (added.length === 0) return call
  const wheres = added.map(({ where }) => (extended === 'yes' ? (where ?? openObject) : sometimes(where)))
  const objects: ObjectValue[] | null =
    call.args.kind === 'undefined'
      ? [{ kind: 'object', entries: new Map(), isOpen: false }]
      : objectsOf(call.args)
  if (objects === null) return call
  const extend = (args: ObjectValue): ObjectValue => {
    const own = entryOf(args, 'where')
    // Arguments that are not known may hold one.
    const unseen = args.isOpen ? [openObject] : []
    const items = [...(own === undefined ? unseen : askedBy(own)), ...wheres]
    const all: StaticValue = { kind: 'array', items, isOpen: false }
    const where: ObjectValue = {
      kind: 'object',
      entries: new Map([['AND', { value: all, isOptional: false }]]),
      isOpen: false,
    }
    return { ...args, entries: new Map(args.entries).set('where', { value: where, isOptional: false }) }
  }
  const [first, ...more] = objects.map(extend)
  return {
    ...call,
    args: first === undefined || more.length > 0 ? { kind: 'choice', options: objects.map(extend) } : first,
  }
}

/** A `where` that only some calls have asks for nothing in the others. */
function askedBy({ value, isOptional }: ObjectEntry): readonly StaticValue[] {
  const objects = isOptional ? objectsOf(value) : null
  return [objects === null ? value : sometimes(anyOf(objects))]
}

function sometimes(where: ObjectValue | null): ObjectValue {
  const entries = [...(where?.entries ?? [])].map(([name, { value }]): [string, ObjectEntry] => [
    name,
    { value, isOptional: true },
  ])
  return { kind: 'object', entries: new Map(entries), isOpen: false }
}

/** The literal itself, or what `Prisma.defineExtension` is given, as an object or as a function of the client. */
function extensionOf(argument: ts.Expression): ts.ObjectLiteralExpression | undefined {
  const given = peel(argument)
  if (ts.isObjectLiteralExpression(given)) return given
  if (
    ts.isCallExpression(given) &&
    given.arguments[0] !== undefined &&
    given.expression.getText().endsWith('defineExtension')
  )
    return extensionOf(given.arguments[0])
  return undefined
}

function propertyOf(object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const found = object.properties.find((each) => nameOf(each) === name)
  return found !== undefined && ts.isPropertyAssignment(found) ? peel(found.initializer) : undefined
}

function nameOf(property: ts.ObjectLiteralElementLike): string | null {
  const { name } = property
  return name !== undefined && (ts.isIdentifier(name) || ts.isStringLiteral(name)) ? name.text : null
}

/** What a handler puts into `where`: undefined where it leaves it alone, null where that could not be read. */
function addedWhere(handler: ts.Node, values: ValueReader): ObjectValue | null | undefined {
  const entries = new Map<string, ObjectEntry>()
  let isTouched = false
  let isRead = true
  const take = (name: string, value: StaticValue, isOptional: boolean) =>
    entries.set(name, { value, isOptional })
  const takeWhere = (expression: ts.Expression, isOptional: boolean) => {
    isTouched = true
    const value = values.read(expression)
    if (value.kind !== 'object') {
      isRead = false
      return
    }
    if (value.isOpen && !spreadsOnlyWhere(expression)) isRead = false
    for (const [name, entry] of value.entries)
      take(name, withoutGiven(entry.value), isOptional || entry.isOptional)
  }
  const visit = (node: ts.Node, isOptional: boolean): void => {
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
      const { left, right } = node
      if (ts.isPropertyAccessExpression(left) && left.name.text === 'where') takeWhere(right, isOptional)
      else if (ts.isPropertyAccessExpression(left) && /\bwhere$/.test(left.expression.getText())) {
        isTouched = true
        take(left.name.text, values.read(right), isOptional)
      }
    }
    if (ts.isPropertyAssignment(node) && nameOf(node) === 'where') {
      takeWhere(node.initializer, isOptional)
      return
    }
    const isChoice = ts.isIfStatement(node) || ts.isConditionalExpression(node) || ts.isSwitchStatement(node)
    ts.forEachChild(node, (child) => visit(child, isOptional || isChoice))
  }
  visit(handler, false)
  if (!isTouched) return undefined
  return isRead ? { kind: 'object', entries, isOpen: false } : null
}

/** `{ ...args.where, deletedAt: null }`: what is spread is the call's own. */
function spreadsOnlyWhere(expression: ts.Expression): boolean {
  const object = peel(expression)
  return (
    ts.isObjectLiteralExpression(object) &&
    object.properties.every(
      (each) =>
        (!ts.isSpreadAssignment(each) && each.name !== undefined && !ts.isComputedPropertyName(each.name)) ||
        (ts.isSpreadAssignment(each) && /\bwhere\b/.test(each.expression.getText())),
    )
  )
}

/** `AND: [args.where, { … }]`: the first of them is the call's own. */
function withoutGiven(value: StaticValue): StaticValue {
  if (value.kind !== 'array') return value
  return { ...value, items: value.items.filter((each) => each.kind === 'object' || each.kind === 'choice') }
}
