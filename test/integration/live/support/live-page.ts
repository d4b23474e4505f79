import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '../../../..')
export const APPLICATION = join(ROOT, 'demo/live/application.ts')

/** `file:line` of the demo application that a comment marks. */
export function markedLine(comment: string): number {
  const lines = readFileSync(APPLICATION, 'utf8').split('\n')
  const index = lines.findIndex((line) => line.includes(`// ${comment}`))
  if (index < 0) throw new Error(`no line of the demo application is marked "${comment}"`)
  return index + 1
}

/** A running demo application. */
export interface RunningApplication {
  readonly pid: number
  visit(path: string, method?: 'GET' | 'POST'): Promise<number>
  end(): Promise<void>
}

const children = new Set<ChildProcess>()

/** Starts the demo application on a database; it reports to the hub at `address`, with values. */
export async function startApplication(address: string, database: string): Promise<RunningApplication> {
  const child = spawn(
    process.execPath,
    [
      '--conditions=@prisma-brisk/source',
      '--import',
      'tsx',
      join(import.meta.dirname, 'demo-application-run.ts'),
    ],
    {
      env: {
        ...process.env,
        NODE_OPTIONS: '',
        NODE_ENV: 'development',
        BRISK_LIVE: address,
        BRISK_LIVE_VALUES: '1',
        APPLICATION_DATABASE: database,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  children.add(child)
  const printed: string[] = []
  child.stderr.on('data', (text: Buffer) => printed.push(text.toString()))
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('PORT ')) resolve(Number(line.slice(5)))
    })
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${printed.join('')}`)))
  })
  return {
    pid: child.pid as number,
    visit: async (path, method = 'GET') => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method })
      await response.arrayBuffer()
      return response.status
    },
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

/** Ends what a failed test has left running. */
export function endApplications(): void {
  for (const child of children) child.kill('SIGKILL')
}
