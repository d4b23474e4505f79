import { ts } from 'ts-morph'
import { DeclarationReader, MOST_HOPS } from './declaration-reader.ts'
import { returnedExpressions } from './returned-expressions.ts'
import type { ObjectValue, StaticValue } from './static-value.ts'
import { choice, literalValue, scalarValue, spread, undefinedValue, unknownValue } from './static-value.ts'
import { TypeReader } from './type-reader.ts'

/**
 * Reads the value of an expression without running it: literals, constants, spreads, ternaries, and helpers that
 * return an object, across files. What is not certain is `unknown`; nothing is guessed.
 */
export class ValueReader {
  private readonly types: TypeReader
  private readonly declarations: DeclarationReader
  private given: ReadonlyMap<ts.Symbol, StaticValue> = new Map()

  /** @param delegates models by the names that the client gives them: `blogPost` */
  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly delegates: ReadonlySet<string>,
  ) {
    this.types = new TypeReader(checker)
    this.declarations = new DeclarationReader(checker, (expression, hops) => this.read(expression, hops))
  }

  /** As if the parameters stood for these values. */
  readWith(expression: ts.Expression, given: ReadonlyMap<ts.Symbol, StaticValue>): StaticValue {
    const before = this.given
    this.given = given
    try {
      return this.read(expression)
    } finally {
      this.given = before
    }
  }

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
    return this.types.valueOf(node)
  }

  /** One of several objects where a name is one of several. */
  private object(node: ts.ObjectLiteralExpression, hops: number): StaticValue {
    let objects: ObjectValue[] = [{ kind: 'object', entries: new Map(), isOpen: false }]
    const each = (change: (object: ObjectValue) => ObjectValue) => {
      objects = objects.map(change)
    }
    const set = (names: readonly string[], value: StaticValue) => {
      objects = objects.flatMap((object) =>
        names.map((name): ObjectValue => {
          const entries = new Map(object.entries).set(name, { value, isOptional: false })
          return { ...object, entries }
        }),
      )
    }
    for (const property of node.properties) {
      if (ts.isSpreadAssignment(property)) {
        const over = this.read(property.expression, hops)
        each((object) => spread(object, over))
      } else if (ts.isShorthandPropertyAssignment(property))
        set([property.name.text], this.shorthand(property, hops))
      else if (ts.isPropertyAssignment(property)) {
        const names = this.propertyNames(property.name, hops)
        if (names === null || names.length * objects.length > MOST_OBJECTS)
          each((object) => ({ ...object, isOpen: true }))
        else set(names, this.read(property.initializer, hops))
      }
    }
    return choice(objects)
  }

  /** Several where it is computed from one of several texts; null where nothing is known of it. */
  private propertyNames(name: ts.PropertyName, hops: number): readonly string[] | null {
    if (!ts.isComputedPropertyName(name))
      return ts.isPrivateIdentifier(name) || ts.isBigIntLiteral(name) ? null : [name.text]
    const value = this.read(name.expression, hops)
    const options = value.kind === 'choice' ? value.options : [value]
    const names = options.flatMap((one) => (one.kind === 'literal' ? [String(one.value)] : []))
    return names.length === options.length ? names : this.types.textsOf(name.expression)
  }

  private shorthand(property: ts.ShorthandPropertyAssignment, hops: number): StaticValue {
    const symbol = this.checker.getShorthandAssignmentValueSymbol(property)
    return (
      this.givenFor(symbol) ??
      (symbol === undefined ? null : this.declarations.valueOf(symbol, hops)) ??
      this.types.valueOf(property.name)
    )
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
    const given = this.givenFor(symbol)
    if (given !== undefined) return given
    return (symbol === undefined ? null : this.declarations.valueOf(symbol, hops)) ?? this.types.valueOf(node)
  }

  private givenFor(symbol: ts.Symbol | undefined): StaticValue | undefined {
    return symbol === undefined ? undefined : this.given.get(symbol)
  }

  private property(node: ts.PropertyAccessExpression, hops: number): StaticValue {
    const symbol = this.checker.getSymbolAtLocation(node)
    if (this.isColumn(node)) return unknownValue
    const byLiteral = this.types.literalOf(node)
    if (byLiteral !== null) return byLiteral
    if (symbol !== undefined) {
      const followed = this.declarations.valueOf(symbol, hops)
      if (followed !== null) return followed
    }
    if (hops < MOST_HOPS) {
      const owner = this.read(node.expression, hops + 1)
      if (owner.kind === 'object' && !owner.isOpen) {
        const entry = owner.entries.get(node.name.text)
        if (entry !== undefined) return entry.isOptional ? choice([entry.value, undefinedValue]) : entry.value
      }
    }
    return this.types.valueOf(node)
  }

  /** `prisma.post.fields.createdAt` where the type of the client is lost: a column, and no value. */
  private isColumn({ expression }: ts.PropertyAccessExpression): boolean {
    const fields = peel(expression)
    if (!ts.isPropertyAccessExpression(fields) || fields.name.text !== 'fields') return false
    if (!(this.checker.getTypeAtLocation(fields).flags & ts.TypeFlags.Any)) return false
    const holder = peel(fields.expression)
    return (
      (ts.isPropertyAccessExpression(holder) && this.delegates.has(holder.name.text)) ||
      (ts.isIdentifier(holder) && this.delegates.has(holder.text))
    )
  }

  /** A helper that returns an object, `Prisma.validator<…>()({ … })`, `Object.freeze({ … })`. */
  private call(node: ts.CallExpression, hops: number): StaticValue {
    const [first] = node.arguments
    if (first !== undefined && isTransparent(node.expression)) return this.read(first, hops)
    if (hops >= MOST_HOPS) return unknownValue
    const returned = returnedExpressions(this.checker.getResolvedSignature(node)?.declaration)
    if (returned.length === 0) return this.types.valueOf(node)
    return choice(returned.map((each) => (each === null ? undefinedValue : this.read(each, hops + 1))))
  }
}

/** More than that are taken for one that is not known. */
const MOST_OBJECTS = 8

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

function isTransparent(callee: ts.Expression): boolean {
  const text = callee.getText()
  return text === 'Object.freeze' || text === 'structuredClone' || /^Prisma\.validator\b/.test(text)
}
