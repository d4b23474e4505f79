import { ts } from 'ts-morph'
import type { StaticValue } from './static-value.ts'
import {
  anyOf,
  choice,
  literalValue,
  openObject,
  scalarValue,
  undefinedValue,
  unknownValue,
} from './static-value.ts'

/** The most that the type of an expression tells of its value. */
export class TypeReader {
  constructor(private readonly checker: ts.TypeChecker) {}

  valueOf(node: ts.Node): StaticValue {
    const value = this.ofType(this.checker.getTypeAtLocation(node), node, 0)
    // `(status = undefined) => …`: what it is without a caller is not what callers give.
    return value.kind === 'undefined' && this.isInferred(node) ? choice([scalarValue, value]) : value
  }

  /** Its type is that of the value it begins with, and nobody said that it stays so. */
  private isInferred(node: ts.Node): boolean {
    const symbol = ts.isShorthandPropertyAssignment(node.parent)
      ? this.checker.getShorthandAssignmentValueSymbol(node.parent)
      : this.checker.getSymbolAtLocation(node)
    const declaration = symbol?.valueDeclaration
    if (declaration === undefined) return false
    if (ts.isPropertyAssignment(declaration) || ts.isBindingElement(declaration)) return true
    return (
      (ts.isParameter(declaration) || ts.isVariableDeclaration(declaration)) && declaration.type === undefined
    )
  }

  private ofType(type: ts.Type, at: ts.Node, depth: number): StaticValue {
    if (type.flags & ts.TypeFlags.Undefined) return undefinedValue
    if (type.flags & ts.TypeFlags.Void) return undefinedValue
    if (type.flags & ts.TypeFlags.Null) return scalarValue
    // A place that is reached holds something: `(id = null) => { if (!id) return … }` was inferred too narrowly.
    if (type.flags & ts.TypeFlags.Never) return scalarValue
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

  /** The texts that it can be; null where it can be any. */
  textsOf(node: ts.Node): readonly string[] | null {
    const type = this.checker.getTypeAtLocation(node)
    const types = type.isUnion() ? type.types : [type]
    const texts = types.flatMap((each) => (each.isStringLiteral() ? [each.value] : []))
    return texts.length === types.length ? texts : null
  }

  /** The one value that a literal type has; null for every other type. */
  literalOf(node: ts.Node): StaticValue | null {
    const type = this.checker.getTypeAtLocation(node)
    if (type.isStringLiteral() || type.isNumberLiteral()) return literalValue(type.value)
    return null
  }
}
