import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { MagicString } from 'magic-string'
import { parseSync, type Node } from 'oxc-parser'

/** One `new PrismaClient(…)` of an application, with the chain of calls behind it. */
export interface ClientSource {
  readonly path: string
  readonly text: string
  /** Offset behind the construction and its `.$extends(…)` calls: where the suite's own goes. */
  readonly chainEnd: number
  /** Whether `brisk()` is among the extensions already. */
  readonly mounted: boolean
  /** Offset behind the last import. */
  readonly importsEnd: number
}

/** Finds every `new PrismaClient(…)` under a directory; tests and what is generated or built are left out. */
export async function findClients(cwd: string): Promise<ClientSource[]> {
  const found: ClientSource[] = []
  for (const path of await sourceFiles(cwd)) {
    const text = await readFile(path, 'utf8')
    if (text.includes('new PrismaClient')) found.push(...clientsIn(path, text))
  }
  return found
}

/** The clients that one file makes. */
export function clientsIn(path: string, text: string): ClientSource[] {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) return []
  const clients: { start: number; end: number; mounted: boolean }[] = []
  const calls: { start: number; end: number; object: number; method: string; argument: string }[] = []
  for (const node of nodesOf(program)) {
    if (
      node.type === 'NewExpression' &&
      node.callee.type === 'Identifier' &&
      node.callee.name === 'PrismaClient'
    ) {
      clients.push({ start: node.start, end: node.end, mounted: false })
    }
    if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') continue
    const { object, property } = node.callee
    const [first] = node.arguments
    calls.push({
      start: object.start,
      object: object.end,
      end: node.end,
      method: property.type === 'Identifier' ? property.name : '',
      argument: first === undefined ? '' : text.slice(first.start, first.end),
    })
  }
  const importsEnd = Math.max(
    0,
    ...program.body.filter((each) => each.type === 'ImportDeclaration').map((each) => each.end),
  )
  return clients.map((client) => {
    let { end, mounted } = client
    for (;;) {
      const chained = calls.find(
        (call) => call.start === client.start && call.object === end && call.method === '$extends',
      )
      if (chained === undefined) break
      end = chained.end
      mounted ||= /^brisk\s*\(/.test(chained.argument)
    }
    return { path, text, chainEnd: end, mounted, importsEnd }
  })
}

/** The file with `brisk()` mounted last on its client, and the import it needs; all else stays as it is. */
export function mountBrisk(client: ClientSource): string {
  const edited = new MagicString(client.text)
  edited.appendLeft(client.chainEnd, '.$extends(brisk())')
  const newline = client.text.includes('\r\n') ? '\r\n' : '\n'
  if (/\brequire\s*\(/.test(client.text) && client.importsEnd === 0) {
    edited.prepend(`const { brisk } = require('prisma-brisk')${newline}`)
  } else if (client.importsEnd === 0) {
    edited.prepend(`import { brisk } from 'prisma-brisk'${newline}`)
  } else {
    const semicolon = client.text[client.importsEnd - 1] === ';' ? ';' : ''
    edited.appendLeft(client.importsEnd, `${newline}import { brisk } from 'prisma-brisk'${semicolon}`)
  }
  return edited.toString()
}

/** Every node of a syntax tree, outer ones first. */
function* nodesOf(value: unknown): Generator<Node> {
  if (typeof value !== 'object' || value === null) return
  if ('type' in value && 'start' in value) yield value as Node
  for (const child of Object.values(value)) yield* nodesOf(child)
}

const skipped = new Set([
  'node_modules',
  'dist',
  'build',
  'generated',
  'coverage',
  'test',
  'tests',
  '__tests__',
])

async function sourceFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const files: string[] = []
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) {
      if (!skipped.has(entry.name) && !entry.name.startsWith('.')) files.push(...(await sourceFiles(path)))
    } else if (/\.[cm]?[jt]sx?$/.test(entry.name) && !/\.(test|spec|d)\.[cm]?[jt]sx?$/.test(entry.name)) {
      files.push(path)
    }
  }
  return files
}

/** A path as a person would write it. */
export function shown(cwd: string, path: string): string {
  return relative(cwd, path) || '.'
}
