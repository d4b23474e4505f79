import { ts } from 'ts-morph'
import { changeBy } from './object-change.ts'
import type { ObjectValue, StaticValue } from './static-value.ts'
import { choice, literalValue, scalarValue, undefinedValue } from './static-value.ts'

/** Constants, helpers and imports that are followed from one expression to the next. */
export const MOST_HOPS = 6

/** Reads the value a name stands for where it is declared, if that cannot change unseen. */
export class DeclarationReader {
  /** @param read the value of an expression, after so many hops */
  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly read: (expression: ts.Expression, hops: number) => StaticValue,
  ) {}

  /** What the declaration behind the name says; null where it says nothing certain. */
  valueOf(given: ts.Symbol, hops: number): StaticValue | null {
    if (hops >= MOST_HOPS) return null
    const symbol = given.flags & ts.SymbolFlags.Alias ? this.checker.getAliasedSymbol(given) : given
    const declaration = symbol.valueDeclaration
    if (declaration === undefined) return null
    if (ts.isVariableDeclaration(declaration)) {
      if (declaration.initializer === undefined || !isConstant(declaration)) return null
      const value = this.read(declaration.initializer, hops + 1)
      return value.kind === 'object' ? this.withLaterChanges(declaration, value, hops) : value
    }
    if (ts.isBindingElement(declaration)) return this.boundTo(declaration, hops)
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
  private boundTo(element: ts.BindingElement, hops: number): StaticValue | null {
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
        const change = changeBy(node)
        if (change !== null && this.checker.getSymbolAtLocation(node) === symbol) {
          if (change.kind === 'set') {
            const isAlways = change.statement.parent === block
            const known = changed.entries.get(change.name)
            const value = this.read(change.value, hops + 1)
            changed = {
              ...changed,
              entries: new Map(changed.entries).set(change.name, {
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
