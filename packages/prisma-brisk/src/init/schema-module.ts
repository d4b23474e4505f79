import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { metadataFiles } from '@prisma-brisk/core/generator'
import type { FileChange, SchemaFile } from '@prisma-brisk/core/project'

/**
 * The module that `prisma generate` will write from now on, as it would write it: the project compiles before the
 * first `generate`, too.
 *
 * @param block the schema file with our generator's block, after the change
 * @returns null where Prisma cannot read the schema yet: its own error says more than ours would
 */
export async function schemaModule(
  block: SchemaFile,
  files: readonly SchemaFile[],
): Promise<FileChange | null> {
  const datamodel = files.map((file) => (file.path === block.path ? block.text : file.text)).join('\n')
  try {
    const [module] = metadataFiles(block, datamodel)
    if (module === undefined) return null
    const [path, text] = module
    return { path, text, was: await readFile(path, 'utf8').catch(() => null) }
  } catch {
    return null
  }
}

/** A line for `.gitignore` where the generated client is ignored and the module beside it is not. */
export async function ignoreLine(cwd: string, module: string, block: SchemaFile): Promise<FileChange | null> {
  const isIgnored = (path: string) =>
    promisify(execFile)('git', ['check-ignore', '-q', '--', path], { cwd }).then(
      () => true,
      () => false,
    )
  if (await isIgnored(module)) return null
  const outputs = [...block.text.matchAll(/^\s*output\s*=\s*"([^"]+)"/gm)].map(([, output = '']) =>
    resolve(dirname(block.path), output),
  )
  const ignored = await Promise.all(outputs.map(isIgnored))
  if (!ignored.includes(true)) return null
  const path = join(cwd, '.gitignore')
  const was = await readFile(path, 'utf8').catch(() => null)
  const line = `/${relative(cwd, module).replaceAll('\\', '/')}`
  const text = was === null || was === '' ? `${line}\n` : `${was.replace(/\n?$/, '\n')}${line}\n`
  return { path, text, was }
}
