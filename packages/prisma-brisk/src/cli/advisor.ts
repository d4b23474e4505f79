import { BriskError } from '@prisma-brisk/core'
import type { CliHost } from './cli-host.ts'
import { optionalPeer } from './optional-peer.ts'
import { installLine, packageManagerOf } from '../init/package-manager.ts'

/** The index advisor is a development dependency, and is not there. */
export class AdvisorMissingError extends BriskError {
  constructor(command: string, cwd: string) {
    const line = installLine(packageManagerOf(cwd), '@prisma-brisk/index-advisor', 'development')
    super('E_ADVISOR_MISSING', `${command} needs the index advisor, which is not installed: ${line}`)
  }
}

type Advisor = typeof import('@prisma-brisk/index-advisor/cli')

/**
 * Runs one of the advisor's commands.
 *
 * @throws AdvisorMissingError where the project does not have the advisor
 */
export async function runAdvisor(
  argv: readonly string[],
  host: Partial<CliHost>,
  cwd: string,
): Promise<number> {
  const advisor = await optionalPeer<Advisor>(
    '@prisma-brisk/index-advisor',
    () => import('@prisma-brisk/index-advisor/cli'),
    cwd,
  )
  if (advisor === null) throw new AdvisorMissingError(argv[0] ?? 'advise', cwd)
  return advisor.run(argv, host, 'brisk')
}
