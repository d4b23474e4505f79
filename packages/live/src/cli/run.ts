import { BriskError } from '@prisma-brisk/core'
import { Command, CommanderError } from 'commander'
import { processHost, type CliHost } from './cli-host.ts'
import { CommandFailedError } from '../errors.ts'
import type { CheckFlags } from './check-command.ts'
import type { LiveFlags } from './live-command.ts'
import type { RecordFlags } from './record-command.ts'
import type { RequestFlags, RequestsFlags } from './request-commands.ts'

/**
 * The commands of `@prisma-brisk/live`. Each command's code is loaded when it runs.
 *
 * @param argv arguments without `node` and the script
 * @param host where it reads and writes; default: the process
 * @param name what the command is called in its help and before its errors
 * @returns exit code: that of the command for `live -- <command>`, and for `record` and `check` where it fails; else 0 done, 1 problems
 * with `--issues` or a failed check, 2 bad input
 * @example
 * process.exitCode = await run(['requests', '--issues', '--json'])
 */
export async function run(
  argv: readonly string[],
  host: Partial<CliHost> = {},
  name = 'brisk',
): Promise<number> {
  const to: CliHost = { ...processHost(), ...host }
  let exitCode = 0
  try {
    await commands(name, to, (code) => (exitCode = code)).parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    // What is no fault of the input is a fault of ours: its stack is wanted.
    const text =
      error instanceof BriskError
        ? `${error.code}: ${error.message}`
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error)
    to.stderr(`${name}: ${text}\n`)
    return error instanceof CommandFailedError ? error.exitCode : 2
  }
}

function commands(name: string, host: CliHost, done: (exitCode: number) => void): Command {
  const program = new Command(name)
    .description('Shows what every request of a Prisma application does.')
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: host.stdout,
      writeErr: host.stderr,
      outputError: (text, write) => write(`${name}: ${text.replace(/^error: /, '').trim()}\n`),
    })
  program
    .command('live')
    .description('start your application and see what every request does: brisk live -- npm run dev')
    .argument('[command...]', 'the command that starts the application, behind --')
    .option('--port <port>', 'port on 127.0.0.1 (default: 4983, or the next free one)')
    .option('--file <path>', 'open a log that jsonLinesSink has written')
    .option('--memory <megabytes>', 'memory for requests; the oldest are dropped (default: 64)')
    .option('--pill', 'put a small link to its request into each page of HTML')
    .option('--values', 'keep the values of arguments too, in memory alone')
    .passThroughOptions()
    .action(async (command: string[], flags: LiveFlags) => {
      const { liveCommand } = await import('./live-command.ts')
      done(await liveCommand(command, flags, host))
    })
  program
    .command('requests')
    .description('the requests that brisk live has seen, the youngest first')
    .option('--issues', 'only those with problems; exit code 1 where there are any')
    .option('--route <text>', 'only those whose name holds this text')
    .option('--limit <count>', 'at most so many (default: 100)')
    .option('--json', 'print JSON')
    .action(async (flags: RequestsFlags) => {
      const { requestsCommand } = await import('./request-commands.ts')
      done(await requestsCommand(flags, host))
    })
  program
    .command('request')
    .description('one request: its calls, and what is wrong with them')
    .argument('<id>', 'its id, or latest')
    .option('--json', 'print JSON')
    .option('--explain', "with the database's plan of each read, taken now; nothing is run")
    .option('--values', 'with the values of arguments, where brisk live --values keeps them')
    .action(async (id: string, flags: RequestFlags) => {
      const { requestCommand } = await import('./request-commands.ts')
      done(await requestCommand(id, flags, host))
    })
  program
    .command('record')
    .description('run your tests, and write down what each asks of the database: brisk record -- npm test')
    .argument('[command...]', 'the command that runs the tests, behind --')
    .option('--output <path>', 'the recording to write (default: brisk-queries.json)')
    .option('--statistics <path>', 'plan the statements by a file of brisk statistics export')
    .option('--places', 'with line and column of each call, which move with the code')
    .option('--merge <files...>', 'put recordings of several shards, or runs, together')
    .passThroughOptions()
    .action(async (command: string[], flags: RecordFlags) => {
      const { recordCommand } = await import('./record-command.ts')
      done(await recordCommand(command, flags, host))
    })
  program
    .command('check')
    .description('run your tests, and compare what they ask with the recording: brisk check -- npm test')
    .argument('[command...]', 'the command that runs the tests, behind --')
    .option('--recording <path>', 'the committed recording (default: brisk-queries.json)')
    .option('--compare <files...>', 'recordings to compare with it, in place of a command')
    .option('--statistics <path>', 'plan the statements by a file of brisk statistics export')
    .option('--update', 'write the recording anew, and compare nothing')
    .option('--format <format>', 'text, markdown, sarif, junit or json (default: text)')
    .option('--markdown <path>', "write a pull request's comment too")
    .option('--sarif <path>', 'write SARIF 2.1 too')
    .option('--junit <path>', 'write JUnit too')
    .option('--json <path>', 'write JSON too')
    .passThroughOptions()
    .action(async (command: string[], flags: CheckFlags) => {
      const { checkCommand } = await import('./check-command.ts')
      done(await checkCommand(command, flags, host))
    })
  program
    .command('mcp')
    .description('the same for an agent: an MCP server on standard input and output')
    .option('--values', 'answers may hold the values of arguments')
    .action(async ({ values }: { values?: boolean }) => {
      const { serveMcp } = await import('../mcp/mcp-server.ts')
      await serveMcp({ cwd: host.cwd, showsValues: values === true })
    })
  return program
}
