import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Which Prisma a project is written for. */
export interface PrismaGeneration {
  /** 5, 6, 7, 8, …; null where nothing says it. */
  readonly major: number | null
  /** What says so: `prisma 6.19.0`, `@prisma/orm-postgres in package.json`. */
  readonly evidence: string
}

/** By what the project depends on and has installed. */
export async function prismaGenerationOf(cwd: string): Promise<PrismaGeneration> {
  const wanted = await dependenciesOf(cwd)
  // The rewrite that is to be Prisma 8 comes in packages of its own.
  const rewritten = Object.keys(wanted).find((name) =>
    /^(@prisma\/orm-|@prisma-next\/|prisma-next$)/.test(name),
  )
  if (rewritten !== undefined) return { major: 8, evidence: `${rewritten} in package.json` }
  for (const name of ['@prisma/client', 'prisma']) {
    const version = installedVersion(cwd, name) ?? wanted[name]
    const major = /\d+/.exec(version ?? '')?.[0]
    if (major !== undefined) return { major: Number(major), evidence: `${name} ${version}` }
  }
  return { major: null, evidence: '' }
}

async function dependenciesOf(cwd: string): Promise<Readonly<Record<string, string>>> {
  try {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(
      await readFile(join(cwd, 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string> | undefined>
    return { ...devDependencies, ...dependencies }
  } catch {
    return {}
  }
}

function installedVersion(cwd: string, name: string): string | undefined {
  try {
    const require = createRequire(join(cwd, 'package.json'))
    return (require(`${name}/package.json`) as { version?: string }).version
  } catch {
    return undefined
  }
}
