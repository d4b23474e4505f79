import { advise } from '../../src/advise.ts'
import type { AdviceRun } from '../../src/advice-run.ts'
import type { AdviseOptions } from '../../src/options.ts'
import { TestProject } from './project.ts'

export interface SmallProject {
  readonly provider?: 'postgresql' | 'mysql' | 'sqlite' | undefined
  readonly previewFeatures?: readonly string[] | undefined
  /** The models alone. */
  readonly models: string
  /** One migration, or several in their order. */
  readonly migrations?: string | readonly string[] | undefined
  /** `src/q.ts`, below a client called `prisma`. */
  readonly source?: string | undefined
  readonly files?: Readonly<Record<string, string>> | undefined
}

export interface SmallAdvice {
  readonly run: AdviceRun
  /** Of the recommendations. */
  readonly ids: readonly string[]
  /** `kind index` of the findings. */
  readonly remarks: readonly string[]
  readonly reasons: readonly string[]
}

/** The files of a project with little in it. */
export function smallFiles(project: SmallProject): Record<string, string> {
  const { provider = 'postgresql', previewFeatures = [], models, migrations = [], source, files } = project
  const preview =
    previewFeatures.length === 0 ? '' : `  previewFeatures = ${JSON.stringify(previewFeatures)}\n`
  const list = typeof migrations === 'string' ? [migrations] : migrations
  return {
    'prisma/schema.prisma': `datasource db {\n  provider = "${provider}"\n}\ngenerator client {\n  provider = "prisma-client"\n  output   = "../generated"\n${preview}}\n${models}\n`,
    ...Object.fromEntries(
      list.map((sql, at) => [`prisma/migrations/2026010100000${at}_m/migration.sql`, sql]),
    ),
    ...(source === undefined ? {} : { 'src/q.ts': CLIENT + source }),
    ...files,
  }
}

/** What is advised on it, from schema, migrations and source. */
export async function adviceOn(project: SmallProject, options: AdviseOptions = {}): Promise<SmallAdvice> {
  const made = new TestProject(smallFiles(project))
  try {
    const run = await advise({ cwd: made.cwd, source: true, ...options })
    return {
      run,
      ids: run.advice.recommendations.map((each) => each.id),
      remarks: run.advice.findings.map((each) => `${each.kind} ${each.index}`.trim()),
      reasons: run.advice.findings.map((each) => each.reason),
    }
  } finally {
    made.remove()
  }
}

const CLIENT = `import { PrismaClient, Prisma } from '../generated/client'
const prisma = new PrismaClient()
`
