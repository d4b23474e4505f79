import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

/** An application with planted faults, and the `brisk` command from its source. */
export const APPLICATION = join(import.meta.dirname, 'application-run.ts')
export const COMMAND = join(import.meta.dirname, 'brisk-run.ts')
/** As a directory of its own finds it too. */
const TSX = pathToFileURL(join(import.meta.dirname, '../../../../node_modules/tsx/dist/loader.mjs')).href
export const NODE = ['--conditions', '@prisma-brisk/source', '--import', TSX]

const children = new Set<ChildProcess>()

/** Kills whatever a test has left running. */
export function endPrograms(): void {
  for (const child of children) child.kill('SIGKILL')
}

/** Starts a program of which a line says `PORT 1234`, or for the command its address. */
export async function started(
  args: readonly string[],
  env: Record<string, string | undefined>,
  cwd?: string,
) {
  const child = spawn(process.execPath, [...NODE, ...args], {
    env: { ...process.env, NODE_OPTIONS: '', NODE_ENV: 'development', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  children.add(child)
  const printed: string[] = []
  const port = await new Promise<number>((resolve, reject) => {
    const found = (text: string): void => {
      const said = /^PORT (\d+)$/m.exec(text)?.[1]
      if (said !== undefined) resolve(Number(said))
    }
    createInterface({ input: child.stdout }).on('line', found)
    child.stderr.on('data', (text: Buffer) => {
      printed.push(text.toString())
      const hub = /^brisk live: http:\/\/127\.0\.0\.1:(\d+)/m.exec(printed.join(''))?.[1]
      if (hub !== undefined && args.at(-1) === 'live') resolve(Number(hub))
    })
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${printed.join('')}`)))
  })
  return {
    child,
    port,
    printed,
    get: async (path: string) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`)
      await response.text()
      return response
    },
    end: async (signal: NodeJS.Signals = 'SIGKILL') => {
      child.kill(signal)
      const [code] = (await once(child, 'exit')) as [number | null]
      return code
    },
  }
}

/** Looks until it is so, or five seconds have passed. */
export async function seen<T>(look: () => T | Promise<T>, isIt: (value: T) => boolean): Promise<T> {
  for (let tries = 0; ; tries++) {
    const value = await look()
    if (isIt(value) || tries > 200) return value
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}
