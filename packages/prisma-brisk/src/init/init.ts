import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { BriskError } from '@prisma-brisk/core'
import { findProject, writeAll, type FileChange } from '@prisma-brisk/core/project'
import { clientsIn, findClients, shown, type ClientSource, type ClientSources } from './client-source.ts'
import { addBriskGenerator, hasBriskGenerator } from './generator-block.ts'
import { mountBrisk } from './mounted-source.ts'

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

export interface InitPlan {
  /** Empty when all is there, so running it twice is safe. */
  readonly changes: readonly FileChange[]
  /** What the change leaves to do by hand. */
  readonly notes: readonly string[]
}

/**
 * What `brisk init` would change: the generator block in the schema and `.$extends(brisk())` on the client.
 *
 * @throws InitError or the advisor's error when the project has no Prisma schema, the schema has uncommitted
 * changes, or the client cannot be told
 */
export async function planInit(request: InitRequest): Promise<InitPlan> {
  const { cwd } = request
  const project = await findProject({
    cwd,
    ...(request.schema === undefined ? {} : { schema: request.schema }),
  })
  const changes: FileChange[] = []
  const notes: string[] = []
  if (!project.schemaFiles.some((file) => hasBriskGenerator(file.text))) {
    const edited = project.schemaFiles
      .map((file) => ({
        path: file.path,
        was: file.text,
        text: /^\s*generator\s/m.test(file.text) ? addBriskGenerator(file.text) : null,
      }))
      .find((each) => each.text !== null)
    if (edited === undefined || edited.text === null) {
      throw new InitError(
        `${shown(cwd, project.schemaFiles[0]?.path ?? cwd)} has no generator block for Prisma Client.`,
        'Add one, run `prisma generate`, and try again.',
      )
    }
    await refuseDirty(cwd, edited.path)
    changes.push({ path: edited.path, text: edited.text, was: edited.was })
  }
  const clients = await theClients(request)
  if (clients !== null) {
    const [{ path, text: was }] = clients
    const { text, typedLines } = mountBrisk(clients)
    changes.push({ path, text, was })
    for (const line of typedLines)
      notes.push(
        `${shown(cwd, path)}:${line} says PrismaClient, which the extended client is not: let TypeScript infer it, or write ReturnType<typeof …>.`,
      )
  }
  return { changes, notes }
}

/** Writes what {@link planInit} planned: all files or none. */
export async function applyInit(changes: readonly FileChange[]): Promise<void> {
  await writeAll(changes)
}

type ClientsOfFile = readonly [ClientSource, ...ClientSource[]]

/** The clients to extend, all in one file, or null where one is extended already. */
async function theClients({ cwd, client }: InitRequest): Promise<ClientsOfFile | null> {
  if (client === undefined) return only(cwd, await findClients(cwd), 'No `new PrismaClient(…)` was found')
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
