import type { Tree, TreeCursor } from '@lezer/common'
import { BriskError } from '../../errors.ts'
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
  return new Reader(text, parse(text).cursor()).blocks()
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

  blocks(): SchemaBlock[] {
    const blocks: SchemaBlock[] = []
    for (let more = this.enter(); more; more = this.next()) blocks.push(this.block())
    return blocks
  }

  private block(): SchemaBlock {
    const { from, to } = this.cursor
    const settings = new Map<string, SchemaExpression>()
    const members: SchemaMember[] = []
    const attributes: SchemaAttribute[] = []
    const names: string[] = []
    for (let more = this.enter(); more; more = this.next()) {
      switch (this.cursor.name) {
        case 'Path':
          names.push(this.slice())
          break
        case 'Member':
          members.push(this.member())
          break
        case 'BlockAttribute':
          attributes.push(this.attribute(2))
          break
        default: {
          const [name, value] = this.pair()
          settings.set(name, value)
        }
      }
    }
    return { keyword: names[0] ?? '', name: names[1] ?? '', settings, members, attributes, from, to }
  }

  private member(): SchemaMember {
    const { from } = this.cursor
    let name: string | undefined
    let type: SchemaExpression | null = null
    let isList = false
    let isOptional = false
    const attributes: SchemaAttribute[] = []
    for (let more = this.enter(); more; more = this.next()) {
      switch (this.cursor.name) {
        case 'FieldAttribute':
          attributes.push(this.attribute(1))
          break
        case 'List':
          isList = true
          break
        case 'Optional':
          isOptional = true
          break
        default:
          if (name === undefined) name = this.slice()
          else type = this.expression()
      }
    }
    return { name: name ?? '', type, isList, isOptional, attributes, from }
  }

  /** `marks`: how many `@` its name has. */
  private attribute(marks: number): SchemaAttribute {
    const { from } = this.cursor
    let name = ''
    let args: SchemaArgument[] = []
    for (let more = this.enter(); more; more = this.next()) {
      if (this.cursor.name === 'Arguments') args = this.arguments()
      else name = this.slice().slice(marks)
    }
    return { name, args, from }
  }

  private arguments(): SchemaArgument[] {
    const args: SchemaArgument[] = []
    for (let more = this.enter(); more; more = this.next()) {
      if (this.cursor.name === 'Pair') {
        const [name, value] = this.pair()
        args.push({ name, value })
      } else args.push({ name: null, value: this.expression() })
    }
    return args
  }

  private expression(): SchemaExpression {
    switch (this.cursor.name) {
      case 'String':
        return { kind: 'string', value: unescapeString(this.slice()) }
      case 'Number':
        return { kind: 'number', text: this.slice() }
      case 'Array': {
        const items: SchemaExpression[] = []
        for (let more = this.enter(); more; more = this.next()) items.push(this.expression())
        return { kind: 'array', items }
      }
      case 'Object':
        return { kind: 'object', entries: this.arguments() }
      case 'Call':
        return this.call()
      default:
        return { kind: 'path', text: this.slice() }
    }
  }

  private call(): SchemaExpression {
    let name = ''
    let args: SchemaArgument[] = []
    for (let more = this.enter(); more; more = this.next()) {
      if (this.cursor.name === 'Arguments') args = this.arguments()
      else name = this.slice()
    }
    return { kind: 'call', name, args }
  }

  /** `name = value` or `name: value`. */
  private pair(): [string, SchemaExpression] {
    let name: string | undefined
    let value: SchemaExpression | undefined
    for (let more = this.enter(); more; more = this.next()) {
      if (name === undefined) name = this.slice()
      else value = this.expression()
    }
    if (name === undefined || value === undefined) throw syntaxError(this.text, this.cursor.from)
    return [name, value]
  }

  /** Moves to the first child, comments aside; where there is none, stays. */
  private enter(): boolean {
    if (!this.cursor.firstChild()) return false
    return !this.cursor.name.endsWith('Comment') || this.next()
  }

  /** Moves to the next sibling, comments aside; behind the last one, back to the parent. */
  private next(): boolean {
    while (this.cursor.nextSibling()) if (!this.cursor.name.endsWith('Comment')) return true
    this.cursor.parent()
    return false
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
