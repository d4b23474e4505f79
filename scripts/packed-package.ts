import { createRequire } from 'node:module'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

import { sizeOf, staleSize } from './package-sizes.ts'
import { type Outcome, run } from './program.ts'
import { binary, ROOT, type WorkspacePackage } from './workspace.ts'

/** Packs a built package as it would be published, asks publint and attw about the tarball, and looks up its size in the docs. */
export async function checkPackedPackage({ name, directory }: WorkspacePackage): Promise<Outcome> {
  const place = mkdtempSync(join(tmpdir(), 'brisk-pack-'))
  try {
    const packed = await packPackage(directory, place)
    if (packed.code !== 0) return packed
    const tarball = join(place, readdirSync(place).find((file) => file.endsWith('.tgz')) ?? '')
    const [lint, types] = [await lintPackage(tarball), await checkTypes(tarball)]
    const stale = staleSize(await sizeOf({ name, directory }, tarball))
    return {
      code: lint.code || types.code || (stale === null ? 0 : 1),
      output: `${lint.output}${types.output}${stale === null ? '' : `${stale}\n`}`.replace(
        /^(?=.)/gm,
        `${name}: `,
      ),
    }
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** The pinned pnpm, because it alone fills in the catalog's versions and the published `exports`. */
export async function packPackage(directory: string, destination: string): Promise<Outcome> {
  const { packageManager } = createRequire(import.meta.url)(join(ROOT, 'package.json')) as {
    packageManager: string
  }
  return run('npx', ['--yes', packageManager, 'pack', '--pack-destination', destination], directory)
}

async function lintPackage(tarball: string): Promise<Outcome> {
  const bytes = readFileSync(tarball)
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true })
  const relevant = messages.filter(({ type }) => type !== 'suggestion')
  return {
    code: relevant.length > 0 ? 1 : 0,
    output: relevant.map((message) => `publint: ${formatMessage(message, pkg)}\n`).join(''),
  }
}

/** The `node16` profile: engines ask for Node 20, so how Node 10 resolved subpaths does not matter. */
async function checkTypes(tarball: string): Promise<Outcome> {
  const outcome = await run(
    process.execPath,
    [
      binary('@arethetypeswrong/cli', 'attw'),
      tarball,
      '--profile',
      'node16',
      '--format',
      'ascii',
      '--no-emoji',
      '--quiet',
    ],
    ROOT,
  )
  return outcome.code === 0 ? { code: 0, output: '' } : { code: 1, output: `attw: ${outcome.output}` }
}
