import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { AdviseFlags } from './advise-flags.ts'
import type { CliHost } from './cli-host.ts'
import { processHost } from './cli-host.ts'
import type { StatisticsFlags } from './statistics-command.ts'
import type { VerifyFlags } from './verify-command.ts'

/**
 * The advisor's commands. Each command's code is loaded when it runs, so that `--help` answers at once.
 *
 * @param argv arguments without `node` and the script
 * @param host where it reads and writes; default: the process
 * @param name what the command is called in its help and before its errors; `brisk` where the suite runs it
 * @returns 0 nothing to do or done, 1 recommendations with `--check`, 2 bad input
 * @example
 * process.exitCode = await run(process.argv.slice(2))
 */
export async function run(
  argv: readonly string[],
  host: Partial<CliHost> = {},
  name = 'index-advisor',
): Promise<number> {
  const to: CliHost = { ...processHost(), ...host }
  let exitCode = 0
  const done = (code: number) => {
    exitCode = code
  }
  const program = new Command(name)
    .description(
      'Finds the indexes that a Prisma project lacks and those that it does not need, and writes the migration.',
    )
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: to.stdout,
      writeErr: to.stderr,
      outputError: (text, write) => write(oneLine(name, text)),
    })
  addAdvise(program, to, done)
  addExplain(program, to, done)
  addStatistics(program, to, done)
  addVerify(program, to, done)
  try {
    await program.parseAsync([...argv], { from: 'user' })
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
    to.stderr(`${name}: ${text}\n`)
    return 2
  }
}

function addAdvise(program: Command, host: CliHost, done: (exitCode: number) => void): void {
  withSources(
    program.command('advise').description('print the indexes the project needs, and those it does not'),
  )
    .addOption(
      new Option('--format <format>', 'how to print it')
        .choices(['text', 'json', 'markdown', 'sarif', 'html'])
        .default('text'),
    )
    .option('--write', 'edit the schema and add a migration')
    .option('--drop-redundant', 'with --write: also drop redundant indexes, in migrations of their own')
    .option('--all', 'text: all advice beside indexes, not only the five that cost most')
    .option('--check', 'exit with code 1 when there are recommendations')
    .option('--baseline <file>', 'with --check: recommendations that are known and accepted')
    .option('--update-baseline', 'write the present recommendations to the baseline')
    .action(async (flags: AdviseFlags) => {
      const { adviseCommand } = await import('./advise-command.ts')
      done(await adviseCommand(flags, host))
    })
}

function addExplain(program: Command, host: CliHost, done: (exitCode: number) => void): void {
  withSources(
    program
      .command('explain')
      .description('say why an index is recommended, or why not')
      .argument(
        '<index>',
        'Post.authorId, "Post(authorId, createdAt)", or any id, index or place that was printed',
      ),
  ).action(async (index: string, flags: AdviseFlags) => {
    const { explainCommand } = await import('./explain-command.ts')
    done(await explainCommand(index, flags, host))
  })
}

function addStatistics(program: Command, host: CliHost, done: (exitCode: number) => void): void {
  program
    .command('statistics')
    .description('what the planner knows of a database')
    .command('export')
    .description('print it as JSON; reads catalogs alone (on SQLite: counts each table once)')
    .option(
      '--database-url <url>',
      'postgresql:, mysql:, file: or libsql: (default: that of prisma.config.ts)',
    )
    .option('--no-values', 'leave most-common values and histograms out: they hold real data')
    .option('--schemas <names...>', 'PostgreSQL: only these schemas')
    .action(async (flags: StatisticsFlags) => {
      const { statisticsCommand } = await import('./statistics-command.ts')
      done(await statisticsCommand(flags, host))
    })
}

function addVerify(program: Command, host: CliHost, done: (exitCode: number) => void): void {
  program
    .command('verify')
    .description('after a deploy: are the indexes built, valid, used, and the queries faster?')
    .option('--schema <path>', 'schema file or directory (default: as prisma.config.ts says)')
    .option(
      '--migrations <directory>',
      'directory of the migrations (default: as prisma.config.ts says, else beside the schema)',
    )
    .option(
      '--database-url <url>',
      'the database that was deployed to; read only (default: that of prisma.config.ts)',
    )
    .option('--workload <file>', 'slow-query log of after the deploy')
    .option('--before <file>', 'slow-query log of before the deploy, to compare with')
    .option('--all', 'list every index, not only what was added or is wrong')
    .addOption(new Option('--format <format>', 'how to print it').choices(['text', 'json']).default('text'))
    .action(async (flags: VerifyFlags) => {
      const { verifyCommand } = await import('./verify-command.ts')
      done(await verifyCommand(flags, host))
    })
}

/** What the advice is made from: the same for every command that makes it. */
function withSources(command: Command): Command {
  const said = new Set<string>()
  for (const option of ['source', 'no-source']) command.on(`option:${option}`, () => said.add(option))
  command.hook('preAction', async () => {
    if (said.size < 2) return
    const { AdvisorError } = await import('../errors.ts')
    throw new AdvisorError(
      'E_INVALID_OPTIONS',
      'Expected --source or --no-source, got both: leave one of them out.',
    )
  })
  return command
    .option('--schema <path>', 'schema file or directory (default: as prisma.config.ts says)')
    .option(
      '--migrations <directory>',
      'directory of the migrations (default: as prisma.config.ts says, else beside the schema)',
    )
    .option('--source <globs...>', 'source files to read (default: all below the working directory)')
    .option('--no-source', 'do not read the source')
    .option(
      '--min-rows <rows>',
      'tables with fewer rows get no index, where their size is known (default: 500)',
      wholeNumber(0),
    )
    .option(
      '--max-indexes-per-table <count>',
      'maximum indexes per table, existing ones included',
      wholeNumber(1),
    )
    .option(
      '--write-weight <times>',
      'how much a write counts beside a read; from 2 on, one index does for two queries that begin alike (default: 1)',
      wholeNumber(1),
    )
    .option('--workload <file>', 'slow-query log (JSON lines) or a file of SQL')
    .option(
      '--database-url <url>',
      'read its statistics, and what it has counted of its statements; read only',
    )
    .option('--statistics <file>', 'what `brisk statistics export` printed, in place of a connection')
    .addOption(
      new Option(
        '--planner <planner>',
        'planner used to verify candidates (default with statistics: pglite for PostgreSQL, sqlite for SQLite, mariadb with --shadow-database-url)',
      ).choices(['pglite', 'hypopg', 'transaction', 'sqlite', 'mariadb', 'none']),
    )
    .option(
      '--allow-create',
      '--planner transaction: build indexes, locked and rolled back, on a development database',
    )
    .option(
      '--shadow-database-url <url>',
      'MySQL, MariaDB: a server on which migrations are played before they are written; MariaDB plans there, too',
    )
    .option('--budget <megabytes>', 'size of all recommended indexes together', wholeNumber(1))
    .option('--min-calls <count>', 'statements that ran less often are one-offs (default: 2)', wholeNumber(1))
}

function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN
    if (Number.isSafeInteger(number) && number >= least) return number
    throw new InvalidArgumentError(
      `Expected a whole number of at least ${least}, got ${JSON.stringify(text)}.`,
    )
  }
}

function oneLine(name: string, text: string): string {
  return `${name}: ${text
    .replace(/^error: /, '')
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')}\n`
}
