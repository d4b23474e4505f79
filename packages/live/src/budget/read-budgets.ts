import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BudgetConfigError } from '../errors.ts'
import type { ResolvedBudgets } from './budget-config.ts'
import { resolveBudgets } from './resolve-budgets.ts'

const NAMES = [
  'brisk.config.ts',
  'brisk.config.mts',
  'brisk.config.mjs',
  'brisk.config.js',
  'brisk.config.json',
]

/**
 * The budgets of a project: of the first `brisk.config` there is, else of `brisk` in `package.json`, else all defaults.
 *
 * @throws BudgetConfigError, AllowanceError
 */
export async function readBudgets(cwd: string): Promise<ResolvedBudgets> {
  const name = NAMES.find((each) => existsSync(join(cwd, each)))
  if (name !== undefined) return resolveBudgets(budgetsOf(await configIn(join(cwd, name), name), name), name)
  const manifest = join(cwd, 'package.json')
  if (!existsSync(manifest)) return resolveBudgets(undefined, 'package.json')
  const { brisk } = jsonIn(manifest, 'package.json') as { readonly brisk?: unknown }
  return resolveBudgets(brisk === undefined ? undefined : budgetsOf(brisk, 'package.json'), 'package.json')
}

function budgetsOf(config: unknown, name: string): unknown {
  if (typeof config === 'object' && config !== null) return (config as { readonly budgets?: unknown }).budgets
  throw new BudgetConfigError(name, 'its default export', 'an object', typeof config)
}

async function configIn(path: string, name: string): Promise<unknown> {
  if (name.endsWith('.json')) return jsonIn(path, name)
  try {
    const module = (await import(pathToFileURL(path).href)) as { readonly default?: unknown }
    return module.default
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION') return typescriptIn(path, name)
    throw new BudgetConfigError(name, 'the file', 'a module that can be loaded', message)
  }
}

function jsonIn(path: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown
  } catch (error) {
    throw new BudgetConfigError(name, 'the file', 'JSON', (error as Error).message)
  }
}

interface TypeScript {
  transpileModule(text: string, options: object): { readonly outputText: string }
}

/** Node before 22.18 reads no TypeScript; the project's own compiler takes the types out. */
async function typescriptIn(path: string, name: string): Promise<unknown> {
  let typescript: TypeScript
  try {
    typescript = createRequire(path)('typescript') as TypeScript
  } catch {
    throw new BudgetConfigError(
      name,
      'the file',
      'Node 22.18 or later, or typescript in the project, to read it',
      `Node ${process.versions.node} alone; brisk.config.mjs needs neither`,
    )
  }
  // Beside it, so that what it imports is found.
  const plain = join(dirname(path), `.brisk.config.${randomBytes(6).toString('hex')}.mjs`)
  const { outputText } = typescript.transpileModule(readFileSync(path, 'utf8'), {
    compilerOptions: { module: 99, target: 99, verbatimModuleSyntax: true },
  })
  try {
    writeFileSync(plain, outputText)
    const module = (await import(pathToFileURL(plain).href)) as { readonly default?: unknown }
    return module.default
  } catch (error) {
    throw new BudgetConfigError(name, 'the file', 'a module that can be loaded', (error as Error).message)
  } finally {
    rmSync(plain, { force: true })
  }
}
