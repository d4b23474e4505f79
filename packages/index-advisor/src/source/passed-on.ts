import { ts } from 'ts-morph'
import type { StaticValue } from './values/static-value.ts'
import { entryOf, objectsOf, undefinedValue, unknownValue } from './values/static-value.ts'
import { peel } from './values/value-reader.ts'

/**
 * Helpers that pass on what they are given, `const list = (where) => prisma.post.findMany({ where })`: what such a call asks
 * stands with the callers of the helper.
 */

/** Values of parameters, by their symbols. */
export type Given = ReadonlyMap<ts.Symbol, StaticValue>

export interface Caller {
  readonly node: ts.CallExpression
  readonly given: Given
}

/** Helpers within helpers that are followed. */
const MOST_LEVELS = 3
const MOST_CALLERS = 200

/** Is a part of what a call asks for not known? */
export function isUnread(args: StaticValue): boolean {
  const objects = args.kind === 'undefined' ? [] : objectsOf(args)
  return (
    objects === null ||
    objects.some((each) => {
      const where = entryOf(each, 'where')?.value
      if (each.isOpen || where === undefined) return each.isOpen
      return where.kind !== 'undefined' && (objectsOf(where) ?? [null]).some((one) => one?.isOpen !== false)
    })
  )
}

/** The helper whose parameters stand in the expression, directly or by way of its constants; null where none does. */
export function helperOf(
  checker: ts.TypeChecker,
  expression: ts.Node,
  hops = 0,
): ts.SignatureDeclaration | null {
  let found: ts.SignatureDeclaration | null = null
  const visit = (node: ts.Node): void => {
    if (found !== null || !ts.isIdentifier(node)) {
      if (found === null) ts.forEachChild(node, visit)
      return
    }
    const symbol = ts.isShorthandPropertyAssignment(node.parent)
      ? checker.getShorthandAssignmentValueSymbol(node.parent)
      : checker.getSymbolAtLocation(node)
    const declaration = symbol?.valueDeclaration
    if (declaration === undefined) return
    const root = ts.isBindingElement(declaration)
      ? ts.walkUpBindingElementsAndPatterns(declaration)
      : declaration
    if (ts.isParameter(root)) found = root.parent
    else if (ts.isVariableDeclaration(root) && root.initializer !== undefined && hops < MOST_LEVELS)
      if (root.getSourceFile() === expression.getSourceFile())
        found = helperOf(checker, root.initializer, hops + 1)
  }
  visit(expression)
  return found
}

/** Calls by the name of what they call, gathered as the files are read: of a large project only a few are looked at. */
export class NamedCalls {
  private readonly calls = new Map<string, ts.CallExpression[]>()
  private readonly aliases = new Map<string, Set<string>>()

  see(node: ts.Node): void {
    if (ts.isCallExpression(node)) {
      const name = calledName(node)?.text
      if (name === undefined) return
      const known = this.calls.get(name)
      if (known === undefined) this.calls.set(name, [node])
      else known.push(node)
    } else if (ts.isImportSpecifier(node) && node.propertyName !== undefined) {
      const own = node.propertyName.text
      this.aliases.set(own, (this.aliases.get(own) ?? new Set()).add(node.name.text))
    }
  }

  of(name: string): readonly ts.CallExpression[] {
    return [name, ...(this.aliases.get(name) ?? [])].flatMap((each) => this.calls.get(each) ?? [])
  }
}

function calledName({ expression }: ts.CallExpression): ts.Identifier | null {
  const callee = peel(expression)
  const called = ts.isPropertyAccessExpression(callee) ? callee.name : callee
  return ts.isIdentifier(called) ? called : null
}

/** Finds the calls of a helper, with what each gives it. */
export class Callers {
  private readonly known = new Map<ts.SignatureDeclaration, readonly ts.CallExpression[]>()

