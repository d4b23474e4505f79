import { BriskError } from '@prisma-brisk/core'
import { run, type CliHost } from '@prisma-brisk/index-advisor/cli'

/** The `brisk` command of the suite: the advisor's commands, and `init`. */
export function runBrisk(argv: readonly string[], host: Partial<CliHost> = {}): Promise<number> {
  return run(argv, host, (program, to, done) => {
    program
      .command('init')
      .description('add brisk() to your client and its generator to your schema, after showing the change')
      .option('--schema <path>', 'schema file or directory (default: as prisma.config.ts says)')
      .option('--client <file>', 'the file that makes the PrismaClient')
      .option('--yes', 'write without asking')
      .action(async (options: { schema?: string; client?: string; yes?: boolean }) => {
        const { initCommand } = await import('./init/init-command.ts')
        try {
          done(await initCommand(options, to))
        } catch (error) {
          if (!(error instanceof BriskError)) throw error
          to.stderr(`brisk: ${error.message}\n`)
          done(2)
        }
      })
  })
}
