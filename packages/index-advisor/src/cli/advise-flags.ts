import type { AdviceRun } from '../advice-run.ts'
import { adviseOn, collect } from '../advise.ts'
import { AdvisorError } from '../errors.ts'
import type { CliHost } from './cli-host.ts'
import { withProgress } from './progress.ts'

/** What the advice is made from and how it is printed, as the command line says. */
export interface AdviseFlags {
  readonly schema?: string
  readonly migrations?: string
  /** False with `--no-source`. */
  readonly source?: readonly string[] | false | true
  readonly minRows?: number
  readonly maxIndexesPerTable?: number
  readonly writeWeight?: number
  readonly workload?: string
  readonly databaseUrl?: string
  readonly statistics?: string
  readonly planner?: 'pglite' | 'hypopg' | 'transaction' | 'sqlite' | 'mariadb' | 'none'
  readonly allowCreate?: boolean
  /** Megabytes for all recommended indexes. */
  readonly budget?: number
  readonly minCalls?: number
  readonly format?: 'text' | 'json' | 'markdown' | 'sarif' | 'html'
  readonly write?: boolean
  readonly dropRedundant?: boolean
  readonly shadowDatabaseUrl?: string
  /** All advice beside indexes, not the dearest five alone. */
  readonly all?: boolean
  readonly check?: boolean
  readonly baseline?: string
  readonly updateBaseline?: boolean
}

/** Runs the whole pipeline as the flags say. */
export async function adviceOf(flags: AdviseFlags, host: CliHost): Promise<AdviceRun> {
  const collected = await collect({
    cwd: host.cwd,
    ...(flags.schema === undefined ? {} : { schema: flags.schema }),
    ...(flags.migrations === undefined ? {} : { migrations: flags.migrations }),
  })
  const options = {
    ...(flags.source === false ? {} : { source: flags.source ?? true }),
    ...(flags.minRows === undefined ? {} : { minRows: flags.minRows }),
    ...(flags.maxIndexesPerTable === undefined ? {} : { maxIndexesPerTable: flags.maxIndexesPerTable }),
    ...(flags.writeWeight === undefined ? {} : { writeWeight: flags.writeWeight }),
  } as const
  if (!asksForProof(flags)) {
    return withProgress(host, 'Reading schema and source', () => adviseOn(collected, options))
  }
  return withProgress(host, 'Reading workload and statistics, planning', async () => {
    const { openEvidence } = await import('../evidence.ts')
    const evidence = await openEvidence(collected, {
      cwd: host.cwd,
      ...flags,
      ...(flags.budget === undefined ? {} : { budgetBytes: flags.budget * 1_000_000 }),
    })
    try {
      return await adviseOn(evidence.collected, {
        ...options,
        shapes: evidence.shapes,
        selector: evidence.selector,
      })
    } finally {
      await evidence.close()
    }
  })
}

/** What is asked for and could change nothing. */
export function refuseIdleSources(flags: AdviseFlags): void {
  const hasStatistics = flags.statistics !== undefined || flags.databaseUrl !== undefined
  if (flags.shadowDatabaseUrl !== undefined && flags.write !== true && !hasStatistics)
    refuse('--shadow-database-url', '--write, --statistics or --database-url')
  if (flags.budget !== undefined && (!hasStatistics || flags.planner === 'none'))
    refuse('--budget', 'a planner that knows the size of indexes: --statistics or --database-url')
  if (flags.minRows !== undefined && !hasStatistics)
    refuse('--min-rows', 'the number of rows: --statistics or --database-url')
  if (flags.minCalls !== undefined && flags.workload === undefined && flags.databaseUrl === undefined)
    refuse('--min-calls', '--workload or --database-url')
  if (flags.allowCreate === true && flags.planner !== 'transaction')
    refuse('--allow-create', '--planner transaction')
}

export function refuse(flag: string, wanted: string): never {
  throw new AdvisorError('E_INVALID_OPTIONS', `${flag} does nothing without ${wanted}.`)
}

function asksForProof(flags: AdviseFlags): boolean {
  return (
    flags.workload !== undefined ||
    flags.databaseUrl !== undefined ||
    flags.statistics !== undefined ||
    (flags.planner !== undefined && flags.planner !== 'none')
  )
}
