import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parseSync } from 'oxc-parser'
import { findProject, type SchemaFile } from '@prisma-brisk/core/project'
import { clientsIn } from '../client-source.ts'
import type { InitKind } from '../init-command.ts'
import { InitError, type InitPlan, type InitRequest, type PlannedChange } from '../init.ts'
import { SourceEdit } from '../source-edit.ts'
import { readSources, shown, type SourceFile } from '../source-files.ts'
import { leaveAccelerate, mentionsAccelerate, UnknownPattern, type Adapter } from './accelerate-source.ts'
import { replaceDependency } from './dependency-lines.ts'

/** Adapters by the provider of the schema's datasource. */
const ADAPTERS: Readonly<Record<string, Adapter>> = {
  postgresql: {
    name: 'PrismaPg',
    module: '@prisma/adapter-pg',
    make: (url) => `new PrismaPg({ connectionString: ${url} })`,
  },
  mysql: {
    name: 'PrismaMariaDb',
    module: '@prisma/adapter-mariadb',
    make: (url) => `new PrismaMariaDb(${url} ?? '')`,
  },
}

/**
 * What `brisk init --from-accelerate` would change: the import of Accelerate's extension, a driver adapter instead of
 * `accelerateUrl`, and the dependencies. Nothing where anything is not known.
 *
 * @throws InitError or ProjectError where the working tree has changes, there are several clients, or something that has to do
 * with Accelerate is not known
 */
export async function planFromAccelerate({ cwd, schema }: InitRequest): Promise<InitPlan> {
  const files = (await readSources(cwd, 'tests too')).filter(({ text }) => mentionsAccelerate(text))
  const { change: dependencies, versions } = await manifest(cwd)
  if (files.length === 0 && dependencies === null) return { changes: [], notes: await urlNotes(cwd) }
  await refuseChanges(cwd)
  const project = await findProject({ cwd, ...(schema === undefined ? {} : { schema }) })
  const adapter = adapterOf(project.schemaFiles)
  refuseSeveral(cwd, files)
  const changes: PlannedChange[] = []
  for (const file of files) {
    const { edit, done } = edited(cwd, file, adapter)
    const text = edit.result()
    if (text !== file.text)
      changes.push({ path: file.path, was: file.text, text, purpose: done.join(', '), isGenerated: false })
  }
  const own = dependencies?.(adapter.module) ?? null
  if (own !== null) changes.push(own)
  const install = own === null && changes.length > 0
  return {
    changes,
    notes: [
      ...(install
        ? [
            `Add prisma-brisk and ${adapter.module}${versions.client === null ? '' : `@${versions.client}`} to the dependencies.`,
          ]
        : []),
      ...(await urlNotes(cwd)),
    ],
  }
}

/** Others' work must not get mixed with ours. Outside git there is nothing to ask. */
async function refuseChanges(cwd: string): Promise<void> {
  const status = await promisify(execFile)('git', ['status', '--porcelain'], { cwd }).catch(() => null)
  const changed = (status?.stdout ?? '').split('\n').filter((line) => line !== '')
  if (changed.length === 0) return
  throw new InitError(
    `The working tree has ${changed.length} uncommitted ${changed.length === 1 ? 'change' : 'changes'}.`,
    'Commit or undo them first.',
  )
}

function adapterOf(files: readonly SchemaFile[]): Adapter {
  const datasource = /^\s*datasource\s+\w+\s*\{[^}]*\}/m
  const block = files.map(({ text }) => datasource.exec(text)?.[0]).find((each) => each !== undefined) ?? ''
  const [, provider = ''] = /\bprovider\s*=\s*"(\w+)"/.exec(block) ?? []
  const adapter = ADAPTERS[provider]
  if (adapter !== undefined) return adapter
  throw new InitError(
    provider === ''
      ? 'The schema has no datasource with a provider.'
      : `For ${provider} there is no adapter that is known here.`,
    `Known are ${Object.keys(ADAPTERS).join(' and ')}.`,
  )
}

