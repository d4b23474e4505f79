import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import ts from 'typescript'
import { publishedPackages, ROOT } from '../../scripts/workspace.ts'

/**
 * What users can import, as the built declarations say it, against what was committed: a change of the public API is
 * seen in review. `BRISK_UPDATE_API=1` writes the snapshots; `npm test` has built dist/ before.
 */

const snapshots = join(import.meta.dirname, 'api')
const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed })

const packages = publishedPackages().map(({ name, directory }) => ({
  name,
  directory,
  entries: entriesOf(directory),
}))
const program = ts.createProgram(
  packages.flatMap(({ entries }) => entries.map(({ file }) => file)),
  {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    noLib: true,
    types: [],
  },
)
const checker = program.getTypeChecker()
/** What any package of the suite exports. */
const published = new Set(
  packages.flatMap(({ directory }) =>
    [...exportsOf(directory)].flatMap(({ declarations }) => declarations ?? []),
  ),
)

test.each(packages)('$name exports what it did', ({ name, directory, entries }) => {
  const api = entries.map((entry) => apiOf(name, directory, entry)).join('\n')
  const snapshot = join(snapshots, `${name.replace('@prisma-brisk/', '')}.txt`)
  if (process.env['BRISK_UPDATE_API'] !== undefined || !existsSync(snapshot)) {
    expect(process.env['CI']).toBeUndefined()
    mkdirSync(snapshots, { recursive: true })
    writeFileSync(snapshot, api)
  }
  expect(api).toBe(readFileSync(snapshot, 'utf8'))
})

test.each(packages)('$name exports the interfaces and classes that its API names', ({ directory }) => {
  const named = [...exportsOf(directory)].flatMap((symbol) =>
    (symbol.declarations ?? [])
      .filter((declaration) => declaration.getSourceFile().fileName.startsWith(`${directory}/`))
      .flatMap((declaration) => typesNamedBy(declaration).map((type) => ({ by: symbol.name, type }))),
  )
  const hidden = named.filter(
    ({ type }) => !(type.declarations ?? []).some((declaration) => published.has(declaration)),
  )
  expect(hidden.map(({ by, type }) => `${by} names ${type.name}`)).toEqual([])
})

interface Entry {
  readonly path: string
  readonly file: string
}

/** What a package exports, by all its paths. */
function exportsOf(directory: string): Set<ts.Symbol> {
  const found = entriesOf(directory).flatMap(({ file }) => {
    const source = program.getSourceFile(file)
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source)
    return module === undefined ? [] : checker.getExportsOfModule(module)
  })
  return new Set(found.map(meantBy))
}

function meantBy(symbol: ts.Symbol): ts.Symbol {
  return symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
}

/**
 * The interfaces and classes of the suite that a declaration names. Aliases count for what they stand for; how a class
 * is constructed and what is private in it is nobody's business where only its type is exported.
 */
function typesNamedBy(declaration: ts.Declaration): ts.Symbol[] {
  const named = new Set<ts.Symbol>()
  const visit = (node: ts.Node): void => {
    if (ts.isConstructorDeclaration(node)) return
    if (
      ts.canHaveModifiers(node) &&
      node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)
    )
      return
    if (ts.isTypeReferenceNode(node) || ts.isExpressionWithTypeArguments(node)) {
      const symbol = checker.getSymbolAtLocation(
        ts.isTypeReferenceNode(node) ? node.typeName : node.expression,
      )
      const meant = symbol === undefined ? undefined : meantBy(symbol)
      const [first] = meant?.declarations ?? []
      const isNameable =
        first !== undefined && (ts.isInterfaceDeclaration(first) || ts.isClassDeclaration(first))
      if (isNameable && /packages\/[\w-]+\/dist/.test(first.getSourceFile().fileName))
        named.add(meant as ts.Symbol)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration)
  return [...named]
}

/** The declarations behind each path of `exports`. */
function entriesOf(directory: string): Entry[] {
  const { exports } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { import: { types: string } }>
  }
  return Object.entries(exports).flatMap(([path, target]) =>
    typeof target === 'string' ? [] : [{ path, file: join(directory, target.import.types) }],
  )
}

function apiOf(name: string, directory: string, { path, file }: Entry): string {
  const source = program.getSourceFile(file)
  if (source === undefined) throw new Error(`${relative(ROOT, file)} is missing: run \`npm run build\``)
  const module = checker.getSymbolAtLocation(source)
  const symbols = module === undefined ? [] : checker.getExportsOfModule(module)
  const texts = symbols
    .map((symbol) => ({ name: symbol.name, text: textOf(symbol, directory) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ text }) => text)
  return `// ${join(name, path)}\n\n${texts.join('\n')}\n`
}

/** The declarations of an export, without comments and private members; of another package's only where it is from. */
function textOf(symbol: ts.Symbol, directory: string): string {
  const declarations = meantBy(symbol).declarations ?? []
  const [first] = declarations
  if (first === undefined) throw new Error(`${symbol.name} is exported and not declared`)
  const from = first.getSourceFile().fileName
  if (!from.startsWith(`${directory}/`))
    return `export { ${symbol.name} } from '${/packages\/([\w-]+)\//.exec(from)?.[1] ?? from}'\n`
  return declarations.map((declaration) => printed(symbol.name, declaration)).join('')
}

function printed(name: string, declaration: ts.Declaration): string {
  const node = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration
  const text = printer
    .printNode(ts.EmitHint.Unspecified, node, declaration.getSourceFile())
    .split('\n')
    .filter((line) => !/^\s+private /.test(line))
    .join('\n')
  const own = (declaration as ts.NamedDeclaration).name?.getText()
  return `${own === name ? '' : `// as ${name}\n`}${text}\n`
}
