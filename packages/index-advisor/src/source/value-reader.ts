import { ts } from 'ts-morph'
import type { ObjectValue, StaticValue } from './static-value.ts'
import {
  anyOf,
  choice,
  literalValue,
  openObject,
  scalarValue,
  spread,
  undefinedValue,
  unknownValue,
} from './static-value.ts'

/** Constants, helpers and imports that are followed from one expression to the next. */
const MOST_HOPS = 6

/**
 * Reads the value of an expression without running it: literals, constants, spreads, ternaries, and helpers that
 * return an object, across files. What is not certain is `unknown`; nothing is guessed.
 */
export class ValueReader {
  constructor(private readonly checker: ts.TypeChecker) {}

  read(expression: ts.Expression, hops = 0): StaticValue {
    const node = peel(expression)
    if (ts.isObjectLiteralExpression(node)) return this.object(node, hops)
    if (ts.isArrayLiteralExpression(node)) return this.array(node, hops)
    if (ts.isStringLiteralLike(node)) return literalValue(node.text)
    if (ts.isNumericLiteral(node)) return literalValue(Number(node.text.replaceAll('_', '')))
    if (node.kind === ts.SyntaxKind.TrueKeyword) return literalValue(true)
    if (node.kind === ts.SyntaxKind.FalseKeyword) return literalValue(false)
    if (node.kind === ts.SyntaxKind.NullKeyword) return literalValue(null)
    if (ts.isIdentifier(node)) return this.identifier(node, hops)
    if (ts.isPropertyAccessExpression(node)) return this.property(node, hops)
    if (ts.isConditionalExpression(node))
      return choice([this.read(node.whenTrue, hops), this.read(node.whenFalse, hops)])
    if (ts.isBinaryExpression(node)) return this.binary(node, hops)
    if (ts.isPrefixUnaryExpression(node)) {
      const operand = this.read(node.operand, hops)
      if (
        node.operator === ts.SyntaxKind.MinusToken &&
        operand.kind === 'literal' &&
        typeof operand.value === 'number'
      )
        return literalValue(-operand.value)
      return scalarValue
    }
    if (ts.isCallExpression(node)) return this.call(node, hops)
    if (ts.isTemplateExpression(node)) return scalarValue
    return this.byType(node)
  }

  private object(node: ts.ObjectLiteralExpression, hops: number): ObjectValue {
    let object: ObjectValue = { kind: 'object', entries: new Map(), isOpen: false }
    const set = (name: string, value: StaticValue) =>
      (object = { ...object, entries: new Map(object.entries).set(name, { value, isOptional: false }) })
    for (const property of node.properties) {
      if (ts.isSpreadAssignment(property)) object = spread(object, this.read(property.expression, hops))
      else if (ts.isShorthandPropertyAssignment(property))
        set(property.name.text, this.shorthand(property, hops))
      else if (ts.isPropertyAssignment(property)) {
        const name = this.propertyName(property.name, hops)
        if (name === null) object = { ...object, isOpen: true }
        else set(name, this.read(property.initializer, hops))
      }
    }
    return object
  }

  private propertyName(name: ts.PropertyName, hops: number): string | null {
    if (ts.isComputedPropertyName(name)) {
      const value = this.read(name.expression, hops)
      return value.kind === 'literal' ? String(value.value) : null
    }
    return ts.isPrivateIdentifier(name) || ts.isBigIntLiteral(name) ? null : name.text
  }

  private shorthand(property: ts.ShorthandPropertyAssignment, hops: number): StaticValue {
    const symbol = this.checker.getShorthandAssignmentValueSymbol(property)
    return (symbol === undefined ? null : this.symbol(symbol, hops)) ?? this.byType(property.name)
  }

  private array(node: ts.ArrayLiteralExpression, hops: number): StaticValue {
    const items: StaticValue[] = []
    let isOpen = false
    for (const element of node.elements) {
      if (!ts.isSpreadElement(element)) {
        items.push(this.read(element, hops))
        continue
      }
      const value = this.read(element.expression, hops)
      if (value.kind !== 'array') isOpen = true
      else {
        items.push(...value.items)
        isOpen ||= value.isOpen
      }
    }
    return { kind: 'array', items, isOpen }
  }

  private binary(node: ts.BinaryExpression, hops: number): StaticValue {
    switch (node.operatorToken.kind) {
      case ts.SyntaxKind.QuestionQuestionToken: {
        const left = this.read(node.left, hops)
        const right = this.read(node.right, hops)
        if (left.kind === 'object' || left.kind === 'array') return left
        const given =
          left.kind === 'choice' ? choice(left.options.filter((each) => each.kind !== 'undefined')) : left
        return left.kind === 'undefined' ? right : choice([given, right])
      }
      case ts.SyntaxKind.BarBarToken:
        return choice([this.read(node.left, hops), this.read(node.right, hops)])
      // Falsy left sides are spread, or given to Prisma, as if they were not there.
      case ts.SyntaxKind.AmpersandAmpersandToken:
        return choice([this.read(node.right, hops), undefinedValue])
      case ts.SyntaxKind.CommaToken:
        return this.read(node.right, hops)
      default:
        return scalarValue
    }
  }

