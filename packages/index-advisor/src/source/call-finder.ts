import { ts } from 'ts-morph'
import type { StaticValue } from './static-value.ts'
import { literalValue, undefinedValue } from './static-value.ts'
import { MARKS, OPERATIONS, RAW_OPERATIONS } from './client-declaration.ts'
import type { PrismaCall } from './call-reader.ts'
import { ValueReader, peel } from './value-reader.ts'

/** SQL as it stands in the source, `$1 … $n` where values were. */
export interface RawSql {
  readonly operation: string
  /** Null where the text is not known. */
  readonly sql: string | null
  /** The `.sql` file of a TypedSQL query, by its function's name. */
  readonly typed: string | null
  readonly at: string
  readonly weight: number
}

export interface FoundCalls {
  readonly calls: readonly PrismaCall[]
  readonly raw: readonly RawSql[]
  /** Calls that read like Prisma's but whose receiver has no known type. */
  readonly untyped: readonly string[]
}

const NAMES = new Set<string>(OPERATIONS)
const RAW_NAMES = new Set<string>(RAW_OPERATIONS)

/** Calls of Prisma Client in a file, known by the type of what is called, not by its name. */
export class CallFinder {
  private readonly values: ValueReader

  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly models: ReadonlySet<string>,
    private readonly relations: ReadonlySet<string>,
  ) {
    this.values = new ValueReader(checker)
  }

  /** @param place the file as it shall be shown */
  find(file: ts.SourceFile, place: string, weight: number): FoundCalls {
    const calls: PrismaCall[] = []
    const raw: RawSql[] = []
    const untyped: string[] = []
    const at = (node: ts.Node) => {
      const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file))
      return `${place}:${line + 1}:${character + 1}`
    }
    const visit = (node: ts.Node): void => {
      if (ts.isCallExpression(node)) {
        const call = this.call(node)
        if (call === 'untyped') untyped.push(at(node))
        else if (call !== null && 'model' in call) calls.push({ ...call, at: at(node), weight })
        else if (call !== null) raw.push({ ...call, at: at(node), weight })
      } else if (ts.isTaggedTemplateExpression(node)) {
        const operation = this.rawOperation(node.tag)
        if (operation !== null)
          raw.push({ operation, sql: this.template(node.template), typed: null, at: at(node), weight })
      }
      ts.forEachChild(node, visit)
    }
    visit(file)
    return { calls, raw, untyped }
  }

  private call(
    node: ts.CallExpression,
  ): Omit<PrismaCall, 'at' | 'weight'> | Omit<RawSql, 'at' | 'weight'> | 'untyped' | null {
    const callee = peel(node.expression)
    const name = ts.isPropertyAccessExpression(callee)
      ? callee.name.text
      : ts.isIdentifier(callee)
        ? callee.text
        : null
    if (ts.isElementAccessExpression(callee)) return this.prismaCall(node, callee)
    if (name === null) return null
    if (RAW_NAMES.has(name)) return this.rawCall(node, callee)
    if (!NAMES.has(name) && !(this.relations.has(name) && isChained(callee))) return null
    return this.prismaCall(node, callee) ?? (this.looksLikePrisma(callee) ? 'untyped' : null)
  }

  private prismaCall(
    node: ts.CallExpression,
    callee: ts.Expression,
  ): Omit<PrismaCall, 'at' | 'weight'> | null {
    const type = this.checker.getTypeAtLocation(callee)
    const model = this.mark(type, MARKS.model, node)
    const operation = this.mark(type, MARKS.operation, node)
    if (model === null || operation === null) return null
    const [first] = node.arguments
    const via = this.mark(type, MARKS.via, node)?.split('.')
    return {
      model,
      operation,
      args: first === undefined ? undefinedValue : this.values.read(first),
      via: via?.[0] === undefined || via[1] === undefined ? null : { model: via[0], field: via[1] },
    }
  }

  /** The literal a property of the type has; a union of models is none of them. */
  private mark(type: ts.Type, name: string, at: ts.Node): string | null {
    const property = type.getProperty(name)
    if (property === undefined) return null
    const value = this.checker.getTypeOfSymbolAtLocation(property, at)
    return value.isStringLiteral() ? value.value : null
  }

  /** `x.post.findMany(…)` with a model's name before it, and an `x` whose type is lost. */
  private looksLikePrisma(callee: ts.Expression): boolean {
    if (!ts.isPropertyAccessExpression(callee) || !/^find(Many|First|Unique)/.test(callee.name.text))
      return false
    const delegate = peel(callee.expression)
    if (!ts.isPropertyAccessExpression(delegate) || !this.models.has(delegate.name.text)) return false
    return (this.checker.getTypeAtLocation(delegate.expression).flags & ts.TypeFlags.Any) !== 0
  }

  private rawOperation(tag: ts.Expression): string | null {
    const callee = peel(tag)
    const name = ts.isPropertyAccessExpression(callee)
      ? callee.name.text
      : ts.isIdentifier(callee)
        ? callee.text
        : ''
    return RAW_NAMES.has(name) ? this.mark(this.checker.getTypeAtLocation(callee), MARKS.raw, tag) : null
  }

  /** `$queryRaw(Prisma.sql`…`)`, `$queryRawUnsafe('…')`, `$queryRawTyped(getUsers(…))` */
  private rawCall(node: ts.CallExpression, callee: ts.Expression): Omit<RawSql, 'at' | 'weight'> | null {
    const operation = this.mark(this.checker.getTypeAtLocation(callee), MARKS.raw, node)
    const [first] = node.arguments
    if (operation === null || first === undefined) return null
    const given = peel(first)
    if (operation === '$queryRawTyped') {
      const typed = ts.isCallExpression(given) ? given.expression.getText() : null
      return { operation, sql: null, typed }
    }
    return { operation, sql: this.sqlText(given), typed: null }
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
      } else sql += `$${++parameters}`
      sql += span.literal.text
    }
    return sql
  }
}

/** `prisma.user.findUnique(…).posts(…)` */
function isChained(callee: ts.Expression): boolean {
  return ts.isPropertyAccessExpression(callee) && ts.isCallExpression(peel(callee.expression))
}
