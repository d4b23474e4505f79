import { relative, resolve } from 'node:path'
import type { AdviceRun } from '../advice-run.ts'
import { adviceOf, refuse, refuseIdleSources, type AdviseFlags } from './advise-flags.ts'
import { newTo, readBaseline, writeBaseline } from './baseline.ts'
import type { CliHost } from './cli-host.ts'
import { withProgress } from './progress.ts'

/** `brisk advise` */
export async function adviseCommand(flags: AdviseFlags, host: CliHost): Promise<number> {
  refuseIdleFlags(flags)
  const baseline = flags.baseline === undefined ? null : resolve(host.cwd, flags.baseline)
  const known =
    baseline === null || flags.updateBaseline === true ? new Set<string>() : await readBaseline(baseline)
  const run = await adviceOf(flags, host)
  host.stdout(await report(run, flags, host))
  if (flags.write === true) await write(run, flags, host)
  if (baseline !== null && flags.updateBaseline === true) {
    await writeBaseline(baseline, run.advice)
    host.stderr(`wrote ${relative(host.cwd, baseline)}\n`)
    return 0
  }
  if (flags.check !== true) return 0
  const fresh = newTo(known, run.advice)
  if (known.size > 0 && fresh.length > 0)
    host.stderr(`${fresh.length} not in the baseline: ${fresh.join('; ')}\n`)
  return fresh.length > 0 ? 1 : 0
}

function refuseIdleFlags(flags: AdviseFlags): void {
  if (flags.dropRedundant === true && flags.write !== true) refuse('--drop-redundant', '--write')
  refuseIdleSources(flags)
  if (flags.updateBaseline === true && flags.baseline === undefined)
    refuse('--update-baseline', '--baseline <file>')
  if (flags.baseline !== undefined && flags.check !== true && flags.updateBaseline !== true)
    refuse('--baseline', '--check')
}

async function report(run: AdviceRun, flags: AdviseFlags, host: CliHost): Promise<string> {
  switch (flags.format) {
    case 'json':
      return (await import('../report/json-report.ts')).jsonReport(run.advice)
    case 'markdown':
      return (await import('../report/markdown-report.ts')).markdownReport(run)
    case 'sarif':
      return (await import('../report/sarif-report.ts')).sarifReport(run)
    case 'html':
      return (await import('../report/html-report.ts')).htmlReport(run)
    default:
      return (await import('../report/text-report.ts')).textReport(run, {
        colors: host.isTerminal,
        all: flags.all === true,
      })
  }
}

async function write(run: AdviceRun, flags: AdviseFlags, host: CliHost): Promise<void> {
  if ((flags.format ?? 'text') !== 'text') {
    const warning = (await import('../report/text-report.ts')).writeWarning(run.advice.recommendations)
    if (warning !== null) host.stderr(`${warning}\n`)
  }
  const { writeMigration } = await import('../migration/write-migration.ts')
  const written = await withProgress(host, 'Proving the migration', () =>
    writeMigration(run, {
      now: host.now(),
      dropRedundant: flags.dropRedundant === true,
      ...(flags.shadowDatabaseUrl === undefined ? {} : { shadowDatabaseUrl: flags.shadowDatabaseUrl }),
    }),
  )
  if (written === null) host.stderr('Nothing to write.\n')
  else host.stderr(`${written.proved}\n${written.files.map((file) => `wrote ${file}`).join('\n')}\n`)
}
