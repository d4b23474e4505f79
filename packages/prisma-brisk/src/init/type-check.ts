import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Checks a project's types with its own compiler, so that what `init` breaks is seen by `init`. */
export class TypeCheck {
  private constructor(
    private readonly cwd: string,
    private readonly compiler: string,
  ) {}

  /** Null where the project has no `tsconfig.json` or no TypeScript. */
  static of(cwd: string): TypeCheck | null {
    if (!existsSync(join(cwd, 'tsconfig.json'))) return null
    try {
      return new TypeCheck(cwd, createRequire(join(cwd, 'package.json')).resolve('typescript/bin/tsc'))
    } catch {
      return null
    }
  }

  /** The compiler's errors, one a line. */
  errors(): Promise<readonly string[]> {
    const args = [
      this.compiler,
      '--noEmit',
      '--incremental',
      'false',
      '--pretty',
      'false',
      '-p',
      'tsconfig.json',
    ]
    return new Promise((resolve) => {
      execFile(process.execPath, args, { cwd: this.cwd, maxBuffer: 64e6 }, (_, stdout) =>
        resolve(stdout.split('\n').filter((line) => /error TS\d+/.test(line))),
      )
    })
  }
}

/** Errors that were not there before: compared without their places, which an added line moves. */
export function newErrors(before: readonly string[], after: readonly string[]): string[] {
  const known = new Map<string, number>()
  for (const line of before) known.set(withoutPlace(line), (known.get(withoutPlace(line)) ?? 0) + 1)
  return after.filter((line) => {
    const left = known.get(withoutPlace(line)) ?? 0
    known.set(withoutPlace(line), left - 1)
    return left <= 0
  })
}

function withoutPlace(line: string): string {
  return line.replace(/\(\d+,\d+\)/, '')
}
