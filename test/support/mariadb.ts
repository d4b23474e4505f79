import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

import { createConnection } from 'mariadb'

import { freePort, type ServerProcess, startServer, temporaryDirectory } from './server-process.ts'
import { serviceAccount } from './service-account.ts'

export interface MariadbServer extends ServerProcess {
  url: string
}

/** A MariaDB of this test's own: user root, no password, loopback only. */
export async function startMariadb(settings: Record<string, string> = {}): Promise<MariadbServer> {
  const server = mariadbProgram('mariadbd')
  const install = mariadbProgram('mariadb-install-db')
  if (!server || !install) throw new Error('No MariaDB server is installed (looked for mariadbd)')
  const as = serviceAccount('mysql')
  const directory = temporaryDirectory('mariadb', as)
  const port = await freePort()
  const data = join(directory, 'data')
  execFileSync(
    install,
    ['--no-defaults', `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
    { stdio: ['ignore', 'ignore', 'pipe'], cwd: directory, ...as },
  )
  const options = {
    datadir: data,
    port: String(port),
    'bind-address': '127.0.0.1',
    socket: join(directory, 'mariadb.sock'),
    'pid-file': join(directory, 'mariadb.pid'),
    'innodb-flush-log-at-trx-commit': '0',
    'max-connections': '200',
    ...settings,
  }
  const url = `mysql://root@127.0.0.1:${port}/mysql`
  const running = await startServer({
    name: 'mariadbd',
    port,
    directory,
    command: server,
    args: ['--no-defaults', ...Object.entries(options).map(([name, value]) => `--${name}=${value}`)],
    as,
    isReady: () => answersMariadb(url),
  })
  return Object.assign(running, { url })
}

/** Whether a server lets us in there. */
export async function answersMariadb(url: string): Promise<boolean> {
  const { hostname, port, username, password } = new URL(url)
  try {
    const connection = await createConnection({
      host: hostname,
      port: Number(port || 3306),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      connectTimeout: 3_000,
    })
    await connection.end()
    return true
  } catch {
    return false
  }
}

export function isMariadbInstalled(): boolean {
  return mariadbProgram('mariadbd') !== undefined && mariadbProgram('mariadb-install-db') !== undefined
}

function mariadbProgram(name: 'mariadbd' | 'mariadb-install-db'): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(':'), '/usr/bin', '/usr/sbin', '/usr/local/sbin']
  return directories.map((directory) => join(directory, name)).find((file) => existsSync(file))
}
