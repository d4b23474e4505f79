import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * The commands of an optional peer: package managers link it for us where the project has it. Where the suite runs from elsewhere
 * (`npx prisma-brisk`, a global install), it is the project's own. Null where there is none.
 *
 * @param beside imports it by its name
 */
export async function optionalPeer<M>(
  name: string,
  beside: () => Promise<M>,
  cwd: string,
): Promise<M | null> {
  try {
    return await beside()
  } catch (error) {
    if (!isMissing(error, name)) throw error
  }
  let entry
  try {
    entry = createRequire(join(cwd, 'package.json')).resolve(`${name}/cli`)
  } catch (error) {
    if (isMissing(error, name)) return null
    throw error
  }
  return (await import(pathToFileURL(entry).href)) as M
}

/** The peer itself, not a package it needs. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException
  return (
    (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') &&
    (message.includes(`Cannot find package '${name}`) ||
      message.includes(`Cannot find module '${name}`) ||
      (message.includes(name) && message.includes("isn't")))
  )
}
