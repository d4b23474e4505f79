import { spawn } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'

export interface Outcome {
  code: number
  /** stdout and stderr as they came. */
  output: string
}

/** Runs a program and collects what it prints. */
export function run(command: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      cwd,
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const output: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk))
    const text = (): string => stripVTControlCharacters(Buffer.concat(output).toString())
    child.once('error', (error) => resolve({ code: 1, output: error.message }))
    child.once('close', (code) => resolve({ code: code ?? 1, output: text() }))
  })
}

/** Applies `fn` to each value, at most `width` at a time. */
export async function each<T, R>(
  values: readonly T[],
  width: number,
  fn: (value: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  const queue = values.entries()
  const worker = async (): Promise<void> => {
    for (const [index, value] of queue) results[index] = await fn(value)
  }
  await Promise.all(Array.from({ length: width }, worker))
  return results
}
