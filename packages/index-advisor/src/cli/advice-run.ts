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
  return withProgress(host, 'Reading schema and source', () =>
    adviseOn(collected, {
      ...(flags.source === false ? {} : { source: flags.source ?? true }),
      ...(flags.minRows === undefined ? {} : { minRows: flags.minRows }),
      ...(flags.maxIndexesPerTable === undefined ? {} : { maxIndexesPerTable: flags.maxIndexesPerTable }),
    }),
  )
}