  /** @param read an expression, with what parameters stand for */
  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly named: NamedCalls,
    private readonly read: (expression: ts.Expression, given: Given) => StaticValue,
  ) {}

  of(helper: ts.SignatureDeclaration, level = 0): readonly Caller[] {
    if (level >= MOST_LEVELS) return []
    return this.callsOf(helper).flatMap((node): Caller[] => {
      const outer = node.arguments.map((each) => helperOf(this.checker, each)).find((each) => each !== null)
      const around = outer == null || outer === helper ? [] : this.of(outer, level + 1)
      if (around.length === 0) return [{ node, given: this.given(helper, node, new Map()) }]
      return around.map((each) => ({ node: each.node, given: this.given(helper, node, each.given) }))
    })
  }

  private given(helper: ts.SignatureDeclaration, call: ts.CallExpression, outer: Given): Given {
    const given = new Map<ts.Symbol, StaticValue>()
    const values = call.arguments.map((each): StaticValue =>
      ts.isSpreadElement(each) ? unknownValue : this.read(each, outer),
    )
    const isOpen = call.arguments.some(ts.isSpreadElement)
    for (const [at, parameter] of helper.parameters.entries()) {
      if (!ts.isParameter(parameter)) continue
      const { name, dotDotDotToken, initializer } = parameter
      const value =
        dotDotDotToken === undefined
          ? (values[at] ??
            (isOpen
              ? unknownValue
              : initializer === undefined
                ? undefinedValue
                : this.read(initializer, outer)))
          : ({ kind: 'array', items: values.slice(at), isOpen } as const)
      this.bind(given, name, value)
    }
    return given
  }

  private bind(given: Map<ts.Symbol, StaticValue>, name: ts.BindingName, value: StaticValue): void {
    if (ts.isIdentifier(name)) {
      const symbol = this.checker.getSymbolAtLocation(name)
      if (symbol !== undefined) given.set(symbol, value)
    } else if (ts.isObjectBindingPattern(name))
      for (const element of name.elements) {
        const key = element.propertyName ?? element.name
        if (element.dotDotDotToken !== undefined || !ts.isIdentifier(key)) continue
        const part =
          value.kind === 'object'
            ? (entryOf(value, key.text)?.value ?? (value.isOpen ? unknownValue : undefinedValue))
            : unknownValue
        this.bind(given, element.name, part)
      }
  }

  private callsOf(helper: ts.SignatureDeclaration): readonly ts.CallExpression[] {
    const known = this.known.get(helper)
    if (known !== undefined) return known
    const found: ts.CallExpression[] = []
    this.known.set(helper, found)
    const name = nameOf(helper)
    const own = name === null ? undefined : this.checker.getSymbolAtLocation(name)
    if (name === null || own?.valueDeclaration === undefined) return found
    for (const call of this.named.of(name.text)) {
      const called = calledName(call)
      if (called !== null && this.resolved(called)?.valueDeclaration === own.valueDeclaration)
        found.push(call)
      if (found.length === MOST_CALLERS) break
    }
    return found
  }

  /** Through imports, whatever they call it. */
  private resolved(name: ts.Identifier): ts.Symbol | undefined {
    const symbol = this.checker.getSymbolAtLocation(name)
    return symbol !== undefined && symbol.flags & ts.SymbolFlags.Alias
      ? this.checker.getAliasedSymbol(symbol)
      : symbol
  }
}

/** What a helper is called by: its own name, or that of the constant, the field or the property that holds it. */
export function nameOf(helper: ts.SignatureDeclaration): ts.Identifier | null {
  const holder = helper.parent
  const name =
    (ts.isFunctionDeclaration(helper) || ts.isMethodDeclaration(helper)
      ? helper.name
      : ts.isVariableDeclaration(holder) ||
          ts.isPropertyAssignment(holder) ||
          ts.isPropertyDeclaration(holder)
        ? holder.name
        : undefined) ?? null
  return name !== null && ts.isIdentifier(name) ? name : null
}
