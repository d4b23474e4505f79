import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Provider } from '../../../scripts/client-variants.ts'
import { ROOT } from '../../../scripts/workspace.ts'
import type { Ability } from '../conformance/checks.ts'
import type { Driver } from './drivers.ts'

/** One run of the checks within a program: the driver, and where its database is. */
export interface Run {
  /** What the lines of its verdicts are marked with. */
  readonly name: string
  readonly driver: Driver
  readonly url: string
  /** The folder of its client. Default: the provider's. */
  readonly client?: string
  /** The module that the client is loaded from. Default `client.js`. */
  readonly module?: string
}

export interface ProgramOptions {
  /** Statements before all, and after the last import. */
  readonly head?: string
  /** Of the runtime. */
  readonly without?: Partial<Record<Ability, string>>
  readonly conformance?: string
}

/**
 * The source of a program that runs the checks: `runChecks(print, env)`. It has nothing of Node's at the top, so that it
 * runs wherever JavaScript does.
 */
export function programOf(runs: readonly Run[], options: ProgramOptions = {}): string {
  const { head = '', without = {}, conformance = 'conformance' } = options
  const clients = [...new Map(runs.map((run) => [clientOf(run), run])).entries()]
  return [
    `import * as suite from 'prisma-brisk'`,
    `import { allChecks, conform } from './${conformance}/index.js'`,
    ...clients.map(
      ([client, { module = 'client.js' }], index) =>
        `import * as client${index} from './${client}/${module}'`,
    ),
    ...new Set(runs.flatMap(({ driver }) => driver.imports.split('\n'))),
    head,
    'const warnings = []',
    `globalThis.process?.on?.('warning', (warning) => warnings.push(warning.code ?? warning.name))`,
    'export async function runChecks(print, env = {}) {',
    ...runs.flatMap((run) => {
      const { driver, url, name } = run
      const { provider, prepare = '', adapter, close = '' } = driver
      const index = clients.findIndex(([client]) => client === clientOf(run))
      return [
        'try {',
        `const url = ${JSON.stringify(url)}`,
        prepare.includes('tables') ? `const tables = ${JSON.stringify(tablesOf(provider))}` : '',
        prepare,
        `await conform({ ...clientOf(client${index}), suite, provider: '${provider}', adapter: () => ${adapter},`,
        `  warnings: () => warnings, without: ${JSON.stringify({ ...without, ...driver.without })} },`,
        `  allChecks, (verdict) => print(JSON.stringify({ run: ${JSON.stringify(name)}, ...verdict })))`,
        close,
        '} catch (error) {',
        `print(JSON.stringify({ run: ${JSON.stringify(name)}, check: 'the program', verdict: 'fail', why: String(error?.stack ?? error) }))`,
        '}',
      ]
    }),
    `print('{"ended":true}')`,
    '}',
    // CommonJS clients may come as the default export.
    'function clientOf(module) { return module.PrismaClient ? { PrismaClient: module.PrismaClient, Prisma: module.Prisma } : module.default }',
    '',
  ].join('\n')
}

/** As `CREATE TABLE` and the like, of the demo's schema. */
export function tablesOf(provider: Provider): string {
  return readFileSync(join(ROOT, `prisma/generated/schemas/demo-${provider}.sql`), 'utf8')
}

const clientOf = ({ client, driver }: Run): string => client ?? `client-${driver.provider}`
