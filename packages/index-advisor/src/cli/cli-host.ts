/** Where the command reads and writes; the process's own by default. */
export interface CliHost {
  readonly cwd: string
  readonly now: () => Date
  readonly stdout: (text: string) => void
  readonly stderr: (text: string) => void
  /** Colours and progress are for a terminal alone. */
  readonly isTerminal: boolean
}

export function processHost(): CliHost {
  return {
    cwd: process.cwd(),
    now: () => new Date(),
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    isTerminal:
      process.stdout.isTTY && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb',
  }
}
