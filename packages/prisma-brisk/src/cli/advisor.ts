import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BriskError } from '@prisma-brisk/core'
import type { CliHost } from './cli-host.ts'
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
  const advisor = (await besideSuite()) ?? (await inProject(cwd))
  if (advisor === null) throw new AdvisorMissingError(argv[0] ?? 'advise', cwd)
  return advisor.run(argv, host, 'brisk')
}

/** An optional peer: package managers link it for us where the project has it. */
async function besideSuite(): Promise<Advisor | null> {
  try {
    return await import('@prisma-brisk/index-advisor/cli')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

/** Where the suite runs from elsewhere (`npx prisma-brisk`, a global install), the project's own. */
async function inProject(cwd: string): Promise<Advisor | null> {
  let entry
  try {
    entry = createRequire(join(cwd, 'package.json')).resolve('@prisma-brisk/index-advisor/cli')
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
  return (await import(pathToFileURL(entry).href)) as Advisor
}

/** The advisor itself, not a package it needs. */
function isMissing(error: unknown): boolean {
  const { code, message } = error as NodeJS.ErrnoException
  return (
    (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND') &&
    /Cannot find (?:package|module) '@prisma-brisk\/index-advisor|@prisma-brisk\/index-advisor[^]*isn't/.test(
      message,
    )
  )
}
