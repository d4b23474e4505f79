import { Command, CommanderError } from 'commander'

/** Where the command reads and writes; the process's own by default. */
export interface CliHost {
  readonly cwd: string
  readonly now: () => Date
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
}

/**
 * The `brisk` command.
 * @param argv arguments without `node` and the script
 * @returns 0 nothing to do or done, 1 recommendations with `--check`, 2 bad input
 */
export async function run(argv: readonly string[], host: Partial<CliHost> = {}): Promise<number> {
  const to: CliHost = {
    cwd: host.cwd ?? process.cwd(),
    now: host.now ?? (() => new Date()),
    stdout: host.stdout ?? ((text) => void process.stdout.write(text)),
    stderr: host.stderr ?? ((text) => void process.stderr.write(text)),
  }
  let exitCode = 0
  const program = new Command('brisk')
    .description('Finds missing and useless indexes of a Prisma project and writes the migration.')
    .exitOverride()
    .configureOutput({ writeOut: to.stdout, writeErr: to.stderr })
  program
    .command('advise')
    .description('print the indexes the project needs')
    .option('--schema <path>', 'schema file or directory (default: as prisma.config.ts says)')
    .option('--format <format>', 'text or json', 'text')
    .option('--write', 'edit the schema and add a migration')
    .option('--check', 'exit with 1 when there are recommendations')
    .action(async (options: { schema?: string; format: string; write?: boolean; check?: boolean }) => {
      const { adviseCommand } = await import('./advise-command.ts')
      exitCode = await adviseCommand(options, to)
    })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const { AdvisorError } = await import('../errors.ts')
    to.stderr(`brisk: ${error instanceof AdvisorError ? error.message : ((error as Error).stack ?? error)}\n`)
    return 2
  }
}