  private identifier(node: ts.Identifier, hops: number): StaticValue {
    if (node.text === 'undefined') return undefinedValue
    const symbol = this.checker.getSymbolAtLocation(node)
    return (symbol === undefined ? null : this.symbol(symbol, hops)) ?? this.byType(node)
  }

  private property(node: ts.PropertyAccessExpression, hops: number): StaticValue {
    const symbol = this.checker.getSymbolAtLocation(node)
    const byLiteral = this.byLiteralType(node)
    if (byLiteral !== null) return byLiteral
    if (symbol !== undefined) {
      const followed = this.symbol(symbol, hops)
      if (followed !== null) return followed
    }
    if (hops < MOST_HOPS) {
      const owner = this.read(node.expression, hops + 1)
      if (owner.kind === 'object' && !owner.isOpen) {
        const entry = owner.entries.get(node.name.text)
        if (entry !== undefined) return entry.isOptional ? choice([entry.value, undefinedValue]) : entry.value
      }
    }
    return this.byType(node)
  }

  /** What the declaration behind the name says; null where it says nothing certain. */
  private symbol(given: ts.Symbol, hops: number): StaticValue | null {
    if (hops >= MOST_HOPS) return null
    const symbol = given.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(given) : given
    const declaration = symbol.valueDeclaration
    if (declaration === undefined) return null
    if (ts.isVariableDeclaration(declaration)) {
      if (declaration.initializer === undefined || !isConstant(declaration)) return null
      const value = this.read(declaration.initializer, hops + 1)
      return value.kind === 'object' ? this.withLaterChanges(declaration, value, hops) : value
    }
    if (ts.isBindingElement(declaration)) return this.bindingElement(declaration, hops)
    if (ts.isPropertyAssignment(declaration) && isFrozen(declaration))
      return this.read(declaration.initializer, hops + 1)
    if (
      ts.isPropertyDeclaration(declaration) &&
      declaration.initializer !== undefined &&
      isReadonly(declaration)
    )
      return this.read(declaration.initializer, hops + 1)
    if (ts.isEnumMember(declaration)) {
      const value = this.checker.getConstantValue(declaration)
      return value === undefined ? scalarValue : literalValue(value)
    }
    return null
  }

  /** `const { where, take } = build()` */
  private bindingElement(element: ts.BindingElement, hops: number): StaticValue | null {
    const pattern = element.parent
    const { parent } = pattern
    if (
      !ts.isObjectBindingPattern(pattern) ||
      !ts.isVariableDeclaration(parent) ||
      parent.initializer === undefined
    )
      return null
    if (!isConstant(parent) || element.dotDotDotToken !== undefined) return null
    const name = element.propertyName ?? element.name
    if (!ts.isIdentifier(name)) return null
    const owner = this.read(parent.initializer, hops + 1)
    if (owner.kind !== 'object') return null
    const entry = owner.entries.get(name.text)
    if (entry === undefined) return null
    const fallback =
      element.initializer === undefined ? undefinedValue : this.read(element.initializer, hops + 1)
    return entry.isOptional ? choice([entry.value, fallback]) : entry.value
  }

  /**
   * `const where = {}` and then `if (…) where.status = status`: each later assignment in the same file is taken in, as
   * optional unless it stands in the block of the declaration. A change that cannot be followed leaves the object open.
   */
  private withLaterChanges(
    declaration: ts.VariableDeclaration,
    object: ObjectValue,
    hops: number,
  ): ObjectValue {
    if (!ts.isIdentifier(declaration.name)) return object
    const symbol = this.checker.getSymbolAtLocation(declaration.name)
    const block = declaration.parent.parent.parent
    let changed = object
    const visit = (node: ts.Node): void => {
      if (
        ts.isIdentifier(node) &&
        node.text === (declaration.name as ts.Identifier).text &&
        node !== declaration.name
      ) {
        const use = useOf(node)
        if (use !== null && this.checker.getSymbolAtLocation(node) === symbol) {
          if (use.kind === 'set') {
            const isAlways = use.statement.parent === block
            const known = changed.entries.get(use.name)
            const value = this.read(use.value, hops + 1)
            changed = {
              ...changed,
              entries: new Map(changed.entries).set(use.name, {
                value: isAlways || known === undefined ? value : choice([known.value, value]),
                isOptional: !isAlways && (known === undefined || known.isOptional),
              }),
            }
          } else changed = { ...changed, isOpen: true }
        }
      }
      ts.forEachChild(node, visit)
    }
    visit(block)
    return changed
  }

  /** A helper that returns an object, `Prisma.validator<…>()({ … })`, `Object.freeze({ … })`. */
  private call(node: ts.CallExpression, hops: number): StaticValue {
    const [first] = node.arguments
    if (first !== undefined && isTransparent(node.expression)) return this.read(first, hops)
    if (hops >= MOST_HOPS) return unknownValue
    const declaration = this.checker.getResolvedSignature(node)?.declaration
    const body = declaration !== undefined && isFunctionWithBody(declaration) ? declaration : null
    const returned = body === null ? [] : returnsOf(body)
    if (returned.length === 0) return this.byType(node)
    return choice(returned.map((each) => (each === null ? undefinedValue : this.read(each, hops + 1))))
  }

