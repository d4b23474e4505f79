import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { ts } from 'ts-morph'
import { BASE_LIBRARY } from './base-library.ts'
import { RUNTIME_DECLARATION } from './client-declaration.ts'
import { WorkspacePackages } from './workspace-packages.ts'

export interface SourceProgram {
  readonly checker: ts.TypeChecker
  /** The given files, in their order. */
  readonly files: readonly ts.SourceFile[]
}

const LIBRARY = '/@brisk/lib.d.ts'
const CLIENT = '/@brisk/client.d.ts'
const RUNTIME = '/@brisk/runtime.d.ts'

/**
 * A TypeScript program that knows just enough: the given files and what they import from the project; a small library;
 * the stand-in for the generated client. Packages are followed only where they depend on Prisma.
 *
 * @param clientText declaration that stands in for the generated client
 * @param outputs absolute directories of generated clients
 * @param read text of a file that was read already
 * @param cwd a directory of the workspace whose packages are followed to their sources
 */
export function createSourceProgram(
  paths: readonly string[],
  clientText: string,
  outputs: readonly string[],
  read: (path: string) => string | undefined = () => undefined,
  cwd = '/',
): SourceProgram {
  const host = new ProjectHost(clientText, outputs, read, new WorkspacePackages(cwd))
  const program = ts.createProgram({ rootNames: [...paths, CLIENT], options: OPTIONS, host })
  const checker = program.getTypeChecker()
  return { checker, files: paths.flatMap((path) => program.getSourceFile(path) ?? []) }
}

const OPTIONS: ts.CompilerOptions = {
  allowJs: true,
  checkJs: false,
  strict: true,
  noLib: true,
  types: [],
  skipLibCheck: true,
  noEmit: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  allowImportingTsExtensions: true,
  experimentalDecorators: true,
  jsx: ts.JsxEmit.Preserve,
}

class ProjectHost implements ts.CompilerHost {
  /** Comments say nothing of types here. */
  readonly jsDocParsingMode = ts.JSDocParsingMode.ParseNone
  private readonly virtual: ReadonlyMap<string, string>
  private readonly resolved = new Map<string, ts.ResolvedModuleFull | undefined>()
  private readonly settings = new Map<string, ts.CompilerOptions>()
  private readonly dependsOnPrisma = new Map<string, boolean>()
  private readonly cache: ts.ModuleResolutionCache

  constructor(
    clientText: string,
    private readonly outputs: readonly string[],
    private readonly read: (path: string) => string | undefined,
    private readonly workspace: WorkspacePackages,
  ) {
    this.virtual = new Map([
      [LIBRARY, BASE_LIBRARY],
      [CLIENT, `/// <reference path="${LIBRARY}" />\n${clientText}`],
      [RUNTIME, RUNTIME_DECLARATION],
    ])
    this.cache = ts.createModuleResolutionCache('/', (name) => name, OPTIONS)
  }

  fileExists = (path: string) => this.virtual.has(path) || isFile(path)
  readFile = (path: string) => this.virtual.get(path) ?? this.read(path) ?? readText(path)
  directoryExists = (path: string) => existsSync(path)
  getCurrentDirectory = () => '/'
  getDefaultLibFileName = () => LIBRARY
  getCanonicalFileName = (name: string) => name
  useCaseSensitiveFileNames = () => true
  getNewLine = () => '\n'
  writeFile = () => {}
  realpath = (path: string) => (this.virtual.has(path) ? path : realPath(path))

  getSourceFile = (
    path: string,
    options: ts.ScriptTarget | ts.CreateSourceFileOptions,
  ): ts.SourceFile | undefined => {
    const text = this.readFile(path)
    if (text === undefined) return undefined
    // Another copy of a generated client: its types are Prisma's, its size too.
    const isGenerated = !this.virtual.has(path) && isGeneratedClient(text)
    return ts.createSourceFile(path, isGenerated ? `export * from '${CLIENT}'` : text, options)
  }

  resolveModuleNameLiterals = (
    literals: readonly ts.StringLiteralLike[],
    containing: string,
  ): ts.ResolvedModuleWithFailedLookupLocations[] =>
    literals.map((literal) => {
      const key = `${dirname(containing)}\u0000${literal.text}`
      if (!this.resolved.has(key)) this.resolved.set(key, this.resolveModule(literal.text, containing))
      return { resolvedModule: this.resolved.get(key) }
    })

