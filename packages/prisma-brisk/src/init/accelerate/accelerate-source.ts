import type { Node } from 'oxc-parser'
import type { SourceEdit } from '../source-edit.ts'
import { nodesOf } from '../syntax.ts'

/** Accelerate's extension, and what stands in its place. */
const EXTENSION = '@prisma/extension-accelerate'
const OURS = 'prisma-brisk/accelerate'

/** What ours exports by the same names. */
const NAMES: ReadonlySet<string> = new Set([
  'withAccelerate',
  'AccelerateInfo',
  'AccelerateInvalidateInput',
  'AcceleratePromise',
  'PrismaCacheStrategy',
  'WithAccelerateOptions',
])

/** How a driver adapter is made of the expression for a connection string. */
export interface Adapter {
  readonly name: string
  readonly module: string
  make(url: string): string
}

/** Something that is not known; it is left to people. */
export class UnknownPattern extends Error {
  constructor(
    readonly node: { readonly start: number },
    message: string,
  ) {
    super(message)
  }
}

/** Whether a file may have to do with Accelerate. */
export function mentionsAccelerate(text: string): boolean {
  return /@prisma\/extension-accelerate|\bwithAccelerate\b|\baccelerateUrl\b|prisma(\+postgres)?:\/\//.test(
    text,
  )
}

/**
 * Replaces the import of Accelerate's extension, and `accelerateUrl` by a driver adapter.
 *
 * @returns what was done, in half sentences
 * @throws UnknownPattern for anything else that has to do with Accelerate
 */
export function leaveAccelerate(edit: SourceEdit, adapter: Adapter): string[] {
  const done = new Set<string>()
  const known = new Set<Node>()
  for (const { node } of nodesOf(edit.program)) {
    const source = knownSource(node)
    if (source !== null) {
      known.add(source)
      edit.edited.update(source.start + 1, source.end - 1, OURS)
      done.add("the suite's withAccelerate()")
    }
    if (node.type === 'NewExpression' && /(^|\.)PrismaClient$/.test(edit.textAt(node.callee))) {
      const property = urlOf(node)
      if (property === null) continue
      known.add(property)
      edit.edited.update(
        property.start,
        property.end,
        `adapter: ${adapter.make(edit.textAt(property.value))}`,
      )
      if (!edit.text.includes(adapter.name)) edit.import(`{ ${adapter.name} }`, adapter.module)
      done.add('a driver adapter')
    }
  }
  for (const { node } of nodesOf(edit.program)) {
    if (known.has(node)) continue
    if (node.type === 'Property' && nameOf(node.key) === 'accelerateUrl')
      throw new UnknownPattern(node, '`accelerateUrl` outside of `new PrismaClient({ … })`')
    if (node.type === 'Literal' && typeof node.value === 'string') refuseText(node, node.value)
    if (node.type === 'TemplateElement') refuseText(node, node.value.raw)
  }
  return [...done]
}

function refuseText(node: Node, text: string): void {
  if (text.startsWith(EXTENSION)) throw new UnknownPattern(node, `another use of ${EXTENSION}`)
  if (/prisma(\+postgres)?:\/\//.test(text))
    throw new UnknownPattern(node, 'a URL of Accelerate in the code: the URL of the database is not known')
}

/** The name of the module, where a node imports nothing but what ours exports too. */
function knownSource(node: Node): Extract<Node, { type: 'Literal' }> | null {
  if (node.type === 'ImportDeclaration') {
    if (node.source.value !== EXTENSION) return null
    for (const each of node.specifiers)
      if (each.type !== 'ImportSpecifier' || !NAMES.has(nameOf(each.imported) ?? ''))
        throw new UnknownPattern(each, `another import of ${EXTENSION}`)
    return node.source
  }
  if (node.type !== 'VariableDeclarator' || node.init?.type !== 'CallExpression') return null
  const { callee, arguments: given } = node.init
  const [module] = given
  if (nameOf(callee) !== 'require' || module?.type !== 'Literal' || module.value !== EXTENSION) return null
  if (node.id.type !== 'ObjectPattern') throw new UnknownPattern(node, `another import of ${EXTENSION}`)
  for (const each of node.id.properties)
    if (each.type !== 'Property' || !NAMES.has(nameOf(each.key) ?? ''))
      throw new UnknownPattern(each, `another import of ${EXTENSION}`)
  return module
}

/** The property `accelerateUrl` of a client; null where it has a driver adapter instead. */
function urlOf(client: Extract<Node, { type: 'NewExpression' }>): Extract<Node, { type: 'Property' }> | null {
  const [options] = client.arguments
  if (options?.type !== 'ObjectExpression')
    throw new UnknownPattern(client, 'a client whose options are not written there')
  let url: Extract<Node, { type: 'Property' }> | null = null
  let hasAdapter = false
  for (const each of options.properties) {
    if (each.type !== 'Property' || each.computed)
      throw new UnknownPattern(each, 'options that are put together')
    if (nameOf(each.key) === 'accelerateUrl') url = each as Extract<Node, { type: 'Property' }>
    if (nameOf(each.key) === 'adapter') hasAdapter = true
    if (nameOf(each.key)?.startsWith('datasource') === true)
      throw new UnknownPattern(each, 'a client of Prisma before 7; upgrade first')
  }
  if (url !== null && hasAdapter)
    throw new UnknownPattern(url, 'a client with both an adapter and `accelerateUrl`')
  if (url === null && !hasAdapter)
    throw new UnknownPattern(client, 'a client without `accelerateUrl`, as before Prisma 7; upgrade first')
  return url
}

function nameOf(node: Node): string | null {
  if (node.type === 'Identifier') return node.name
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : null
}
