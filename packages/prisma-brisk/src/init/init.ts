import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'
import { BriskError } from '@prisma-brisk/core'
import { findProject, writeAll, type FileChange } from '@prisma-brisk/index-advisor/project'
import { clientsIn, findClients, mountBrisk, shown, type ClientSource } from './client-source.ts'
import { addBriskGenerator, hasBriskGenerator } from './generator-block.ts'

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

/**
 * What `brisk init` would change: the generator block in the schema and `.$extends(brisk())` on the client. Empty
 * when all is there, so running it twice is safe.
 *
 * @throws InitError or the advisor's error when the project has no Prisma schema, the schema has uncommitted
 * changes, or the client cannot be told
 */
export async function planInit(request: InitRequest): Promise<FileChange[]> {
  const { cwd } = request
  const project = await findProject({
    cwd,
    ...(request.schema === undefined ? {} : { schema: request.schema }),
  })
  const changes: FileChange[] = []
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
  const client = await theClient(request)
  if (!client.mounted) changes.push({ path: client.path, text: mountBrisk(client), was: client.text })
  return changes
}

/** Writes what {@link planInit} planned: all files or none. */
export async function applyInit(changes: readonly FileChange[]): Promise<void> {
  await writeAll(changes)
}

async function theClient({ cwd, client }: InitRequest): Promise<ClientSource> {
  if (client !== undefined) {
    const { readFile } = await import('node:fs/promises')
    const path = resolve(cwd, client)
    const text = await readFile(path, 'utf8').catch(() => null)
    if (text === null)
      throw new InitError(`There is no file ${client}.`, 'Name the file that makes the PrismaClient.')
    return only(cwd, clientsIn(path, text), `${client} has no \`new PrismaClient(…)\``)
  }
  return only(cwd, await findClients(cwd), 'No `new PrismaClient(…)` was found')
}

function only(cwd: string, clients: readonly ClientSource[], none: string): ClientSource {
  const [first, ...others] = clients
  if (first === undefined)
    throw new InitError(`${none}.`, 'Name the file that makes it with --client <file>.')
  if (others.length === 0) return first
  const places = [...new Set(clients.map((each) => shown(cwd, each.path)))].join(', ')
  throw new InitError(
    `There are ${clients.length} clients (${places}).`,
    'Choose the file with --client <file>, or add .$extends(brisk()) by hand.',
  )
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
