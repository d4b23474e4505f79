import type { Node } from 'oxc-parser'
import type { ClientBinding } from './client-binding.ts'
import type { SourceEdit } from './source-edit.ts'
import { localNames, nodesOf } from './syntax.ts'

/** A server that an application makes: the variable and the statement behind which its middleware goes. */
export interface Server {
  readonly framework: Framework
  readonly edit: SourceEdit
  readonly variable: string
  /** Offset behind the statement that makes it. */
  readonly end: number
  readonly indentation: string
}

export interface Framework {
  readonly name: 'Express' | 'Fastify' | 'Hono' | 'NestJS'
  readonly module: string
  /** The imported names that make a server. */
  readonly makers: readonly string[]
  readonly isMade: (node: Node, names: readonly string[]) => boolean
  readonly subpath: string
  readonly middleware: string
  /** `use` of Express; `register` of Fastify. */
  readonly method: string
}

const calls = (node: Node, names: readonly string[]): boolean =>
  node.type === 'CallExpression' && node.callee.type === 'Identifier' && names.includes(node.callee.name)

const FRAMEWORKS: readonly Framework[] = [
  {
    name: 'Express',
    module: 'express',
    makers: ['default', '*'],
    isMade: calls,
    subpath: 'express',
    middleware: 'expressRequests',
    method: 'use',
  },
  {
    name: 'Fastify',
    module: 'fastify',
    makers: ['default', 'fastify', 'Fastify'],
    isMade: calls,
    subpath: 'fastify',
    middleware: 'fastifyRequests',
    method: 'register',
  },
  {
    name: 'Hono',
    module: 'hono',
    makers: ['Hono'],
    isMade: (node, names) =>
      node.type === 'NewExpression' && node.callee.type === 'Identifier' && names.includes(node.callee.name),
    subpath: 'hono',
    middleware: 'honoRequests',
    method: 'use',
  },
  {
    name: 'NestJS',
    module: '@nestjs/core',
    makers: ['NestFactory'],
    // On its default platform, Express; on another its second argument is an adapter.
    isMade: (node, names) =>
      node.type === 'CallExpression' &&
      node.callee.type === 'MemberExpression' &&
      node.callee.object.type === 'Identifier' &&
      names.includes(node.callee.object.name) &&
      node.callee.property.type === 'Identifier' &&
      node.callee.property.name === 'create' &&
      (node.arguments.length < 2 || node.arguments[1]?.type === 'ObjectExpression'),
    subpath: 'express',
    middleware: 'expressRequests',
    method: 'use',
  },
]

/** Whether a file may make a server at all: asked of every file, so of its text alone. */
export const mayServe = (text: string): boolean => frameworkIn(text) !== undefined

const frameworkIn = (text: string): Framework | undefined =>
  FRAMEWORKS.find(({ module }) => text.includes(`'${module}'`) || text.includes(`"${module}"`))

/** What is left to mount by hand where the application serves requests and none of its files makes them scopes; else null. */
export function missingMiddleware(texts: readonly string[]): Framework | null {
  const isThere = texts.some((text) => /\b(?:express|fastify|hono)Requests\b|\brunRequest\b/.test(text))
  return isThere ? null : (texts.map(frameworkIn).find((each) => each !== undefined) ?? null)
}

/** The servers that a file makes. */
export function serversIn(edit: SourceEdit): Server[] {
  const { program, text } = edit
  return FRAMEWORKS.flatMap((framework) => {
    const { module, makers, isMade } = framework
    const names = localNames(
      program,
      (each) => each === module,
      (name) => makers.includes(name),
    )
    if (names.length === 0) return []
    const servers: Server[] = []
    for (const { node } of nodesOf(program)) {
      if (node.type !== 'VariableDeclaration') continue
      for (const { id, init } of node.declarations) {
        const made = init?.type === 'AwaitExpression' ? init.argument : init
        if (id.type !== 'Identifier' || made == null || !isMade(made, names)) continue
        const statement = edit.statementAround(node)
        const end = statement?.type === 'ExportNamedDeclaration' ? statement.end : node.end
        const line = text.lastIndexOf('\n', node.start - 1) + 1
        const indentation = /^[ \t]*/.exec(text.slice(line))?.[0] ?? ''
        servers.push({ framework, edit, variable: id.name, end, indentation })
      }
    }
    return servers
  })
}

/**
 * Puts the middleware that makes each request a scope of its own in front of the routes.
 *
 * @returns false where the file cannot name the client
 */
export function mountMiddleware(
  { framework, edit, variable, end, indentation }: Server,
  client: { readonly binding: ClientBinding; readonly path: string },
): boolean {
  const { subpath, middleware, method } = framework
  const named = nameOf(client, edit, variable, framework)
  if (named === null) return false
  edit.import(`{ ${middleware} }`, `prisma-brisk/${subpath}`)
  const line = `${indentation}${variable}.${method}(${middleware}(${named}));`
  const isDeclaredLater =
    client.path === edit.path && client.binding.kind === 'variable' && client.binding.end > end
  const place = isDeclaredLater && client.binding.kind === 'variable' ? client.binding.end : end
  edit.edited.appendLeft(place, edit.styled(['', line]))
  return true
}

/** The client as the server's file can name it, imported where it has to be. */
function nameOf(
  { binding, path }: { readonly binding: ClientBinding; readonly path: string },
  edit: SourceEdit,
  server: string,
  framework: Framework,
): string | null {
  if (binding.kind === 'field') {
    if (framework.name !== 'NestJS') return null
    if (path !== edit.path) importOnce(edit, binding.className, path)
    return `${server}.get(${binding.className}).${binding.field}`
  }
  if (path === edit.path) return binding.name
  return binding.exported === null ? null : importOnce(edit, binding.exported, path, binding.name)
}

/** The local name of what a file of the project exports; an import there already is used. */
function importOnce(edit: SourceEdit, exported: string, path: string, name = exported): string {
  const specifier = edit.specifierOf(path)
  const bare = (text: string) => text.replace(/\.[cm]?[jt]sx?$/, '').replace(/\/index$/, '')
  const [known] = localNames(
    edit.program,
    (module) => bare(module) === bare(specifier),
    (each) => each === exported,
  )
  if (known !== undefined) return known
  if (exported === 'default') edit.import(name, specifier)
  else edit.import(exported === name ? `{ ${name} }` : `{ ${exported} as ${name} }`, specifier)
  return name
}
