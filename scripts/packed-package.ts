import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

import { sizeOf, staleSize } from './package-sizes.ts'
import { type Outcome, run } from './program.ts'
import { binary, publishedPackages, ROOT, type WorkspacePackage } from './workspace.ts'

/** A package as it would be published. */
export interface PackedPackage extends WorkspacePackage {
  /** Path of its tarball. */
  readonly tarball: string
}

/**
 * Packs all built packages into a directory, in one go. With the pinned pnpm, because it alone fills in the catalog's versions
 * and the published `exports`.
 *
 * @throws Error what pnpm says where it fails
 */
export async function packPackages(destination: string): Promise<PackedPackage[]> {
  const { packageManager } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    packageManager: string
  }
  const pack = ['-r', '--filter', './packages/*', 'pack', '--pack-destination', destination]
  const { code, output } = await run('npx', ['--yes', packageManager, ...pack], ROOT)
  if (code !== 0) throw new Error(output)
  const files = readdirSync(destination)
  return publishedPackages().map((each) => {
    const prefix = `${each.name.replace('@', '').replace('/', '-')}-`
    const file = files.find((file) => file.startsWith(prefix) && /^\d/.test(file.slice(prefix.length)))
    if (file === undefined) throw new Error(`no tarball of ${each.name}`)
    return { ...each, tarball: join(destination, file) }
  })
}

/** Runs with the packed packages, in a directory that is removed afterwards. */
export async function withPackedPackages<T>(use: (packages: PackedPackage[]) => Promise<T>): Promise<T> {
  const place = mkdtempSync(join(tmpdir(), 'brisk-pack-'))
  try {
    return await use(await packPackages(place))
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** Asks publint and attw about the tarball, and looks up its size in the docs. */
export async function checkPackedPackage(packed: PackedPackage): Promise<Outcome> {
  const [lint, types] = [await lintPackage(packed.tarball), await checkTypes(packed.tarball)]
  const stale = staleSize(await sizeOf(packed, packed.tarball))
  return {
    code: lint.code || types.code || (stale === null ? 0 : 1),
    output: `${lint.output}${types.output}${stale === null ? '' : `${stale}\n`}`.replace(
      /^(?=.)/gm,
      `${packed.name}: `,
    ),
  }
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
