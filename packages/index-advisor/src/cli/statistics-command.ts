import { findProject } from '@prisma-brisk/core/project'
import type { CliHost } from './cli-host.ts'
import { databaseUrlOf } from './database-url.ts'

export interface StatisticsFlags {
  /** Default: that of `prisma.config.ts`. */
  readonly databaseUrl?: string
  readonly values?: boolean
  readonly schemas?: readonly string[]
}

/** `brisk statistics export` */
export async function statisticsCommand(flags: StatisticsFlags, host: CliHost): Promise<number> {
  const { connectDatabase, exportStatistics } = await import('../statistics/connect.ts')
  const connection = await connectDatabase(flags.databaseUrl ?? (await ofProject(host)))
  try {
    const statistics = await exportStatistics(connection, {
      values: flags.values !== false,
      ...(flags.schemas === undefined ? {} : { schemas: flags.schemas }),
    })
    host.stdout(`${JSON.stringify(statistics, null, 1)}\n`)
    if (statistics.unreadable.length > 0) {
      host.stderr(`left out, the role may not read them: ${statistics.unreadable.join(', ')}\n`)
    }
    return 0
  } finally {
    await connection.close()
  }
}

async function ofProject({ cwd }: CliHost): Promise<string> {
  return databaseUrlOf(undefined, await findProject({ cwd, configLoader: () => import('@prisma/config') }))
}
