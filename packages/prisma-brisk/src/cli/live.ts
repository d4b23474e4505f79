import { BriskError } from '@prisma-brisk/core'
import { installLine, packageManagerOf } from '../init/package-manager.ts'
import type { CliHost } from './cli-host.ts'
import { optionalPeer } from './optional-peer.ts'

/** `brisk live` is a development dependency, and is not there. */
export class LiveMissingError extends BriskError {
  constructor(command: string, cwd: string) {
    const line = installLine(packageManagerOf(cwd), '@prisma-brisk/live', 'development')
    super('E_LIVE_MISSING', `${command} needs @prisma-brisk/live, which is not installed: ${line}`)
  }
}

type Live = typeof import('@prisma-brisk/live/cli')

/**
 * Runs one of the commands of `@prisma-brisk/live`.
 *
 * @throws LiveMissingError where the project does not have it
 */
export async function runLive(argv: readonly string[], host: Partial<CliHost>, cwd: string): Promise<number> {
  const live = await optionalPeer<Live>('@prisma-brisk/live', () => import('@prisma-brisk/live/cli'), cwd)
  if (live === null) throw new LiveMissingError(argv[0] ?? 'live', cwd)
  return live.run(argv, host, 'brisk')
}
