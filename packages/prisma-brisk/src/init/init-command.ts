import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { createTwoFilesPatch } from 'diff'
import pc from 'picocolors'
import { applyInit, planInit, type InitRequest } from './init.ts'
import { shown } from './client-source.ts'

export interface InitHost {
  readonly cwd: string
  readonly stdout: (text: string) => void
  /** Asks a question and says whether the answer was yes; default: on the terminal, and nothing is written where there is none. */
  readonly confirm?: (question: string) => Promise<boolean>
}

/**
 * `brisk init`: shows the diff, asks, writes.
 * @returns exit code: 0 done or nothing to do, 1 declined
 */
export async function initCommand(
  options: Omit<InitRequest, 'cwd'> & { yes?: boolean },
  host: InitHost,
): Promise<number> {
  const { yes = false, ...where } = options
  const { changes, notes } = await planInit({ cwd: host.cwd, ...where })
  if (changes.length === 0) {
    host.stdout('Already set up, nothing to do.\n')
    return 0
  }
  for (const { path, was, text } of changes) {
    const name = shown(host.cwd, path)
    host.stdout(
      coloured(createTwoFilesPatch(name, name, was ?? '', text, undefined, undefined, { context: 2 })),
    )
  }
  const confirm = host.confirm ?? (process.stdin.isTTY ? onTerminal : null)
  if (!yes && confirm === null) {
    host.stdout('Nothing was changed: there is no terminal to ask on. Pass --yes to write.\n')
    return 1
  }
  if (!yes && confirm !== null && !(await confirm('Write these changes?'))) {
    host.stdout('Nothing was changed.\n')
    return 1
  }
  await applyInit(changes)
  host.stdout(`Wrote ${changes.map((change) => shown(host.cwd, change.path)).join(' and ')}.\n`)
  for (const note of notes) host.stdout(`To do: ${note}\n`)
  const steps = [...(isInstalled(host.cwd) ? [] : ['npm install prisma-brisk']), 'npx prisma generate']
  host.stdout(`Next: ${steps.join(', then ')}.\n`)
  return 0
}

/** Whether the application itself depends on the suite, and not only npx knows it. */
function isInstalled(cwd: string): boolean {
  try {
    createRequire(join(cwd, 'package.json')).resolve('prisma-brisk/package.json')
    return true
  } catch {
    return false
  }
}

function coloured(patch: string): string {
  return patch
    .split('\n')
    .filter((line) => !/^(Index: |====|\\)/.test(line))
    .map((line) => (/^\+(?!\+)/.test(line) ? pc.green(line) : /^-(?!-)/.test(line) ? pc.red(line) : line))
    .join('\n')
}

async function onTerminal(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} (y/N) `)).trim())
  } finally {
    terminal.close()
  }
}
