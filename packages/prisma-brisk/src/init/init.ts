import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { parseSync } from 'oxc-parser'
import { BriskError } from '@prisma-brisk/core'
import { findProject, prismaGenerationOf, type FileChange, type SchemaFile } from '@prisma-brisk/core/project'
import { bindingOf } from './client-binding.ts'
import { clientsIn, findClients, type ClientSource, type ClientSources } from './client-source.ts'
import { mayNameClient, renameClientTypes } from './client-types.ts'
import { addBriskGenerator, hasBriskGenerator } from './generator-block.ts'
import { mountBrisk } from './mounted-source.ts'
import {
  mayServe,
  missingMiddleware,
  mountMiddleware,
  serversIn,
  type Framework,
} from './request-middleware.ts'
import { ignoreLine, schemaModule } from './schema-module.ts'
import { SourceEdit } from './source-edit.ts'
import { readSources, shown, type SourceFile } from './source-files.ts'

/** Why a project cannot be set up; nothing was changed. */
export class InitError extends BriskError {
  constructor(reason: string, advice: string) {
    super('E_INIT', `${reason} ${advice}`)
  }
}

export interface InitRequest {
  readonly cwd: string
  /** Schema file or directory; default: as `prisma.config.ts` says. */
  readonly schema?: string
  /** File that makes the client; default: the one file with `new PrismaClient(…)`. */
  readonly client?: string
}

export interface PlannedChange extends FileChange {
  /** What it is for, in half a sentence. */
  readonly purpose: string
  /** What `prisma generate` writes: nothing to review. */
  readonly isGenerated: boolean
}

export interface InitPlan {
  /** Empty when all is there, so running it twice is safe. */
  readonly changes: readonly PlannedChange[]
  /** What the change leaves to do by hand. */
  readonly notes: readonly string[]
}

/**
 * What `brisk init` would change: the generator block in the schema, `brisk()` on the client with the import of the
 * generated module, the request middleware of the framework, and helpers that name Prisma's client types.
 *
 * @throws InitError or ProjectError when the project has no Prisma schema, the schema has uncommitted changes, or the
 * client cannot be told
 */
export async function planInit(request: InitRequest): Promise<InitPlan> {
  const { cwd } = request
  const project = await findProject({
    cwd,
    ...(request.schema === undefined ? {} : { schema: request.schema }),
  })
  const { major, evidence } = await prismaGenerationOf(cwd)
  if (major !== null && major !== 7)
    throw new InitError(
      `The suite extends Prisma Client 7, and this project has ${evidence}.`,
      major < 7
        ? 'What works today is the index advisor: npx @prisma-brisk/index-advisor advise. Upgrade to prisma@7 for the rest.'
        : 'Prisma 8 takes no extensions; keep prisma@7 to use it.',
    )
  const changes: PlannedChange[] = []
  const block = await generatorBlock(cwd, project.schemaFiles)
  if (block.was !== null)
    changes.push({
      ...block,
      was: block.was,
      purpose: 'the generator block of the suite',
      isGenerated: false,
    })
  const files = await readSources(cwd)
  const clients = await theClients(request, files)
  if (clients === null) return { changes, notes: middlewareNotes(cwd, files) }
  const module = await schemaModule(block, project.schemaFiles)
  const { edits, notes } = edited(cwd, files, clients, module)
  for (const [edit, purposes] of edits)
    changes.push({
      path: edit.path,
      was: edit.text,
      text: edit.result(),
      purpose: purposes.join(', '),
      isGenerated: false,
    })
  if (module !== null && module.text !== module.was) {
    changes.push({
      ...module,
      purpose: 'the schema as data, so that nothing is parsed at start-up',
      isGenerated: true,
    })
    const ignored = await ignoreLine(cwd, module.path, block)
    if (ignored !== null)
      changes.push({
        ...ignored,
        purpose: 'the generated module, as the client beside it',
        isGenerated: false,
      })
  }
  return { changes, notes }
}

/** The schema file with our generator, as it stands there (`was` null) or as it will. */
async function generatorBlock(
  cwd: string,
  files: readonly SchemaFile[],
): Promise<SchemaFile & { readonly was: string | null }> {
  const there = files.find((file) => hasBriskGenerator(file.text))
  if (there !== undefined) return { ...there, was: null }
  for (const { path, text: was } of files) {
    const text = /^\s*generator\s/m.test(was) ? addBriskGenerator(was) : null
    if (text === null) continue
    await refuseDirty(cwd, path)
    return { path, text, was }
  }
  throw new InitError(
    `${shown(cwd, files[0]?.path ?? cwd)} has no generator block for Prisma Client.`,
    'Add one, run `prisma generate`, and try again.',
  )
}

