import type { Node, Program } from 'oxc-parser'

/** Every node of a syntax tree, outer ones first. */
export function* nodesOf(value: unknown, inFunction = false): Generator<{ node: Node; inFunction: boolean }> {
  if (typeof value !== 'object' || value === null) return
  const node = 'type' in value && 'start' in value ? (value as Node) : null
  if (node !== null) yield { node, inFunction }
  const within = inFunction || (node !== null && /Function|MethodDefinition/.test(node.type))
  for (const child of Object.values(value)) yield* nodesOf(child, within)
}

/** Import declarations, `import x = require(…)` included. */
export function importsOf(program: Program): Program['body'] {
  return program.body.filter(
    (each) => each.type === 'ImportDeclaration' || each.type === 'TSImportEqualsDeclaration',
  )
}

/** What a file calls something that it imports: `local` names of `imported` from modules that `from` accepts. */
export function localNames(
  program: Program,
  from: (module: string) => boolean,
  imported: (name: string) => boolean,
): string[] {
  return program.body.flatMap((statement) => {
    if (statement.type === 'ImportDeclaration') {
      if (!from(statement.source.value)) return []
      return statement.specifiers
        .filter((each) =>
          each.type === 'ImportSpecifier'
            ? imported(each.imported.type === 'Identifier' ? each.imported.name : each.imported.value)
            : imported(each.type === 'ImportDefaultSpecifier' ? 'default' : '*'),
        )
        .map(({ local }) => local.name)
    }
    if (statement.type === 'TSImportEqualsDeclaration') {
      const { moduleReference: module, id } = statement
      const isFrom = module.type === 'TSExternalModuleReference' && from(module.expression.value)
      return isFrom && imported('default') ? [id.name] : []
    }
    return statement.type === 'VariableDeclaration' ? requiredNames(statement, from, imported) : []
  })
}

function requiredNames(
  declaration: Extract<Node, { type: 'VariableDeclaration' }>,
  from: (module: string) => boolean,
  imported: (name: string) => boolean,
): string[] {
  return declaration.declarations.flatMap(({ id, init }) => {
    if (
      init?.type !== 'CallExpression' ||
      init.callee.type !== 'Identifier' ||
      init.callee.name !== 'require'
    )
      return []
    const [module] = init.arguments
    if (module?.type !== 'Literal' || typeof module.value !== 'string' || !from(module.value)) return []
    if (id.type === 'Identifier') return imported('default') ? [id.name] : []
    if (id.type !== 'ObjectPattern') return []
    return id.properties.flatMap((each) =>
      each.type === 'Property' &&
      each.key.type === 'Identifier' &&
      each.value.type === 'Identifier' &&
      imported(each.key.name)
        ? [each.value.name]
        : [],
    )
  })
}
