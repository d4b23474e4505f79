import type { AdviceRun } from '../advice-run.ts'
import { adviseOn, collect } from '../advise.ts'
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

function asksForProof(flags: AdviseFlags): boolean {
  return (
    flags.workload !== undefined ||
    flags.databaseUrl !== undefined ||
    flags.statistics !== undefined ||
    (flags.planner !== undefined && flags.planner !== 'none')
  )
}
