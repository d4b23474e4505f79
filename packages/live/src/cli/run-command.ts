import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { LiveArgumentError } from '../errors.ts'

export interface CommandOptions {
  readonly cwd: string
  /** What the user wrote before the command. */
  readonly asked: string
  /** Added to that of this process. */
  readonly environment: Readonly<Record<string, string>>
  /** Puts what it prints on standard output onto standard error, where ours is something else. Default false. */
  readonly isAside?: boolean
}

/**
 * Runs a command with the terminal of this one, and passes signals on to it.
 *
 * @returns its exit code; 128 and the number of the signal that ended it
 * @throws LiveArgumentError where it cannot be started
 */
export async function runCommand(
  [file = '', ...args]: readonly string[],
  { cwd, asked, environment, isAside = false }: CommandOptions,
): Promise<number> {
  const child = spawn(file, args, {
    cwd,
    stdio: ['inherit', isAside ? 2 : 'inherit', 'inherit'],
    shell: process.platform === 'win32',
    env: { ...process.env, ...environment },
  })
  const passOn = (signal: NodeJS.Signals): void => {
    if (!OF_TERMINAL.has(signal) || !process.stdin.isTTY) child.kill(signal)
  }
  for (const signal of PASSED_ON) process.on(signal, passOn)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) =>
        reject(new LiveArgumentError(asked, 'a command that can be started', `${file}: ${error.code}`)),
      )
      child.once('exit', (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      )
    })
  } finally {
    for (const signal of PASSED_ON) process.off(signal, passOn)
  }
}

/** That an application may listen to, and that would end us and leave it behind. */
const PASSED_ON = (
  ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGALRM', 'SIGBREAK'] as const
).filter((signal) => signal in constants.signals)
/** A terminal tells its whole group of these. */
const OF_TERMINAL: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT'])
