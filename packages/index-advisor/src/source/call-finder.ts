import { ts } from 'ts-morph'
import type { StaticValue } from './values/static-value.ts'
import { literalValue, undefinedValue, unknownValue } from './values/static-value.ts'
import { MARKS, OPERATIONS, RAW_OPERATIONS } from './client-declaration.ts'
import type { PrismaCall } from './calls/prisma-call.ts'
import { isExtended, queryExtensions, type QueryExtension } from './query-extension.ts'
import { Callers, type Given, helperOf, isUnread, NamedCalls, nameOf } from './passed-on.ts'
import { isAccess, memberName, namedCall } from './named-call.ts'
import { ValueReader, peel } from './values/value-reader.ts'

/** SQL as it stands in the source, `$1 … $n` where values were. */
export interface RawSql {
  readonly operation: string
  /** Null where the text is not known. */
  readonly sql: string | null
  /** The `.sql` file of a TypedSQL query, by its function's name. */
  readonly typed: string | null
  readonly at: string
  readonly weight: number
  /** The type of its client is lost. */
  readonly isByName: boolean
}

/** Models and relations by the names that the client gives them. */
export interface ClientNames {
  /** `blogPost` → `BlogPost` */
  readonly models: ReadonlyMap<string, string>
  /** `User.posts` → the model on the other side */
  readonly relations: ReadonlyMap<string, { readonly model: string; readonly isList: boolean }>
}

export interface FoundCalls {
  readonly calls: readonly PrismaCall[]
  readonly raw: readonly RawSql[]
  /** Of each of the calls: does it go through the extensions of a client? */
  readonly extended: ReadonlyMap<PrismaCall, 'yes' | 'no' | 'maybe'>
  readonly extensions: readonly QueryExtension[]
  /** Places of calls that read like Prisma's, and of what model is not known. */
  readonly unknown: readonly string[]
}

/** A call whose conditions come from the callers of the function it stands in. */
interface PassingCall {
  readonly node: ts.CallExpression
  readonly helper: ts.SignatureDeclaration
  readonly call: PrismaCall
}

const NAMES = new Set<string>(OPERATIONS)
const RAW_NAMES = new Set<string>(RAW_OPERATIONS)

type Found = Omit<PrismaCall, 'at' | 'weight'> | Omit<RawSql, 'at' | 'weight'> | 'unknown' | null

