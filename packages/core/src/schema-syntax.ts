import type { Tree, TreeCursor } from '@lezer/common'
import { BriskError } from './errors.ts'
import { parser } from './schema-grammar.ts'

/** `model Post { … }`, and the like, with what stands in it. */
export interface SchemaBlock {
  readonly keyword: string
  readonly name: string
  readonly settings: ReadonlyMap<string, SchemaExpression>
  readonly members: readonly SchemaMember[]
  readonly attributes: readonly SchemaAttribute[]
  /** Offsets in the text: of the keyword, and after the closing brace. */
  readonly from: number
  readonly to: number
}

/** A field with its type, or an enum's value, which has none. */
export interface SchemaMember {
  readonly name: string
  readonly type: SchemaExpression | null
  readonly isList: boolean
  readonly isOptional: boolean
  readonly attributes: readonly SchemaAttribute[]
  /** Offset in the text. */
  readonly from: number
}

/** `@db.VarChar(10)` or `@@index([a])`: the path without its `@`. */
export interface SchemaAttribute {
  readonly name: string
  readonly args: readonly SchemaArgument[]
  /** Offset in the text. */
  readonly from: number
}

export interface SchemaArgument {
  readonly name: string | null
  readonly value: SchemaExpression
}

export type SchemaExpression =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'path'; readonly text: string }
  | { readonly kind: 'array'; readonly items: readonly SchemaExpression[] }
  | { readonly kind: 'object'; readonly entries: readonly SchemaArgument[] }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly SchemaArgument[] }

/** The schema text is not Prisma schema language. */
export class SchemaSyntaxError extends BriskError {
  /** 1-based. */
  readonly line: number

  constructor(line: number, text: string) {
    super(
      'E_SCHEMA_SYNTAX',
      `Prisma schema, line ${line}: cannot be read: ${text}. Check it with \`prisma validate\`.`,
    )
    this.line = line
  }
}

/**
 * Reads schema text into blocks, with Lezer and the grammar in `grammar/schema.grammar`.
 * @throws SchemaSyntaxError naming the first line that is not schema language.
 */
export function readSchemaBlocks(text: string): SchemaBlock[] {
  const reader = new Reader(text, parse(text).cursor())
  return reader.children(() => reader.block())
}

// Lezer mends what it cannot read, as an editor needs it; a schema is read whole or not at all.
const strictParser = parser.configure({ strict: true })

function parse(text: string): Tree {
  try {
    return strictParser.parse(text)
  } catch {
    const cursor = parser.parse(text).cursor()
    while (!cursor.type.isError && cursor.next());
    throw syntaxError(text, cursor.from)
  }
}

function syntaxError(text: string, at: number): SchemaSyntaxError {
  const lines = text.slice(0, at).split(/\r\n|\r|\n/)
  const line = `${lines.at(-1) ?? ''}${text.slice(at).split(/[\r\n]/, 1)[0] ?? ''}`.trim()
  return new SchemaSyntaxError(lines.length, line.length > 80 ? `${line.slice(0, 80)}…` : line || 'the end')
}

/** Stands on a node of the tree and turns it, and what is below it, into plain data. */
class Reader {
  private readonly text: string
  private readonly cursor: TreeCursor

  constructor(text: string, cursor: TreeCursor) {
    this.text = text
    this.cursor = cursor
  }

  block(): SchemaBlock {
    const { from, to } = this.cursor
    let keyword = ''
    let name = ''
    const settings = new Map<string, SchemaExpression>()
    const members: SchemaMember[] = []
    const attributes: SchemaAttribute[] = []
    this.children(() => {
      switch (this.cursor.name) {
        case 'Keyword':
          keyword = this.slice()
          break
        case 'Name':
          name = this.slice()
          break
        case 'Setting': {
          const [key, value] = this.pair()
          settings.set(key, value)
          break
        }
        case 'Member':
          members.push(this.member())
          break
        case 'BlockAttribute':
          attributes.push(this.attribute())
          break
      }
    })
    return { keyword, name, settings, members, attributes, from, to }
  }

  private member(): SchemaMember {
    const { from } = this.cursor
    let name = ''
    let type: SchemaExpression | null = null
    let isList = false
    let isOptional = false
    const attributes: SchemaAttribute[] = []
    this.children(() => {
      switch (this.cursor.name) {
        case 'Name':
          name = this.slice()
          break
        case 'Type':
          type = this.only()
          break
        case 'List':
          isList = true
          break
        case 'Optional':
          isOptional = true
          break
        case 'FieldAttribute':
          attributes.push(this.attribute())
          break
      }
    })
    return { name, type, isList, isOptional, attributes, from }
  }

  private attribute(): SchemaAttribute {
    const { from } = this.cursor
    let name = ''
    let args: SchemaArgument[] = []
    this.children(() => {
      if (this.cursor.name === 'Path') name = this.slice()
      else if (this.cursor.name === 'Arguments') args = this.arguments()
    })
    return { name, args, from }
  }

  private arguments(): SchemaArgument[] {
    return this.children(() => {
      if (this.cursor.name !== 'Pair') return { name: null, value: this.expression() }
      const [name, value] = this.pair()
      return { name, value }
    })
  }

  private expression(): SchemaExpression {
    switch (this.cursor.name) {
      case 'String':
        return { kind: 'string', value: unescapeString(this.slice()) }
      case 'Number':
        return { kind: 'number', text: this.slice() }
      case 'Array':
        return { kind: 'array', items: this.children(() => this.expression()) }
      case 'Object':
        return {
          kind: 'object',
          entries: this.children(() => {
            const [name, value] = this.pair()
            return { name, value }
          }),
        }
      case 'Call': {
        let name = ''
        let args: SchemaArgument[] = []
        this.children(() => {
          if (this.cursor.name === 'Path') name = this.slice()
          else args = this.arguments()
        })
        return { kind: 'call', name, args }
      }
      default:
        return { kind: 'path', text: this.slice() }
    }
  }

  /** `name = value` or `name: value`. */
  private pair(): [string, SchemaExpression] {
    let name = ''
    let value: SchemaExpression | undefined
    this.children(() => {
      if (this.cursor.name === 'Name') name = this.slice()
      else value = this.expression()
    })
    if (value === undefined) throw syntaxError(this.text, this.cursor.from)
    return [name, value]
  }

  private only(): SchemaExpression {
    const [expression] = this.children(() => this.expression())
    if (expression === undefined) throw syntaxError(this.text, this.cursor.from)
    return expression
  }

  /** Calls `read` on every child in turn; comments are no children. */
  children<T>(read: () => T): T[] {
    const results: T[] = []
    if (!this.cursor.firstChild()) return results
    do {
      if (!this.cursor.name.endsWith('Comment')) results.push(read())
    } while (this.cursor.nextSibling())
    this.cursor.parent()
    return results
  }

  private slice(): string {
    return this.text.slice(this.cursor.from, this.cursor.to)
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

function unescapeString(literal: string): string {
  const inner = literal.slice(1, -1)
  if (!inner.includes('\\')) return inner
  return inner.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, letter: string) =>
    code === undefined ? (ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
  )
}
