import { basename } from 'node:path'
import { parseSync, type Node, type Program } from 'oxc-parser'
import type { SourceFile } from './source-files.ts'
import { nodesOf } from './syntax.ts'

/** One `new PrismaClient(…)` of an application, with the chain of calls behind it. */
export interface ClientSource {
  readonly path: string
  readonly text: string
  readonly program: Program
  /** Offset of the construction. */
  readonly start: number
  /** Offset behind the construction and its `.$extends(…)` calls: where the suite's own goes. */
  readonly chainEnd: number
  /** Made when the module is loaded, not by a function of it. */
  readonly atTopLevel: boolean
  /** Where the file says `PrismaClient` as a type. */
  readonly typed: readonly Span[]
}

export interface Span {
  readonly start: number
  readonly end: number
}

/** What an application's sources say about its clients. */
export interface ClientSources {
  readonly clients: readonly ClientSource[]
  /** Files that mount `brisk()` already. */
  readonly mounting: readonly string[]
  /** Files with a class that extends PrismaClient, which cannot be extended in place. */
  readonly subclasses: readonly { readonly path: string; readonly name: string }[]
  /** Files that name PrismaClient and could not be parsed. */
  readonly unreadable: readonly string[]
}

/** What the sources of an application say. */
export function findClients(files: readonly SourceFile[]): ClientSources {
  const sources = files.map(({ path, text }) => clientsIn(path, text))
  const clients = sources.flatMap((each) => each.clients)
  // A seed script has a client of its own, which nobody waits for.
  const serving = clients.filter(({ path }) => !/^seed\b/.test(basename(path)))
  return {
    clients: serving.length > 0 ? serving : clients,
    mounting: sources.flatMap((each) => each.mounting),
    subclasses: sources.flatMap((each) => each.subclasses),
    unreadable: sources.flatMap((each) => each.unreadable),
  }
}

const nothing: ClientSources = { clients: [], mounting: [], subclasses: [], unreadable: [] }

/** What one file says. */
export function clientsIn(path: string, text: string): ClientSources {
  const mayMount = text.includes('prisma-brisk')
  if (!mayMount && !text.includes('PrismaClient')) return nothing
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) return { ...nothing, unreadable: [path] }
  const isClient = clientNames(program)
  const found: { start: number; end: number; atTopLevel: boolean }[] = []
  const chained: (Span & { object: number })[] = []
  const typed: Span[] = []
  const subclasses: { path: string; name: string }[] = []
  let mounts = false
  for (const { node, inFunction } of nodesOf(program)) {
    if (node.type === 'NewExpression' && isClient(node.callee))
      found.push({ start: node.start, end: node.end, atTopLevel: !inFunction })
    if (node.type === 'CallExpression') {
      const { callee } = node
      if (callee.type === 'Identifier' && callee.name === 'brisk') mounts = true
      if (
        callee.type === 'MemberExpression' &&
        callee.property.type === 'Identifier' &&
        callee.property.name === '$extends'
      )
        chained.push({ start: callee.object.start, object: callee.object.end, end: node.end })
    }
    if (node.type === 'TSTypeReference' && isClient(node.typeName))
      typed.push({ start: node.start, end: node.end })
    if (
      (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') &&
      node.superClass != null &&
      isClient(node.superClass)
    )
      subclasses.push({ path, name: node.id?.name ?? 'a class' })
  }
  const clients = found.map(({ start, end, atTopLevel }): ClientSource => {
    let chainEnd = end
    for (;;) {
      const next = chained.find((call) => call.start === start && call.object === chainEnd)
      if (next === undefined) return { path, text, program, start, chainEnd, atTopLevel, typed }
      chainEnd = next.end
    }
  })
  return { clients, mounting: mayMount && mounts ? [path] : [], subclasses, unreadable: [] }
}

/** Tells whether an expression names PrismaClient: as it is, renamed by its import, or as a member of a namespace. */
function clientNames(program: Program): (node: Node) => boolean {
  const names = new Set(['PrismaClient'])
  for (const statement of program.body) {
    if (statement.type !== 'ImportDeclaration') continue
    for (const specifier of statement.specifiers)
      if (
        specifier.type === 'ImportSpecifier' &&
        specifier.imported.type === 'Identifier' &&
        specifier.imported.name === 'PrismaClient'
      )
        names.add(specifier.local.name)
  }
  return (node) =>
    (node.type === 'Identifier' && names.has(node.name)) ||
    (node.type === 'MemberExpression' &&
      node.property.type === 'Identifier' &&
      node.property.name === 'PrismaClient')
}