  private resolveModule(name: string, containing: string): ts.ResolvedModuleFull | undefined {
    if (name === CLIENT || this.virtual.has(containing)) return declaration(CLIENT)
    if (/^@prisma\/client\/runtime\/|\/runtime\/(library|client)(\.js)?$/.test(name))
      return declaration(RUNTIME)
    if (/^(@prisma\/client|\.prisma\/client)(\/|$)/.test(name)) return declaration(CLIENT)
    if (/\.(css|scss|svg|png|json|html|md)$/.test(name) || name.startsWith('node:')) return undefined
    if (name.startsWith('.') && this.isInOutput(resolve(dirname(containing), name)))
      return declaration(CLIENT)
    const found = ts.resolveModuleName(
      name,
      containing,
      this.optionsFor(containing),
      this,
      this.cache,
    ).resolvedModule
    if (found === undefined) {
      if (this.endsInOutput(name)) return declaration(CLIENT)
      // A package that is not built yet, or not linked.
      const source = name.startsWith('.') ? null : this.workspace.sourceOf(name)
      if (source === null) return undefined
      return this.isInOutput(source) ? declaration(CLIENT) : sourceModule(source)
    }
    if (this.isInOutput(found.resolvedFileName)) return declaration(CLIENT)
    return found.isExternalLibraryImport === true && !this.isFollowed(found.resolvedFileName)
      ? undefined
      : found
  }

  private isInOutput(path: string): boolean {
    return this.outputs.some((output) => path === output || path.startsWith(output + sep))
  }

  /** `@/generated/prisma/client`, before it is generated: the alias ends in the output directory's path. */
  private endsInOutput(name: string): boolean {
    return this.outputs.some((output) => {
      const tail = output.split(sep).slice(-2).join('/')
      return name.endsWith(tail) || name.includes(`${tail}/`)
    })
  }

  /** `paths` and `baseUrl` of the nearest tsconfig.json. */
  private optionsFor(containing: string): ts.CompilerOptions {
    const directory = dirname(containing)
    const known = this.settings.get(directory)
    if (known !== undefined) return known
    const file = ts.findConfigFile(directory, isFile)
    const settings = file === undefined ? OPTIONS : { ...OPTIONS, ...this.pathSettings(file) }
    this.settings.set(directory, settings)
    return settings
  }

  private pathSettings(file: string): ts.CompilerOptions {
    const key = `\u0000${file}`
    const known = this.settings.get(key)
    if (known !== undefined) return known
    const { config } = ts.readConfigFile(file, readText) as { config?: object }
    const host = { ...ts.sys, readDirectory: () => [] }
    const { paths, baseUrl, pathsBasePath, customConditions, rootDirs } = ts.parseJsonConfigFileContent(
      config ?? {},
      host,
      dirname(file),
    ).options
    const settings = definedOnly({ paths, baseUrl, pathsBasePath, customConditions, rootDirs })
    this.settings.set(key, settings)
    return settings
  }

  private isFollowed(path: string): boolean {
    return this.workspace.holds(path) || this.followsPrisma(path)
  }

  private followsPrisma(path: string): boolean {
    const root = packageRoot(path)
    if (root === null) return false
    const known = this.dependsOnPrisma.get(root)
    if (known !== undefined) return known
    const manifest = readText(join(root, 'package.json')) ?? ''
    const follows = /"@?prisma(\/client)?"\s*:/.test(manifest)
    this.dependsOnPrisma.set(root, follows)
    return follows
  }
}

function declaration(path: string): ts.ResolvedModuleFull {
  return { resolvedFileName: path, extension: ts.Extension.Dts, isExternalLibraryImport: false }
}

function sourceModule(path: string): ts.ResolvedModuleFull {
  return {
    resolvedFileName: path,
    extension: /\.[cm]?[jt]sx?$/.exec(path)?.[0] ?? '.ts',
    isExternalLibraryImport: false,
  }
}

function isGeneratedClient(text: string): boolean {
  return text.slice(0, 400).includes('code generated by Prisma')
}

function packageRoot(path: string): string | null {
  for (let at = dirname(path); at !== dirname(at); at = dirname(at))
    if (isFile(join(at, 'package.json')) && !/[\\/](dist|lib|esm|cjs|build)$/.test(at)) return at
  return null
}

function definedOnly(options: ts.CompilerOptions): ts.CompilerOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile()
  } catch {
    return false
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
