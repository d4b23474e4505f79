import { AdvisorMissingError } from '../errors.ts'

type Advisor = typeof import('@prisma-brisk/index-advisor/cli')

/**
 * What a command of the index advisor prints for a project.
 *
 * @throws AdvisorMissingError where it is not installed
 */
export async function runAdvisor(argv: readonly string[], cwd: string): Promise<string> {
  let advisor: Advisor
  try {
    advisor = await import('@prisma-brisk/index-advisor/cli')
  } catch {
    throw new AdvisorMissingError()
  }
  const printed: string[] = []
  const failed: string[] = []
  const code = await advisor.run(argv, {
    cwd,
    stdout: (text) => void printed.push(text),
    stderr: (text) => void failed.push(text),
  })
  return code === 2 ? `${failed.join('')}${printed.join('')}` : printed.join('')
}
