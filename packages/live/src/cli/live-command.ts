import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { LiveArgumentError } from '../errors.ts'
import type { Hub } from '../hub/hub.ts'
import { openHub } from '../hub/open-hub.ts'
import { LOG_LACKS, readLog } from '../history/log-file.ts'
import type { CliHost } from './cli-host.ts'

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
    if (command.length > 0) return await runApplication(command, hub, flags, host)
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
/** That an application may listen to, and that would end the hub and leave it behind. */
const PASSED_ON = ([...ENDS, 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGBREAK'] as const).filter(
  (signal) => signal in constants.signals,
)
/** A terminal tells its whole group of these. */
const OF_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT'])

async function runApplication(
  [file = '', ...args]: readonly string[],
  { address }: Hub,
  { values, pill }: LiveFlags,
  host: CliHost,
): Promise<number> {
  const child = spawn(file, args, {
    cwd: host.cwd,
    stdio: 'inherit',
    shell: process.platform === 'win32',
    env: {
      ...process.env,
      BRISK_LIVE: address,
      ...(values === true ? { BRISK_LIVE_VALUES: '1' } : {}),
      ...(pill === true ? { BRISK_LIVE_PILL: '1' } : {}),
    },
  })
  const passOn = (signal: NodeJS.Signals): void => {
    if (!OF_TERMINAL.has(signal) || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of PASSED_ON) process.on(signal, passOn)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(
          new LiveArgumentError('brisk live --', 'a command that can be started', `${file}: ${error.code}`),
        ),
      )
      child.once('exit', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      )
    })
  } finally {
    for (const signal of PASSED_ON) process.off(signal, passOn)
  }
}

async function interrupted(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ENDS) process.once(signal, () => resolve())
  })
}
