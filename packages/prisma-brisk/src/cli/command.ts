import { Command, CommanderError } from 'commander'
import type { ChangesFlags } from '../changes/changes-command.ts'
import type { InitFlags, InitHost } from '../init/init-command.ts'
import { advisorCommands } from './advisor-commands.ts'
import { liveCommands } from './live-commands.ts'
import { processHost, type CliHost } from './cli-host.ts'

/**
 * The `brisk` command: `init`, and the commands of the index advisor and of `brisk live` where they are installed. Each command's code is
 * loaded when it runs, so that `brisk --help` answers at once.
 *
 * @returns exit code: 0 done, 1 findings or declined, 2 bad input
 */
export async function runBrisk(
  argv: readonly string[],
  host: Partial<CliHost> & Pick<InitHost, 'confirm'> = {},
): Promise<number> {
  const to = { ...processHost(), ...host }
  const [first] = argv
  try {
    const asked = first === 'help' ? [...argv.slice(1), '--help'] : argv
    if (isAdvisors(asked[0])) {
      const { runAdvisor } = await import('./advisor.ts')
      return await runAdvisor(asked, host, to.cwd)
    }
    if (liveCommands.some(([each]) => each === asked[0])) {
      const { runLive } = await import('./live.ts')
      return await runLive(asked, host, to.cwd)
    }
    let exitCode = 0
    await commands(to, (code) => (exitCode = code)).parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { BriskError } = await import('@prisma-brisk/core')
    // What is no fault of the input is a fault of ours: its stack is wanted.
    const text =
      error instanceof BriskError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error)
    to.stderr(`brisk: ${text}\n`)
    return 2
  }
}

const isAdvisors = (name: string | undefined): boolean => advisorCommands.some(([each]) => each === name)

function commands(host: CliHost & Pick<InitHost, 'confirm'>, done: (exitCode: number) => void): Command {
  const program = new Command('brisk')
    .description('Sets prisma-brisk up in an application, and advises on the indexes of its database.')
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: host.stdout,
      writeErr: host.stderr,
      outputError: (text, write) => write(`brisk: ${text.replace(/^error: /, '').trim()}\n`),
    })
  program
    .command('init')
    .description('add brisk() to your client and its generator to your schema, after showing the change')
    .option('--schema <path>', 'schema file or directory (default: as prisma.config.ts says)')
    .option('--client <file>', 'the file that makes the PrismaClient')
    .option(
      '--from-accelerate',
      'leave Prisma Accelerate: a driver adapter, withAccelerate() of the suite, the dependencies',
    )
    .option('--yes', 'write without asking')
    .option('--no-types', 'do not check types before and after')
    .action(async ({ fromAccelerate: isMove, ...flags }: InitFlags & { fromAccelerate?: boolean }) => {
      const { initCommand } = await import('../init/init-command.ts')
      if (isMove !== true) return done(await initCommand(flags, host))
      const { fromAccelerate } = await import('../init/accelerate/from-accelerate.ts')
      // What it imports is installed only then.
      done(await initCommand({ ...flags, types: false }, host, fromAccelerate))
    })
  const changes = program
    .command('changes')
    .description(
      'the triggers, or the publication, by which a cache hears of writes from elsewhere (PostgreSQL)',
    )
  for (const [action, description] of [
    ['install', 'write the migration that makes them, after showing what it does'],
    ['uninstall', 'write the migration that takes them away'],
  ] as const)
    changes
      .command(action)
      .description(description)
      .option('--schema <path>', 'schema file or directory (default: as prisma.config.ts says)')
      .option('--models <names>', 'only the tables of these models, separated by commas (default: all)')
      .option('--partitions', 'watch the partitions of tables too, those that there are then')
      .option('--replication', 'a publication for logical replication, instead of triggers')
      .option('--full-rows', 'with --replication: log whole rows (REPLICA IDENTITY FULL), so that lists last')
      .option('--publication <name>', 'its name (default: brisk_changes)')
      .option('--channel <name>', 'the channel to tell on (default: brisk_changes)')
      .option('--sql', 'print the SQL, and write nothing')
      .option('--yes', 'write without asking')
      .action(async (flags: ChangesFlags) => {
        const { changesCommand } = await import('../changes/changes-command.ts')
        done(await changesCommand(action, flags, host))
      })
  // For the list of `brisk --help` alone: `runBrisk` hands them to the advisor.
  for (const [name, description] of advisorCommands) program.command(name).description(description)
  for (const [name, description] of liveCommands) program.command(name).description(description)
  return program
}
