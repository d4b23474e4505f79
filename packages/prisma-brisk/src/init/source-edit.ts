import { dirname, relative } from 'node:path'
import { MagicString } from 'magic-string'
import type { Node, Program } from 'oxc-parser'
import { importsOf, nodesOf } from './syntax.ts'

/** One source file that is being changed in several places, in its own style. */
export class SourceEdit {
  readonly edited: MagicString
  readonly #style: Style
  readonly #isCommonJs: boolean
  readonly #added = new Set<string>()
  readonly #dropped = new Set<Node>()

  constructor(
    readonly path: string,
    readonly text: string,
    readonly program: Program,
  ) {
    this.edited = new MagicString(text)
    this.#style = styleOf(program, text)
    this.#isCommonJs =
      importsOf(program).length === 0 &&
      (/\.c[jt]s$/.test(path) || /\brequire\s*\(|\bmodule\.exports\b/.test(text))
  }

  get isTypeScript(): boolean {
    return /\.[cm]?tsx?$/.test(this.path)
  }

  /** The whole file as it will be. */
  result(): string {
    const edited = this.edited.clone()
    const lines = [...this.#added].join(this.#style.newline)
    if (lines === '') return edited.toString()
    const { program } = this
    const imports = this.#isCommonJs
      ? program.body.filter(
          (each) => each.type === 'VariableDeclaration' && /=\s*require\s*\(/.test(this.textAt(each)),
        )
      : importsOf(program)
    const last = imports.findLast((each) => !this.#dropped.has(each))
    const directive = program.body.findLast((each) => 'directive' in each && each.directive != null)
    const head = last?.end ?? directive?.end ?? program.hashbang?.end
    return head === undefined
      ? edited.prepend(`${lines}${this.#style.newline}`).toString()
      : edited.appendLeft(head, `${this.#style.newline}${lines}`).toString()
  }

  /** Text with the file's quotes, semicolons and line ends. */
  styled(lines: readonly string[]): string {
    const { newline, semicolon, quote } = this.#style
    return lines.map((line) => line.replaceAll("'", quote).replace(/;$/, semicolon)).join(newline)
  }

  /** Adds an import behind the last one; as `require` where the file is CommonJS. `names` empty: for its effect alone. */
  import(names: string, from: string, kind: 'value' | 'type' = 'value'): void {
    this.#added.add(this.styled([importLine(names, from, kind, this.#isCommonJs)]))
  }

  /** Takes imported names out again where nothing but the replaced spans used them. */
  dropUnused(names: readonly string[], replaced: readonly { start: number; end: number }[]): void {
    for (const declaration of importsOf(this.program)) {
      if (declaration.type !== 'ImportDeclaration') continue
      const others = declaration.specifiers.filter(
        (each) => !names.includes(each.local.name) || this.#isUsed(each.local.name, [each, ...replaced]),
      )
      if (others.length === declaration.specifiers.length) continue
      if (others.length === 0) {
        const end = declaration.end + (/^\r?\n/.exec(this.text.slice(declaration.end))?.[0].length ?? 0)
        this.edited.remove(declaration.start, end)
        this.#dropped.add(declaration)
      } else if (others.every((each) => each.type === 'ImportSpecifier')) {
        const [first] = declaration.specifiers
        const last = declaration.specifiers.at(-1)
        this.edited.update(
          first?.start ?? 0,
          last?.end ?? 0,
          others.map((each) => this.textAt(each)).join(', '),
        )
      }
    }
  }

  #isUsed(name: string, except: readonly { start: number; end: number }[]): boolean {
    for (const { node } of nodesOf(this.program))
      if (
        (node.type === 'Identifier' || node.type === 'JSXIdentifier') &&
        node.name === name &&
        !except.some(({ start, end }) => node.start >= start && node.end <= end)
      )
        return true
    return false
  }

  /** How this file imports a file of the project, with the extension its other imports have. */
  specifierOf(target: string): string {
    const path = relative(dirname(this.path), target).replaceAll('\\', '/')
    const dotted = path.startsWith('.') ? path : `./${path}`
    const extension = /\.([cm]?)[jt]sx?$/.exec(dotted)
    const bare = dotted.slice(0, extension?.index)
    const written = importsOf(this.program)
      .map((each) => /(['"])(\.[^'"]*)\1/.exec(this.textAt(each))?.[2] ?? '')
      .find((each) => each !== '')
    if (written === undefined || !/\.[cm]?[jt]sx?$/.test(written)) return bare
    return /\.[cm]?ts$/.test(written) ? dotted : `${bare}.${extension?.[1] ?? ''}js`
  }

  textAt({ start, end }: { start: number; end: number }): string {
    return this.text.slice(start, end)
  }

  /** The statement at the top of the file that a node stands in. */
  statementAround({ start, end }: { start: number; end: number }): Node | undefined {
    return this.program.body.find((each) => each.start <= start && each.end >= end)
  }

  lineAt(offset: number): number {
    return this.text.slice(0, offset).split('\n').length
  }
}

function importLine(names: string, from: string, kind: 'value' | 'type', isCommonJs: boolean): string {
  if (isCommonJs) return names === '' ? `require('${from}');` : `const ${names} = require('${from}');`
  return names === ''
    ? `import '${from}';`
    : `import ${kind === 'type' ? 'type ' : ''}${names} from '${from}';`
}

interface Style {
  readonly newline: string
  readonly semicolon: string
  readonly quote: string
}

function styleOf(program: Program, text: string): Style {
  const last =
    importsOf(program).at(-1) ??
    program.body.find((each) => /^(const|let|var)/.test(text.slice(each.start, each.end)))
  const source = last === undefined ? '' : text.slice(last.start, last.end)
  return {
    newline: text.includes('\r\n') ? '\r\n' : '\n',
    semicolon: source.endsWith(';') ? ';' : '',
    quote: source.includes('"') && !source.includes("'") ? '"' : "'",
  }
}
