import { MagicString } from 'magic-string'
import type { Program } from 'oxc-parser'
import type { ClientSource } from './client-source.ts'

export interface MountedSource {
  readonly text: string
  /** Lines that still call the client a PrismaClient, which an extended one is not. */
  readonly typedLines: readonly number[]
}

/**
 * The file with `brisk()` mounted last on its clients, and the import it needs; all else stays as it is. Where the file gives a client
 * the type `PrismaClient`, as the usual `globalThis` pattern does, a function makes it, whose result names the type instead.
 *
 * @param clients all of one file
 */
export function mountBrisk(clients: readonly [ClientSource, ...ClientSource[]]): MountedSource {
  const [{ path, text, program, typed }] = clients
  const edited = new MagicString(text)
  const style = styleOf(program, text)
  importBrisk(edited, program, path, text, style)
  const made = clients.map(({ start, chainEnd }) => text.slice(start, chainEnd))
  const oneFunction = clients.every(({ atTopLevel }) => atTopLevel) && new Set(made).size === 1
  if (typed.length > 0 && oneFunction) {
    const name = freeName(text)
    for (const { start, chainEnd } of clients) edited.update(start, chainEnd, `${name}()`)
    for (const { start, end } of typed) edited.update(start, end, `ReturnType<typeof ${name}>`)
    edited.appendLeft(statementOf(clients[0]).start, functionText(name, made[0] as string, style))
    return { text: edited.toString(), typedLines: [] }
  }
  for (const { chainEnd } of clients) edited.appendLeft(chainEnd, '.$extends(brisk())')
  return { text: edited.toString(), typedLines: typed.map(({ start }) => lineAt(text, start)) }
}

function statementOf({ program, start, chainEnd }: ClientSource): { start: number } {
  return program.body.find((each) => each.start <= start && each.end >= chainEnd) ?? { start }
}

function functionText(name: string, made: string, { newline, semicolon }: Style): string {
  const lines = [`function ${name}() {`, `  return ${made}.$extends(brisk())${semicolon}`, '}', '', '']
  return lines.join(newline)
}

interface Style {
  readonly newline: string
  readonly semicolon: string
  readonly quote: string
}

function styleOf(program: Program, text: string): Style {
  const last =
    importsOf(program).at(-1) ?? program.body.find((each) => /^(const|let|var)/.test(textAt(text, each)))
  const source = last === undefined ? '' : textAt(text, last)
  return {
    newline: text.includes('\r\n') ? '\r\n' : '\n',
    semicolon: source.endsWith(';') ? ';' : '',
    quote: source.includes('"') && !source.includes("'") ? '"' : "'",
  }
}

function importBrisk(edited: MagicString, program: Program, path: string, text: string, style: Style): void {
  const { newline, semicolon, quote } = style
  const imported = importsOf(program)
  const required = program.body.filter(
    (each) => each.type === 'VariableDeclaration' && /=\s*require\s*\(/.test(textAt(text, each)),
  )
  const isCommonJs =
    imported.length === 0 && (/\.c[jt]s$/.test(path) || /\brequire\s*\(|\bmodule\.exports\b/.test(text))
  const line = isCommonJs
    ? `const { brisk } = require(${quote}prisma-brisk${quote})${semicolon}`
    : `import { brisk } from ${quote}prisma-brisk${quote}${semicolon}`
  const last = (isCommonJs ? required : imported).at(-1)
  if (last !== undefined) return void edited.appendLeft(last.end, `${newline}${line}`)
  const directive = program.body.findLast((each) => 'directive' in each && each.directive != null)
  const head = directive?.end ?? program.hashbang?.end
  if (head === undefined) edited.prepend(`${line}${newline}`)
  else edited.appendLeft(head, `${newline}${line}`)
}

const importsOf = (program: Program) =>
  program.body.filter(
    (each) => each.type === 'ImportDeclaration' || each.type === 'TSImportEqualsDeclaration',
  )

const textAt = (text: string, { start, end }: { start: number; end: number }): string =>
  text.slice(start, end)

function freeName(text: string): string {
  return ['createPrisma', 'createPrismaClient', 'createExtendedPrisma'].find(
    (name) => !new RegExp(`\\b${name}\\b`).test(text),
  ) as string
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length
}