function refuseSeveral(cwd: string, files: readonly SourceFile[]): void {
  const clients = files.flatMap(({ path, text }) => {
    const found = clientsIn(path, text)
    const [subclass] = found.subclasses
    if (subclass !== undefined)
      throw new InitError(`${shown(cwd, path)}: ${subclass.name} extends PrismaClient.`, BY_HAND)
    return found.clients
  })
  if (clients.length <= 1) return
  const places = [...new Set(clients.map(({ path }) => shown(cwd, path)))]
  throw new InitError(`There are ${clients.length} clients of Accelerate (${places.join(', ')}).`, BY_HAND)
}

const BY_HAND =
  'Nothing was changed; docs/guide/from-accelerate.md of prisma-brisk says how to do it by hand.'

function edited(
  cwd: string,
  { path, text }: SourceFile,
  adapter: Adapter,
): { edit: SourceEdit; done: string[] } {
  const { program, errors } = parseSync(path, text)
  if (errors.length > 0) throw new InitError(`${shown(cwd, path)} could not be parsed.`, BY_HAND)
  const edit = new SourceEdit(path, text, program)
  try {
    return { edit, done: leaveAccelerate(edit, adapter) }
  } catch (error) {
    if (!(error instanceof UnknownPattern)) throw error
    throw new InitError(`${shown(cwd, path)}:${edit.lineAt(error.node.start)}: ${error.message}.`, BY_HAND)
  }
}

interface Manifest {
  /** Makes the change, where the extension is a dependency. */
  readonly change: ((adapter: string) => PlannedChange) | null
  readonly versions: { readonly client: string | null }
}

async function manifest(cwd: string): Promise<Manifest> {
  const path = join(cwd, 'package.json')
  const was = await readFile(path, 'utf8').catch(() => null)
  const [, client = null] = /"@prisma\/client"\s*:\s*"([^"]*)"/.exec(was ?? '') ?? []
  if (was === null || !was.includes('"@prisma/extension-accelerate"'))
    return { change: null, versions: { client } }
  return {
    versions: { client },
    change: (adapter) => {
      const text = replaceDependency(was, '@prisma/extension-accelerate', [
        [adapter, client ?? '^7.4.2'],
        ['prisma-brisk', `^${ownVersion()}`],
      ])
      if (text === null)
        throw new InitError('package.json names @prisma/extension-accelerate more than once.', BY_HAND)
      return { path, was, text, purpose: 'the dependencies', isGenerated: false }
    },
  }
}

function ownVersion(): string {
  return (createRequire(import.meta.url)('../../../package.json') as { version: string }).version
}

/** Files of the environment that still have Accelerate's URL: nobody here knows the database's own. */
async function urlNotes(cwd: string): Promise<string[]> {
  const notes: string[] = []
  for (const name of ['.env', '.env.local', '.env.development', '.env.production']) {
    const text = await readFile(join(cwd, name), 'utf8').catch(() => '')
    text.split(/\r?\n/).forEach((line, index) => {
      const [, variable] = /^\s*(?:export\s+)?(\w+)\s*=\s*["']?prisma(?:\+postgres)?:\/\//.exec(line) ?? []
      if (variable !== undefined)
        notes.push(
          `${name}:${index + 1}: put the URL of the database itself into ${variable}; it has Accelerate's.`,
        )
    })
  }
  return notes
}

/** What `brisk init --from-accelerate` does. */
export const fromAccelerate: InitKind = {
  plan: planFromAccelerate,
  noticed: `What your application will notice:
  - It connects to the database itself: put its own URL where Accelerate's was, and count your connections.
  - cacheStrategy, .withAccelerateInfo() and $accelerate stay. Results are kept in the memory of each process until you choose
    a store that all of them share, and a write makes them fresh.
`,
  next: (manager) => [`${manager} install`, 'set the URL of the database', 'deploy'],
}
