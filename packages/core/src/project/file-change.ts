import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ProjectError } from './project-error.ts'

export interface FileChange {
  readonly path: string
  readonly text: string
  /** What must stand there now; null: nothing. */
  readonly was: string | null
}

/**
 * All of the files or none: each is written beside its place first, then all are renamed; when one fails, the ones
 * before it are put back and directories made on the way are removed.
 * @throws ProjectError E_WRITE_FAILED
 */
export async function writeAll(changes: readonly FileChange[]): Promise<void> {
  const undo: (() => Promise<unknown>)[] = []
  try {
    for (const change of changes)
      if ((await current(change.path)) !== change.was)
        throw new Error(`${change.path} was changed in the meantime`)
    for (const change of changes) {
      const made = await mkdir(dirname(change.path), { recursive: true })
      if (made !== undefined) undo.push(() => removeEmpty(dirname(change.path), made))
      const beside = temporary(change.path)
      undo.push(() => rm(beside, { force: true }))
      await writeFile(beside, change.text)
    }
    for (const { path, was } of changes) {
      await rename(temporary(path), path)
      undo.push(() => (was === null ? rm(path, { force: true }) : writeFile(path, was)))
    }
  } catch (error) {
    for (const step of undo.reverse()) await step().catch(() => {})
    throw new ProjectError('E_WRITE_FAILED', `Nothing was written: ${(error as Error).message}.`, {
      cause: error,
    })
  }
}

function temporary(path: string): string {
  return `${path}.brisk-${process.pid}.tmp`
}

async function current(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** Removes the directories from `path` up to `top`, so long as they are empty. */
async function removeEmpty(path: string, top: string): Promise<void> {
  for (let at = path; at.length >= top.length; at = dirname(at)) await rmdir(at)
}