  private byLiteralType(node: ts.Node): StaticValue | null {
    const type = this.checker.getTypeAtLocation(node)
    if (type.isStringLiteral() || type.isNumberLiteral()) return literalValue(type.value)
    return null
  }

  /** The most that the type tells. */
  byType(node: ts.Node): StaticValue {
    return this.ofType(this.checker.getTypeAtLocation(node), node, 0)
  }

  private ofType(type: ts.Type, at: ts.Node, depth: number): StaticValue {
    if (type.flags & ts.TypeFlags.Undefined) return undefinedValue
    if (type.flags & ts.TypeFlags.Void) return undefinedValue
    if (type.flags & ts.TypeFlags.Null) return scalarValue
    if (type.isStringLiteral() || type.isNumberLiteral()) return scalarValue
    // Most values come from places that are not typed here (a request, a library): taken to be what Prisma is given most.
    if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown)) return scalarValue
    if (type.isUnion()) return choice(type.types.map((each) => this.ofType(each, at, depth)))
    if (
      type.flags &
      (ts.TypeFlags.StringLike |
        ts.TypeFlags.NumberLike |
        ts.TypeFlags.BooleanLike |
        ts.TypeFlags.BigIntLike |
        ts.TypeFlags.ESSymbolLike)
    )
      return scalarValue
    if (type.getProperty('$briskOpaque') !== undefined) return unknownValue
    if (type.getCallSignatures().length > 0) return unknownValue
    const name = type.symbol?.name
    if (this.checker.isArrayType(type) || this.checker.isTupleType(type))
      return { kind: 'array', items: [], isOpen: true }
    if (
      name === 'Date' ||
      name === 'Decimal' ||
      name === 'Uint8Array' ||
      name === 'Buffer' ||
      name === 'RegExp'
    )
      return scalarValue
    if (type.flags & ts.TypeFlags.Object && depth < 3) return this.ofObjectType(type, at, depth)
    return unknownValue
  }

  /** A plain object type names its properties; an index signature or a class may have more. */
  private ofObjectType(type: ts.Type, at: ts.Node, depth: number): StaticValue {
    const isPlain =
      type.symbol === undefined ||
      (type.symbol.flags & (ts.SymbolFlags.Class | ts.SymbolFlags.Function)) === 0
    if (!isPlain || type.getStringIndexType() !== undefined) return openObject
    const properties = type.getProperties()
    if (properties.length === 0) return openObject
    return anyOf([
      {
        kind: 'object',
        isOpen: false,
        entries: new Map(
          properties.map((property) => [
            property.name,
            {
              value: this.ofType(this.checker.getTypeOfSymbolAtLocation(property, at), at, depth + 1),
              isOptional: (property.flags & ts.SymbolFlags.Optional) !== 0,
            },
          ]),
        ),
      },
    ])
  }
}

/** Without parentheses, `as`, `satisfies`, `!` and `<T>`. */
export function peel(node: ts.Expression): ts.Expression {
  let at = node
  while (
    ts.isParenthesizedExpression(at) ||
    ts.isAsExpression(at) ||
    ts.isSatisfiesExpression(at) ||
    ts.isNonNullExpression(at) ||
    ts.isTypeAssertionExpression(at)
  )
    at = at.expression
  return at
}

function isConstant(declaration: ts.VariableDeclaration): boolean {
  return (
    ts.isVariableDeclarationList(declaration.parent) && (declaration.parent.flags & ts.NodeFlags.Const) !== 0
  )
}

/** A property of an object that is declared `as const` cannot change. */
function isFrozen(property: ts.PropertyAssignment): boolean {
  for (let at: ts.Node = property.parent; at !== undefined; at = at.parent) {
    if (ts.isAsExpression(at)) return at.type.getText() === 'const'
    if (
      ts.isSatisfiesExpression(at) ||
      ts.isObjectLiteralExpression(at) ||
      ts.isPropertyAssignment(at) ||
      ts.isParenthesizedExpression(at)
    )
      continue
    return false
  }
  return false
}

function isReadonly(declaration: ts.PropertyDeclaration): boolean {
  return ts.getModifiers(declaration)?.some((each) => each.kind === ts.SyntaxKind.ReadonlyKeyword) === true
}

type Use = { kind: 'set'; name: string; value: ts.Expression; statement: ts.Statement } | { kind: 'lost' }

/** What a use of an object does to it; null when it only reads. */
function useOf(identifier: ts.Identifier): Use | null {
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

function isTransparent(callee: ts.Expression): boolean {
  const text = callee.getText()
  return text === 'Object.freeze' || text === 'structuredClone' || /^Prisma\.validator\b/.test(text)
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

/** What the function may return; null for a bare `return`. */
function returnsOf({ body }: FunctionWithBody): (ts.Expression | null)[] {
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
