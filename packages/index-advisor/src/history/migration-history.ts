import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { AdvisorError } from '../errors.ts'

export interface MigrationDirectory {
  /** `20260101120000_init` */
  readonly name: string
  readonly sql: string
}

/** The migrations in the order in which Prisma applies them; null where the directory does not exist. */
export async function readMigrations(directory: string): Promise<MigrationDirectory[] | null> {
  let entries
  try {
    entries = await readdir(directory, { withFileTypes: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new AdvisorError('E_MIGRATIONS', `${directory} could not be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
  const names = entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort()
  return Promise.all(
    names.map(async (name) => {
      const file = join(directory, name, 'migration.sql')
      try {
        return { name, sql: await readFile(file, 'utf8') }
      } catch (error) {
        throw new AdvisorError('E_MIGRATIONS', `${file} could not be read: ${(error as Error).message}`, {
          cause: error,
        })
      }
    }),
  )
}

/** A name that sorts after all the others: the time in UTC, or one second after the last migration's. */
export function nextMigrationStamp(now: Date, existing: readonly MigrationDirectory[]): string {
  const last =
    existing
      .map((each) => /^\d{14}/.exec(each.name)?.[0] ?? '')
      .sort()
      .at(-1) ?? ''
  const stamp = stampOf(now)
  return stamp > last ? stamp : laterStamp(last, 1)
}

/** The stamp some seconds later. */
export function laterStamp(stamp: string, seconds: number): string {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(stamp) ?? []
  return stampOf(
    new Date(
      Date.UTC(
        Number(year),
        Number(month) - 1,
        Number(day),
        Number(hour),
        Number(minute),
        Number(second) + seconds,
      ),
    ),
  )
}

function stampOf(time: Date): string {
  return time.toISOString().replaceAll(/[-:T]/g, '').slice(0, 14)
}

/**
 * Directories near one that does not exist, that hold migrations: a project may keep them by database
 * (`prisma/postgresql-migrations`) or elsewhere. Sorted.
 */
export async function migrationsElsewhere(directory: string, cwd: string): Promise<string[]> {
  const found = new Set<string>()
  for (const near of new Set([dirname(directory), join(cwd, 'prisma'), cwd]))
    for (const name of await directoriesIn(near)) {
      const path = join(near, name)
      if (path !== directory && (await holdsMigrations(path))) found.add(path)
    }
  return [...found].sort()
}

async function holdsMigrations(directory: string): Promise<boolean> {
  const first = (await directoriesIn(directory)).find((name) => /^\d{14}/.test(name))
  if (first === undefined) return false
  const files: string[] = await readdir(join(directory, first)).catch(() => [])
  return files.includes('migration.sql')
}

async function directoriesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules' && !entry.name.startsWith('.'))
    .map((entry) => entry.name)
    .sort()
}
