import type { AdviceRun } from '../advise.ts'
import { adviseOn, collect } from '../advise.ts'
import type { AdviseFlags } from './advise-command.ts'
import type { CliHost } from './cli-host.ts'
import { withProgress } from './progress.ts'

/** Runs the whole pipeline as the flags say. */
export async function adviceRun(flags: AdviseFlags, host: CliHost): Promise<AdviceRun> {
  const collected = await collect({
    cwd: host.cwd,
    ...(flags.schema === undefined ? {} : { schema: flags.schema }),
  })
  const options = {
    ...(flags.source === false ? {} : { source: flags.source ?? true }),
    ...(flags.minRows === undefined ? {} : { minRows: flags.minRows }),
    ...(flags.maxIndexesPerTable === undefined ? {} : { maxIndexesPerTable: flags.maxIndexesPerTable }),
  } as const
  if (!asksForProof(flags)) {
    return withProgress(host, 'Reading schema and source', () => adviseOn(collected, options))
  }
  return withProgress(host, 'Reading workload and statistics, planning', async () => {
    const { openEvidence } = await import('../proof.ts')
    const evidence = await openEvidence(collected, {
      cwd: host.cwd,
      ...flags,
      ...(flags.budget === undefined ? {} : { budgetBytes: flags.budget * 1_000_000 }),
    })
    try {
      return await adviseOn(evidence.collected, {
        ...options,
        shapes: evidence.shapes,
        chooser: evidence.chooser,
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
