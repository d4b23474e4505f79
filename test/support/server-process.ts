import { type ChildProcess, spawn } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A server that belongs to this test run: its own port, its own temporary directory. */
export interface ServerProcess {
  port: number
  pid: number
  directory: string
  /** Ends it and removes its directory. With `'SIGKILL'` it dies as in a power cut; the default lets it finish. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Ends it as in a power cut, and starts it again with what it had written, on the same port. */
  restart(): Promise<void>
  /** Freezes it: connections stay open and nothing answers. */
  pause(): void
  resume(): void
}

export interface ServerCommand {
  name: string
  port: number
  directory: string
  command: string
  args: readonly string[]
  /** The user to run as, where root is refused. */
  as?: { uid: number; gid: number }
  env?: NodeJS.ProcessEnv
  /** True as soon as it serves. Default: the port accepts a connection. */
  isReady?: () => Promise<boolean>
  readyWithinMs?: number
}

/** Starts a server and resolves when it is ready; fails with what it printed when it is not. */
export async function startServer(server: ServerCommand): Promise<ServerProcess> {
  const { directory, port } = server
  let running = launch(server)
  const orphaned = (): void => {
    running.child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
  process.once('exit', orphaned)
  const kill = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    await running.end(signal)
    process.off('exit', orphaned)
    rmSync(directory, { recursive: true, force: true })
  }
  try {
    await running.isReady()
  } catch (error) {
    await kill('SIGKILL')
    throw error
  }
  return {
    port,
    get pid() {
      return running.child.pid ?? 0
    },
    directory,
    kill,
    async restart() {
      await running.end('SIGQUIT')
      running = launch(server)
      await running.isReady()
    },
    pause: () => void running.child.kill('SIGSTOP'),
    resume: () => void running.child.kill('SIGCONT'),
  }
}

function launch(server: ServerCommand) {
  const { name, port, directory, command, args, as, env, readyWithinMs = 30_000 } = server
  const child = spawn(command, [...args], {
    cwd: directory,
    env: env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...as,
  })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output.push(text)
      if (output.length > 200) output.shift()
    })
  }
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', (error) => {
      output.push(error.message)
      resolve()
    })
  })
  return {
    child,
    end(signal: NodeJS.Signals): Promise<void> {
      child.kill('SIGCONT') // a frozen process would never see the other signal
      child.kill(signal)
      return ended
    },
    async isReady(): Promise<void> {
      const isReady = server.isReady ?? (() => accepts(port))
      const deadline = Date.now() + readyWithinMs
      while (!(await isReady())) {
        if (hasEnded(child) || Date.now() > deadline)
          throw new Error(`${name} did not start on port ${port}:\n${output.join('')}`)
        await pause(20)
      }
    },
  }
}

/** Whether something listens there. */
export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    const answer = (accepted: boolean) => (): void => {
      socket.destroy()
      resolve(accepted)
    }
    socket.once('connect', answer(true)).once('error', answer(false)).setTimeout(2_000, answer(false))
  })
}

/**
 * A port nothing listens on, and that no connection takes in between: below those that the system gives to outgoing ones
 * (32768–60999 on Linux). A Redis Cluster listens on the port 10,000 above as well, which is as safe.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 22_000)
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server
      .once('error', () => resolve(false))
      .listen({ port, host: '127.0.0.1' }, () => server.close(() => resolve(true)))
  })
}

export function temporaryDirectory(name: string, owner?: { uid: number; gid: number }): string {
  const directory = mkdtempSync(join(tmpdir(), `brisk-${name}-`))
  if (owner) chownSync(directory, owner.uid, owner.gid)
  return directory
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined
}