/** The sources as they will be, each with what was changed in it. */
function edited(
  cwd: string,
  files: readonly SourceFile[],
  clients: ClientsOfFile,
  module: FileChange | null,
): { edits: Map<SourceEdit, string[]>; notes: string[] } {
  const [{ path, text, program }] = clients
  const home = new SourceEdit(path, text, program)
  const edits = new Map<SourceEdit, string[]>([[home, ['brisk() on the client']]])
  const note = (edit: SourceEdit, purpose: string) => edits.set(edit, [...(edits.get(edit) ?? []), purpose])
  const notes: string[] = []
  const binding = bindingOf(clients)
  for (const line of mountBrisk(home, clients))
    notes.push(
      `${shown(cwd, path)}:${line} says PrismaClient, which the extended client is not: let TypeScript infer it, or write ReturnType<typeof …>.`,
    )
  if (module !== null && home.isTypeScript) home.import('', home.specifierOf(module.path))
  const others = files
    .filter((file) => file.path !== path && (mayServe(file.text) || mayNameClient(file.text)))
    .flatMap((file) => {
      const { program: parsed, errors } = parseSync(file.path, file.text)
      return errors.length > 0 ? [] : [new SourceEdit(file.path, file.text, parsed)]
    })
  const servers = [home, ...others].flatMap(serversIn)
  const [server] = servers
  if (servers.length > 1) {
    const places = servers.map(({ edit }) => shown(cwd, edit.path)).join(', ')
    notes.push(`There are several servers (${places}): mount the request middleware where requests come in.`)
  } else if (server !== undefined) {
    const { framework, edit } = server
    const isMounted =
      binding !== null &&
      !edit.text.includes(framework.middleware) &&
      mountMiddleware(server, { binding, path })
    if (isMounted) note(edit, `each ${framework.name} request counted by itself`)
    else if (!edit.text.includes(framework.middleware)) notes.push(toMount(framework, shown(cwd, edit.path)))
  } else if (missingMiddleware(files.map((file) => file.text)) !== null)
    notes.push(...middlewareNotes(cwd, files))
  else if (files.some((file) => /from ['"]next(?:\/|['"])/.test(file.text)))
    notes.push(
      'Next.js has no middleware around a request: wrap handlers in runRequest(…) of prisma-brisk for reports of N+1 loops.',
    )
  if (binding !== null)
    for (const edit of renameClientTypes(others, home, binding)) note(edit, "the extended client's types")
  return { edits, notes }
}

/** Of an application whose requests are counted nowhere. */
function middlewareNotes(cwd: string, files: readonly SourceFile[]): string[] {
  const framework = missingMiddleware(files.map((file) => file.text))
  if (framework === null) return []
  const places = files.filter((file) => missingMiddleware([file.text]) === framework)
  return [toMount(framework, places.map(({ path }) => shown(cwd, path)).join(', '))]
}

const toMount = ({ middleware, subpath }: Framework, place: string): string =>
  `${place}: mount ${middleware}(prisma) of prisma-brisk/${subpath} before the routes, for reports of N+1 loops.`

type ClientsOfFile = readonly [ClientSource, ...ClientSource[]]

/** The clients to extend, all in one file, or null where one is extended already. */
async function theClients(
  { cwd, client }: InitRequest,
  files: readonly SourceFile[],
): Promise<ClientsOfFile | null> {
  if (client === undefined) return only(cwd, findClients(files), 'No `new PrismaClient(…)` was found')
  const path = resolve(cwd, client)
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null)
    throw new InitError(`There is no file ${client}.`, 'Name the file that makes the PrismaClient.')
  return only(cwd, clientsIn(path, text), `${client} has no \`new PrismaClient(…)\``)
}

function only(cwd: string, sources: ClientSources, none: string): ClientsOfFile | null {
  const { clients, mounting, subclasses, unreadable } = sources
  if (mounting.length > 0) return null
  const [first, ...others] = clients
  const places = [...new Set(clients.map((each) => shown(cwd, each.path)))]
  if (first !== undefined && places.length === 1) return [first, ...others]
  if (first !== undefined) {
    throw new InitError(
      `There are ${clients.length} clients (${places.join(', ')}).`,
      'Choose the file with --client <file>, or add .$extends(brisk()) by hand.',
    )
  }
  const [subclass] = subclasses
  if (subclass !== undefined)
    throw new InitError(
      `${shown(cwd, subclass.path)}: ${subclass.name} extends PrismaClient, but an extended client is a value, not a class.`,
      'Let the class hold it instead: `readonly client = new PrismaClient({ adapter }).$extends(brisk())`.',
    )
  const [unread] = unreadable
  if (unread !== undefined)
    throw new InitError(
      `${shown(cwd, unread)} could not be parsed.`,
      'Mend it, or name another file with --client <file>.',
    )
  throw new InitError(`${none}.`, 'Name the file that makes it with --client <file>.')
}

/** Someone's unfinished edit of the schema must not get mixed with ours. Outside git there is nothing to ask. */
async function refuseDirty(cwd: string, path: string): Promise<void> {
  const status = await promisify(execFile)('git', ['status', '--porcelain', '--', path], { cwd }).catch(
    () => null,
  )
  const line = status?.stdout ?? ''
  if (line.trim() === '' || line.startsWith('??')) return
  throw new InitError(`${shown(cwd, path)} has uncommitted changes.`, 'Commit or undo them first.')
}
