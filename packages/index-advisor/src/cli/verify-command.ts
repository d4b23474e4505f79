import { resolve } from 'node:path'
import { collect } from '../advise.ts'
import { AdvisorError } from '../errors.ts'
import type { CliHost } from './cli-host.ts'
import { databaseUrlOf } from './database-url.ts'

export interface VerifyFlags {
  readonly schema?: string
  /** Default: that of `prisma.config.ts`. */
  readonly databaseUrl?: string
  readonly workload?: string
  readonly before?: string
  readonly format?: 'text' | 'json'
  /** Lists every index, not only what was added or is wrong. */
  readonly all?: boolean
}

/** `brisk verify`: 0 when all is as it should be, 1 when something is to be mended. */
export async function verifyCommand(flags: VerifyFlags, host: CliHost): Promise<number> {
  if ((flags.workload === undefined) !== (flags.before === undefined)) {
    throw new AdvisorError(
      'E_INVALID_OPTIONS',
      '--before and --workload compare two logs: give both or neither.',
    )
  }
  const { project, reading } = await collect({
    cwd: host.cwd,
    ...(flags.schema === undefined ? {} : { schema: flags.schema }),
  })
  if ('unsupported' in reading) {
    host.stdout(
      `Nothing to verify for ${reading.unsupported}: PostgreSQL, MySQL, MariaDB and SQLite are supported.\n`,
    )
    return 0
  }
  const { catalog } = reading
  const { connectDatabase, exportStatistics } = await import('../statistics/connect.ts')
  const { readWorkload } = await import('../workload/read-workload.ts')
  const { readReplicationSlots, slotsText } = await import('../verify/replication-slots.ts')
  const { verificationText, verifyIndexes } = await import('../verify/verify-indexes.ts')
  const log = (file: string | undefined) =>
    file === undefined ? null : readWorkload(resolve(host.cwd, file), catalog.provider)
  const [before, after] = [await log(flags.before), await log(flags.workload)]
  const connection = await connectDatabase(databaseUrlOf(flags.databaseUrl, project))
  try {
    const statistics = await exportStatistics(connection, { values: false })
    const slots = connection.provider === 'postgresql' ? await readReplicationSlots(connection) : []
    const verification = verifyIndexes({ catalog, statistics, before, after })
    host.stdout(
      flags.format === 'json'
        ? `${JSON.stringify({ ...verification, slots }, null, 2)}\n`
        : verificationText(verification, { all: flags.all === true }) + slotsText(slots),
    )
    return verification.isGood ? 0 : 1
  } finally {
    await connection.close()
  }
}
