import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Where the tests find their servers: the environment, else the usual local ports. */
export function postgresUrl(): string {
  return process.env.POSTGRES_URL || 'postgresql://postgres@127.0.0.1:5432/postgres'
}

export function mariadbUrl(): string {
  return process.env.MARIADB_URL || 'mysql://root@127.0.0.1:3306/mysql'
}

export function redisUrl(): string {
  return process.env.REDIS_URL || 'redis://127.0.0.1:6379'
}

/** Servers a test run can use, and how to end those that were started for it. */
export interface Servers {
  env: { POSTGRES_URL: string; MARIADB_URL: string; REDIS_URL: string }
  stop(): Promise<void>
}

interface StartedServer {
  url: string
  kill(): Promise<void>
}

interface ServerKind {
  name: string
  variable: keyof Servers['env']
  url: () => string
  answers: (url: string) => Promise<boolean>
  isInstalled: () => boolean
  start: () => Promise<StartedServer>
  /** What Debian calls it. */
  packages: string[]
}

/**
 * Takes what the environment names, else what listens on the usual local port, else starts what is
 * installed, else installs it where that is possible. Nothing else is left to a test run than to stop.
 */
export async function ensureServers(log: (line: string) => void): Promise<Servers> {
  const kinds = await serverKinds()
  const started: StartedServer[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(started.map((server) => server.kill()))
  }
  try {
    const env: Partial<Servers['env']> = {}
    const absent: ServerKind[] = []
    for (const kind of kinds) {
      if (await kind.answers(kind.url())) env[kind.variable] = kind.url()
      else if (process.env[kind.variable])
        throw new MissingServerError(`${kind.name} does not answer at ${kind.variable}=${kind.url()}`)
      else absent.push(kind)
    }
    // redis-server is needed in any case: tests start clusters of their own.
    const uninstalled = kinds.filter(
      (kind) => (absent.includes(kind) || kind.name === 'Redis') && !kind.isInstalled(),
    )
    if (uninstalled.length > 0) installWithApt(uninstalled, log)
    for (const kind of absent) {
      log(`starting ${kind.name} for this run`)
      const server = await kind.start()
      started.push(server)
      env[kind.variable] = server.url
    }
    return { env: env as Servers['env'], stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** A server that can be neither found nor started; the message says what to do. */
export class MissingServerError extends Error {
  override name = 'MissingServerError'
}

async function serverKinds(): Promise<ServerKind[]> {
  const [postgres, mariadb, redis] = await Promise.all([
    import('./postgres.ts'),
    import('./mariadb.ts'),
    import('./redis.ts'),
  ])
  return [
    {
      name: 'PostgreSQL',
      variable: 'POSTGRES_URL',
      url: postgresUrl,
      answers: postgres.answersPostgres,
      isInstalled: () => postgres.postgresBinaries() !== undefined,
      start: () => postgres.startPostgres(),
      packages: ['postgresql'],
    },
    {
      name: 'MariaDB',
      variable: 'MARIADB_URL',
      url: mariadbUrl,
      answers: mariadb.answersMariadb,
      isInstalled: () => mariadb.isMariadbInstalled(),
      start: () => mariadb.startMariadb(),
      packages: ['mariadb-server'],
    },
    {
      name: 'Redis',
      variable: 'REDIS_URL',
      url: redisUrl,
      answers: redis.answersRedis,
      isInstalled: () =>
        (process.env.PATH ?? '').split(':').some((path) => existsSync(join(path, 'redis-server'))),
      start: () => redis.startRedis(),
      packages: ['redis-server'],
    },
  ]
}

function installWithApt(kinds: readonly ServerKind[], log: (line: string) => void): void {
  const names = kinds.map(({ name }) => name).join(', ')
  const advice = `Missing: ${names}. Install, or run \`docker compose up -d --wait\` and set ${kinds.map(({ variable }) => variable).join(', ')} if the ports differ.`
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new MissingServerError(advice)
  const packages = kinds.flatMap((kind) => kind.packages)
  log(`installing ${packages.join(' ')} with apt-get`)
  const apt = (...args: string[]): void => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    execFileSync('apt-get', ['-qq', ...args], { stdio: ['ignore', 'ignore', 'pipe'], env })
  }
  try {
    apt('update')
    apt('install', '-y', '--no-install-recommends', ...packages)
  } catch (error) {
    throw new MissingServerError(
      `${advice} (apt-get failed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)})`,
    )
  }
}
