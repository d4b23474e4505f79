import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { createTwoFilesPatch } from 'diff'
import pc from 'picocolors'
import { writeAll } from '@prisma-brisk/core/project'
import { planInit, type InitPlan, type InitRequest, type PlannedChange } from './init.ts'
import { installLine, packageManagerOf, runLine, type PackageManager } from './package-manager.ts'
import { shown } from './source-files.ts'
import { newErrors, TypeCheck } from './type-check.ts'

export interface InitHost {
  readonly cwd: string
  readonly stdout: (text: string) => void
  /** Asks a question and says whether the answer was yes; default: on the terminal, and nothing is written where there is none. */
  readonly confirm?: (question: string) => Promise<boolean>
}

export interface InitFlags extends Omit<InitRequest, 'cwd'> {
  readonly yes?: boolean
  /** False with `--no-types`: the compiler is not run. */
  readonly types?: boolean
}

const NOTICED = `What your application will notice:
  - Answers stay as they are. Lists are answered whole; those of more than 200 rows without \`take\`, and those with a
    \`take\` above 200, are printed. Once none is left, write \`limits: 'guard'\`, and such a list is refused.
  - Reads that run in the same moment and differ in one key are sent as one statement.
  - Operations of more than 100 ms are printed, with their SQL and their place in the code.
  - Nothing is cached or retried until you say so. Nothing is stopped for the time it takes either: take the \`resilience\`
    option out, and an operation of more than 60 seconds is.
`

/** A plan, and what is said of it. */
export interface InitKind {
  readonly plan: (request: InitRequest) => Promise<InitPlan>
  readonly noticed: string
  /** What to run then. */
  readonly next: (manager: PackageManager, isInstalled: boolean) => readonly string[]
}

const mounting: InitKind = {
  plan: planInit,
  noticed: NOTICED,
  next: (manager, isThere) => [
    ...(isThere ? [] : [installLine(manager, 'prisma-brisk', 'runtime')]),
    runLine(manager, 'prisma generate'),
  ],
}

/**
 * `brisk init`: says what will change, shows the diff, asks, writes, and checks that the project still compiles.
 * @returns exit code: 0 done or nothing to do, 1 declined, or written and the compiler finds what it did not before
 */
export async function initCommand(
  flags: InitFlags,
  host: InitHost,
  kind: InitKind = mounting,
): Promise<number> {
  const { yes = false, types = true, ...where } = flags
  const { cwd, stdout } = host
  const { changes, notes } = await kind.plan({ cwd, ...where })
  if (changes.length === 0) {
    stdout(notes.length === 0 ? 'Already set up, nothing to do.\n' : 'Already set up.\n')
    for (const note of notes) stdout(`To do: ${note}\n`)
    return 0
  }
  stdout(`${summary(cwd, changes)}\n${kind.noticed}\n`)
  for (const change of changes) if (!change.isGenerated) stdout(patch(cwd, change))
  const confirm = host.confirm ?? (process.stdin.isTTY ? onTerminal : null)
  if (!yes && confirm === null) {
    stdout('Nothing was changed: there is no terminal to ask on. Pass --yes to write.\n')
    return 1
  }
  if (!yes && confirm !== null && !(await confirm('Write these changes?'))) {
    stdout('Nothing was changed.\n')
    return 1
  }
  const check = types ? TypeCheck.of(cwd) : null
  if (check !== null) stdout('Checking types before and after (tsc --noEmit) …\n')
  const before = await check?.errors()
  await writeAll(changes)
  stdout(`Wrote ${changes.map((change) => shown(cwd, change.path)).join(', ')}.\n`)
  for (const note of notes) stdout(`To do: ${note}\n`)
  const broken = check === null ? [] : newErrors(before ?? [], await check.errors())
  if (broken.length > 0)
    stdout(
      `The compiler finds what it did not before; docs/guide/types.md of prisma-brisk says how to mend it:\n${broken.map((line) => `  ${line}\n`).join('')}`,
    )
  const manager = packageManagerOf(cwd)
  stdout(`Next: ${kind.next(manager, isInstalled(cwd)).join(', then ')}.\n`)
  return broken.length > 0 ? 1 : 0
}

function summary(cwd: string, changes: readonly PlannedChange[]): string {
  const names = changes.map(({ path }) => shown(cwd, path))
  const width = Math.max(...names.map((name) => name.length))
  const lines = changes.map(
    ({ purpose }, index) => `  ${(names[index] as string).padEnd(width)}  ${purpose}\n`,
  )
  return `What changes:\n${lines.join('')}`
}

function patch(cwd: string, { path, was, text }: PlannedChange): string {
  const name = shown(cwd, path)
  return createTwoFilesPatch(name, name, was ?? '', text, undefined, undefined, { context: 2 })
    .split('\n')
    .filter((line) => !/^(Index: |====|\\)/.test(line))
    .map((line) => (/^\+(?!\+)/.test(line) ? pc.green(line) : /^-(?!-)/.test(line) ? pc.red(line) : line))
    .join('\n')
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

async function onTerminal(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} (y/N) `)).trim())
  } finally {
    terminal.close()
  }
}
