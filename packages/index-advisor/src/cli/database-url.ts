import type { Project } from '@prisma-brisk/core/project'
import { AdvisorError } from '../errors.ts'

/**
 * The database of a command that needs one: that of `--database-url`, else that of the project.
 *
 * @throws AdvisorError E_DATABASE where neither names one
 */
export function databaseUrlOf(flag: string | undefined, { databaseUrl }: Project): string {
  const url = flag ?? databaseUrl
  if (url !== null) return url
  throw new AdvisorError(
    'E_DATABASE',
    'No database to read: give --database-url, or set `datasource.url` in prisma.config.ts, and the variable that it reads in this shell.',
  )
}
