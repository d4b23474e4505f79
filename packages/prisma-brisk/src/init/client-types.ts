import type { ClientBinding } from './client-binding.ts'
import type { SourceEdit } from './source-edit.ts'
import { localNames, nodesOf } from './syntax.ts'

/** Whether a file may name Prisma's client types: asked of every file, so of its text alone. */
export function mayNameClient(text: string): boolean {
  return /TransactionClient|PrismaClient|Delegate\b/.test(text)
}

const GENERATED = (module: string): boolean =>
  module === '@prisma/client' ||
  /(?:^|\/)(?:client|prisma|generated|browser|index)(?:\.[cm]?[jt]s)?$/.test(module)

const TYPES = {
  TransactionClient:
    "export type TransactionClient = Omit<typeof NAME, '$extends' | '$transaction' | '$connect' | '$disconnect' | '$on' | '$use'>;",
  ExtendedPrismaClient: 'export type ExtendedPrismaClient = typeof NAME;',
}

type TypeName = keyof typeof TYPES

interface NamedType {
  readonly type: TypeName
  /** What stands in place of Prisma's name: the type, or a part of it. */
  readonly text: string
  readonly start: number
  readonly end: number
}

/**
 * Prisma's names (`Prisma.TransactionClient`, `PrismaClient`, `Prisma.UserDelegate`) stand for a client that is not extended, and an extended
 * one, whatever the extension, is not assignable to them. In helpers that say them, the types of the application's own
 * client take their place.
 *
 * @param home the file with the client, which declares and exports the types
 * @returns the files that were changed
 */
export function renameClientTypes(
  helpers: readonly SourceEdit[],
  home: SourceEdit,
  binding: ClientBinding,
): SourceEdit[] {
  if (binding.kind !== 'variable' || !home.isTypeScript) return []
  const wanted = new Set<TypeName>()
  const changed = helpers.filter((edit) => {
    const named = edit.isTypeScript ? namedIn(edit) : []
    for (const { text, start, end } of named) edit.edited.update(start, end, text)
    const types = [...new Set(named.map((each) => each.type))].sort()
    for (const type of types) wanted.add(type)
    if (edit !== home && types.length > 0)
      edit.import(`{ ${types.join(', ')} }`, edit.specifierOf(home.path), 'type')
    if (named.length > 0) edit.dropUnused(['Prisma', 'PrismaClient'], named)
    return named.length > 0
  })
  const declarations = Object.entries(TYPES).filter(([type]) => wanted.has(type as TypeName))
  if (declarations.length > 0) {
    const lines = declarations.map(([, line]) => line.replace('NAME', binding.name))
    home.edited.append(home.styled([...(home.text.endsWith('\n') ? [''] : ['', '']), ...lines, '']))
  }
  return changed
}

function namedIn({ program }: SourceEdit): NamedType[] {
  const namespaces = localNames(program, GENERATED, (name) => name === 'Prisma')
  const clients = localNames(program, GENERATED, (name) => name === 'PrismaClient')
  const named: NamedType[] = []
  let makesClients = false
  for (const { node } of nodesOf(program)) {
    if (
      node.type === 'NewExpression' &&
      node.callee.type === 'Identifier' &&
      clients.includes(node.callee.name)
    )
      makesClients = true
    if (node.type !== 'TSTypeReference' || node.typeArguments != null) continue
    const { typeName, start, end } = node
    if (typeName.type === 'Identifier' && clients.includes(typeName.name))
      named.push({ type: 'ExtendedPrismaClient', text: 'ExtendedPrismaClient', start, end })
    if (
      typeName.type === 'TSQualifiedName' &&
      typeName.left.type === 'Identifier' &&
      namespaces.includes(typeName.left.name)
    ) {
      const { name } = typeName.right
      const [, model] = /^(.+)Delegate$/.exec(name) ?? []
      if (name === 'TransactionClient') named.push({ type: name, text: name, start, end })
      else if (model !== undefined) {
        const text = `ExtendedPrismaClient['${model.charAt(0).toLowerCase()}${model.slice(1)}']`
        named.push({ type: 'ExtendedPrismaClient', text, start, end })
      }
    }
  }
  // A file that makes clients of its own means those.
  return makesClients ? named.filter(({ text }) => text !== 'ExtendedPrismaClient') : named
}
