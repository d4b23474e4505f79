import { LiveArgumentError } from '../errors.ts'
import { openHub } from '../hub/open-hub.ts'
import { LOG_LACKS, readLog } from '../history/log-file.ts'
import type { CliHost } from './cli-host.ts'
import { runCommand } from './run-command.ts'

export interface LiveFlags {
  readonly port?: string
  readonly file?: string
  readonly memory?: string
  readonly pill?: boolean
  readonly values?: boolean
}

/** Runs a hub beside the application that it starts, until that ends; alone, until it is interrupted. */
export async function liveCommand(
  command: readonly string[],
  flags: LiveFlags,
  host: CliHost,
): Promise<number> {
  const megabytes = numberOf('--memory', flags.memory, 1, 65_536)
  const { hub, close } = await openHub(host.cwd, {
    port: numberOf('--port', flags.port, 1, 65_535),
    ...(megabytes === undefined ? {} : { maxBytes: megabytes * 1024 * 1024 }),
  })
  try {
    if (flags.file !== undefined) {
      const records = await readLog(flags.file, hub.history)
      host.stderr(
        `brisk live: ${records} records of ${flags.file}. A log does not say: ${LOG_LACKS.join('; ')}.\n`,
      )
    }
    host.stderr(
      `brisk live: ${linked(hub.address)}\n  read it with: brisk requests, brisk request latest, brisk mcp\n`,
    )
    if (command.length > 0)
      return await runCommand(command, {
        cwd: host.cwd,
        asked: 'brisk live --',
        environment: {
          BRISK_LIVE: hub.address,
          ...(flags.values === true ? { BRISK_LIVE_VALUES: '1' } : {}),
          ...(flags.pill === true ? { BRISK_LIVE_PILL: '1' } : {}),
        },
      })
    await interrupted()
    return 0
  } finally {
    await close()
  }
}

function numberOf(name: string, text: string | undefined, min: number, max: number): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (Number.isInteger(number) && number >= min && number <= max) return number
  throw new LiveArgumentError(name, `a whole number from ${min} to ${max}`, text)
}

/** A link, where the output is a terminal; elsewhere the escape would be noise. */
function linked(address: string): string {
  return process.stderr.isTTY ? `\u001B]8;;${address}\u0007${address}\u001B]8;;\u0007` : address
}

/** That end a hub which runs alone. */
const ENDS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const

async function interrupted(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ENDS) process.once(signal, () => resolve())
  })
}
