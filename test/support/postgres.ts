import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

import pg from 'pg'

import { freePort, type ServerProcess, startServer, temporaryDirectory } from './server-process.ts'
import { serviceAccount } from './service-account.ts'

export interface PostgresServer extends ServerProcess {
  url: string
}

/** A PostgreSQL of this test's own, for settings that a shared server cannot have. Trusts everyone on loopback. */
export async function startPostgres(settings: Record<string, string> = {}): Promise<PostgresServer> {
  const binaries = postgresBinaries()
  if (!binaries) throw new Error('No PostgreSQL server is installed (looked for initdb)')
  const as = serviceAccount('postgres')
  const directory = temporaryDirectory('postgres', as)
  const port = await freePort()
  const data = join(directory, 'data')
  execFileSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: directory,
      ...as,
    },
  )
  const options = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    ...settings,
  }
  const url = `postgresql://postgres@127.0.0.1:${port}/postgres`
  const server = await startServer({
    name: 'postgres',
    port,
    directory,
    command: join(binaries, 'postgres'),
    args: [
      '-D',
      data,
      '-p',
      String(port),
      ...Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    as,
    isReady: () => answersPostgres(url),
  })
  const { kill } = server
  // SIGTERM waits for clients to leave; SIGINT makes them leave.
  return Object.assign(server, { url, kill: (signal: NodeJS.Signals = 'SIGINT') => kill(signal) })
}

/** Whether a server lets us in there and allows what tests do: creating databases. */
export async function answersPostgres(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ allowed: boolean }>(
      'SELECT rolsuper OR rolcreatedb AS allowed FROM pg_roles WHERE rolname = current_user',
    )
    return rows[0]?.allowed === true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** The directory of the server's programs: PostgreSQL 15 where it is installed, else the newest. */
export function postgresBinaries(): string | undefined {
  const debian = '/usr/lib/postgresql'
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : []
  const candidates = [...versions.filter((version) => version === '15'), ...versions].map((version) =>
    join(debian, version, 'bin'),
  )
  return [...candidates, ...(process.env.PATH ?? '').split(':')].find((directory) =>
    existsSync(join(directory, 'initdb')),
  )
}