/** Calls of Prisma Client in a file, known by the type of what is called; by its name where that type is lost. */
export class CallFinder {
  private readonly values: ValueReader
  private readonly relationFields: ReadonlySet<string>
  private readonly passing: PassingCall[] = []
  private readonly named = new NamedCalls()

  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly names: ClientNames,
  ) {
    this.values = new ValueReader(checker, new Set(names.models.keys()))
    this.relationFields = new Set(
      [...names.relations.keys()].map((each) => each.slice(each.indexOf('.') + 1)),
    )
  }

  /** @param place the file as it shall be shown */
  find(file: ts.SourceFile, place: string, weight: number): FoundCalls {
    const calls: PrismaCall[] = []
    const raw: RawSql[] = []
    const unknown: string[] = []
    const extended = new Map<PrismaCall, 'yes' | 'no' | 'maybe'>()
    const extensions: QueryExtension[] = []
    const at = (node: ts.Node) => {
      const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file))
      return `${place}:${line + 1}:${character + 1}`
    }
    const visit = (node: ts.Node): void => {
      this.named.see(node)
      if (ts.isCallExpression(node)) {
        if (isAccess(node.expression) && memberName(node.expression) === '$extends')
          extensions.push(...queryExtensions(node, this.values, at))
        const call = this.call(node)
        if (call === 'unknown') unknown.push(at(node))
        else if (call !== null && 'model' in call) {
          const found = { ...call, at: at(node), weight }
          calls.push(found)
          this.keepPassing(node, found)
          extended.set(found, isExtended(this.checker, node.expression))
        } else if (call !== null) raw.push({ ...call, at: at(node), weight })
      } else if (ts.isTaggedTemplateExpression(node)) {
        const found = this.rawOperation(node.tag)
        if (found !== null)
          raw.push({ ...found, sql: this.template(node.template), typed: null, at: at(node), weight })
      }
      ts.forEachChild(node, visit)
    }
    visit(file)
    return { calls, raw, extended, extensions, unknown }
  }

  private keepPassing(node: ts.CallExpression, call: PrismaCall): void {
    const [first] = node.arguments
    if (first === undefined || !isUnread(call.args)) return
    const helper = helperOf(this.checker, first)
    if (helper !== null) this.passing.push({ node, helper, call })
  }

  /**
   * What the callers of helpers ask through them, once all files are found: in place of the calls within the helpers, as far
   * as it can be followed.
   *
   * @param placed where a node stands, and its file's weight; null for one of no file that is read
   * @param isNamedElsewhere is the word in a file that is not read, since it calls no client itself?
   */
  passedOn(
    placed: (node: ts.Node) => { readonly at: string; readonly weight: number } | null,
    isNamedElsewhere: (word: string) => boolean,
  ): {
    readonly followed: ReadonlyMap<PrismaCall, readonly PrismaCall[]>
    readonly unfollowed: readonly PrismaCall[]
  } {
    const followed = new Map<PrismaCall, readonly PrismaCall[]>()
    const unfollowed: PrismaCall[] = []
    const callers = new Callers(this.checker, this.named, (expression, given) =>
      this.values.readWith(expression, given),
    )
    for (const { node, helper, call } of this.passing) {
      const found = callers.of(helper).flatMap(({ node: caller, given }): PrismaCall[] => {
        const place = placed(caller)
        return place === null ? [] : [{ ...call, ...place, args: this.argsOf(node, given) }]
      })
      const name = nameOf(helper)?.text
      const isAll = name !== undefined && !isNamedElsewhere(name)
      if (isAll && found.length > 0 && found.every((each) => !isUnread(each.args))) followed.set(call, found)
      else {
        unfollowed.push(call)
        const known = found.filter((each) => !isUnread(each.args))
        if (known.length > 0) followed.set(call, [call, ...known])
      }
    }
    return { followed, unfollowed }
  }

  private call(node: ts.CallExpression): Found {
    const callee = peel(node.expression)
    const name = isAccess(callee) ? memberName(callee) : ts.isIdentifier(callee) ? callee.text : null
    if (name === null) return ts.isElementAccessExpression(callee) ? this.prismaCall(node, callee) : null
    if (RAW_NAMES.has(name)) return this.rawCall(node, callee)
    const isFluent = this.relationFields.has(name) && isChained(callee)
    if (!NAMES.has(name) && !isFluent) return null
    const typed = this.prismaCall(node, callee)
    if (typed !== null || !isAccess(callee)) return typed
    return NAMES.has(name) ? this.callByName(node, callee) : this.fluentByName(node, callee, name)
  }

  private callByName(
    node: ts.CallExpression,
    callee: ts.PropertyAccessExpression | ts.ElementAccessExpression,
  ): Found {
    const named = namedCall(this.checker, node, callee, this.names.models)
    if (named === null) return null
    if (named.kind === 'unknown') return 'unknown'
    const { model, operation } = named
    return { model, operation, args: this.argsOf(node), via: null, isByName: true }
  }

  /** `x.user.findUnique(…).posts(…)` */
  private fluentByName(
    node: ts.CallExpression,
    callee: ts.PropertyAccessExpression | ts.ElementAccessExpression,
    field: string,
  ): Found {
    const parent = peel(callee.expression)
    const found = ts.isCallExpression(parent) ? this.call(parent) : null
    if (found === null || found === 'unknown' || !('model' in found) || !found.isByName) return null
    const relation = this.names.relations.get(`${found.model}.${field}`)
    if (relation === undefined || !/^find(Unique|First)/.test(found.operation)) return null
    return {
      model: relation.model,
      operation: relation.isList ? 'findMany' : 'findUnique',
      args: this.argsOf(node),
      via: { model: found.model, field },
      isByName: true,
    }
  }

  private argsOf({ arguments: [first] }: ts.CallExpression, given: Given = new Map()): StaticValue {
    if (first === undefined) return undefinedValue
    if (!ts.isSpreadElement(first)) return this.values.readWith(first, given)
    const list = this.values.readWith(first.expression, given)
    if (list.kind !== 'array') return unknownValue
    return list.items[0] ?? (list.isOpen ? unknownValue : undefinedValue)
  }

  private prismaCall(
    node: ts.CallExpression,
    callee: ts.Expression,
  ): Omit<PrismaCall, 'at' | 'weight'> | null {
    const type = this.checker.getTypeAtLocation(callee)
    const model = this.mark(type, MARKS.model, node)
    const operation = this.mark(type, MARKS.operation, node)
    if (model === null || operation === null) return null
    const via = this.mark(type, MARKS.via, node)?.split('.')
    return {
      model,
      operation,
      args: this.argsOf(node),
      via: via?.[0] === undefined || via[1] === undefined ? null : { model: via[0], field: via[1] },
      isByName: false,
    }
  }

  /** The literal a property of the type has; a union of models is none of them. */
  private mark(type: ts.Type, name: string, at: ts.Node): string | null {
    const property = type.getProperty(name)
    if (property === undefined) return null
    const value = this.checker.getTypeOfSymbolAtLocation(property, at)
    return value.isStringLiteral() ? value.value : null
  }

  /** The name speaks for itself where the type says nothing: nothing else is called `$queryRaw`. */
  private rawOperation(tag: ts.Expression): Pick<RawSql, 'operation' | 'isByName'> | null {
    const callee = peel(tag)
    const name = isAccess(callee) ? memberName(callee) : ts.isIdentifier(callee) ? callee.text : null
    if (name === null || !RAW_NAMES.has(name)) return null
    const type = this.checker.getTypeAtLocation(callee)
    const marked = this.mark(type, MARKS.raw, tag)
    if (marked !== null) return { operation: marked, isByName: false }
    return type.flags & ts.TypeFlags.Any ? { operation: name, isByName: true } : null
  }

  /** `$queryRaw(Prisma.sql`…`)`, `$queryRawUnsafe('…')`, `$queryRawTyped(getUsers(…))` */
  private rawCall(node: ts.CallExpression, callee: ts.Expression): Omit<RawSql, 'at' | 'weight'> | null {
    const found = this.rawOperation(callee)
    const [first] = node.arguments
    if (found === null || first === undefined) return null
    const given = peel(first)
    if (found.operation === '$queryRawTyped') {
      const typed = ts.isCallExpression(given) ? given.expression.getText() : null
      return { ...found, sql: null, typed }
    }
    return { ...found, sql: this.sqlText(given), typed: null }
  }

  private sqlText(node: ts.Expression): string | null {
    if (ts.isTaggedTemplateExpression(node)) return this.template(node.template)
    const value: StaticValue = ts.isTemplateExpression(node) ? literalValue(null) : this.values.read(node)
    if (value.kind === 'literal' && typeof value.value === 'string') return value.value
    // A constant that holds a Prisma.sql template.
    const symbol = ts.isIdentifier(node) ? this.checker.getSymbolAtLocation(node) : undefined
    const declared = symbol?.valueDeclaration
    const initializer =
      declared !== undefined && ts.isVariableDeclaration(declared) ? declared.initializer : undefined
    return initializer !== undefined && ts.isTaggedTemplateExpression(initializer)
      ? this.template(initializer.template)
      : null
  }

  /** Values become `$1 … $n`; a `Prisma.join` a list of one; any other piece of SQL makes the text unknown. */
  private template(template: ts.TemplateLiteral): string | null {
    if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text
    let sql = template.head.text
    let parameters = 0
    for (const span of template.templateSpans) {
      const expression = peel(span.expression)
      const isJoin = ts.isCallExpression(expression) && expression.expression.getText() === 'Prisma.join'
      const isSql = this.checker.getTypeAtLocation(expression).getProperty('$briskSql') !== undefined
      if (isSql && !isJoin) {
        const inner = ts.isTaggedTemplateExpression(expression) ? this.template(expression.template) : null
        if (inner === null || inner.includes('$')) return null
        sql += inner
      } else {
        const value = `$${++parameters}`
        sql += isPrefixPattern(expression) ? `concat(${value}, '%')` : value
      }
      sql += span.literal.text
    }
    return sql
  }
}

/** `${term}%`, `term + '%'`, `'abc%'`: a text with its wildcard at the end, and none at the beginning. */
function isPrefixPattern(expression: ts.Expression): boolean {
  const node = peel(expression)
  if (ts.isStringLiteralLike(node)) return /^[^%_].*%$/s.test(node.text)
  if (ts.isTemplateExpression(node))
    return !/^[%_]/.test(node.head.text) && node.templateSpans.at(-1)?.literal.text.endsWith('%') === true
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return false
  const [left, right] = [peel(node.left), peel(node.right)]
  const isFree = ts.isStringLiteralLike(left) ? /^[%_]/.test(left.text) : ts.isBinaryExpression(left)
  return !isFree && ts.isStringLiteralLike(right) && right.text.endsWith('%')
}

/** `prisma.user.findUnique(…).posts(…)` */
function isChained(callee: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(callee) && ts.isCallExpression(peel(callee.expression))
}
