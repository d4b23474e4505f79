import type { Node } from 'oxc-parser'
import type { ClientSource } from './client-source.ts'
import { nodesOf } from './syntax.ts'

/** The name under which an application holds its client. */
export type ClientBinding =
  | {
      readonly kind: 'variable'
      readonly name: string
      /** What other files import: the name, `default`, or null where nothing is exported. */
      readonly exported: string | null
      /** Offset behind the statement that declares it. */
      readonly end: number
    }
  /** A field of a class, as NestJS services have: reached through dependency injection. */
  | { readonly kind: 'field'; readonly className: string; readonly field: string }

/** Null where it has no name that others could use: it is made within a function, or assigned to something. */
export function bindingOf(clients: readonly ClientSource[]): ClientBinding | null {
  const [client] = clients
  return client === undefined ? null : (variableOf(client, clients) ?? fieldOf(client))
}

function variableOf({ program }: ClientSource, clients: readonly ClientSource[]): ClientBinding | null {
  const holds = (node: Node) =>
    clients.some(({ start, chainEnd }) => node.start <= start && node.end >= chainEnd)
  for (const statement of program.body) {
    const declaration =
      statement.type === 'ExportNamedDeclaration' && statement.declaration != null
        ? statement.declaration
        : statement
    if (declaration.type !== 'VariableDeclaration') continue
    for (const { id, init } of declaration.declarations) {
      if (id.type !== 'Identifier' || init == null || !holds(init)) continue
      // A client that a function of the initialiser makes is not the variable's value.
      const within = [...nodesOf(init)].some(({ node }) => /Function/.test(node.type) && holds(node))
      if (within) continue
      const exported = declaration === statement ? exportedAs(program.body, id.name) : id.name
      return { kind: 'variable', name: id.name, exported, end: statement.end }
    }
  }
  return null
}

function exportedAs(body: readonly Node[], name: string): string | null {
  for (const statement of body) {
    if (
      statement.type === 'ExportDefaultDeclaration' &&
      statement.declaration.type === 'Identifier' &&
      statement.declaration.name === name
    )
      return 'default'
    if (statement.type !== 'ExportNamedDeclaration') continue
    for (const { local, exported } of statement.specifiers)
      if (local.type === 'Identifier' && local.name === name && exported.type === 'Identifier')
        return exported.name
  }
  return null
}

function fieldOf({ program, start, chainEnd }: ClientSource): ClientBinding | null {
  for (const { node } of nodesOf(program)) {
    if (node.type !== 'ClassDeclaration' || node.id == null) continue
    for (const member of node.body.body)
      if (
        member.type === 'PropertyDefinition' &&
        member.key.type === 'Identifier' &&
        member.accessibility == null &&
        member.start <= start &&
        member.end >= chainEnd
      )
        return { kind: 'field', className: node.id.name, field: member.key.name }
  }
  return null
}
