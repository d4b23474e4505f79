import { advise } from '../advise.ts'
import { writeMigration } from '../migration/write-migration.ts'
import { jsonReport } from '../report/json-report.ts'
import { textReport } from '../report/text-report.ts'
import type { CliHost } from './run.ts'

export async function adviseCommand(
  options: { schema?: string; format: string; write?: boolean; check?: boolean },
  host: CliHost,
): Promise<number> {
  const run = await advise({
    cwd: host.cwd,
    ...(options.schema === undefined ? {} : { schema: options.schema }),
  })
  host.stdout(options.format === 'json' ? jsonReport(run.advice) : textReport(run.advice))
  if (options.write === true) {
    const written = await writeMigration(run, { now: host.now() })
    if (written !== null)
      host.stderr(`${written.proved}\n${written.files.map((file) => `wrote ${file}`).join('\n')}\n`)
  }
  return options.check === true && run.advice.recommendations.length > 0 ? 1 : 0
}
