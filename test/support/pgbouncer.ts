import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ensureDebianPackage } from './debian-package.ts'
import { freePort, startServer, temporaryDirectory, type ServerProcess } from './server-process.ts'
import { serviceAccount } from './service-account.ts'

/** Debian's PgBouncer before a database. In transaction mode sessions have no connection of their own. */
export async function startPgBouncer(
  database: string,
  mode: 'transaction' | 'session' = 'transaction',
): Promise<ServerProcess & { url: string }> {
  const command = '/usr/sbin/pgbouncer'
  ensureDebianPackage('pgbouncer', () => existsSync(command))
  const as = serviceAccount('postgres')
  const directory = temporaryDirectory('pgbouncer', as)
  const port = await freePort()
  const { hostname, port: behind, username, password } = new URL(database)
  const settings = join(directory, 'pgbouncer.ini')
  writeFileSync(
    settings,
    `[databases]
* = host=${hostname} port=${behind || 5432} user=${decodeURIComponent(username)}${password === '' ? '' : ` password=${decodeURIComponent(password)}`}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
default_pool_size = 5
`,
  )
  const server = await startServer({
    name: 'pgbouncer',
    port,
    directory,
    command,
    args: [settings],
    ...(as ? { as } : {}),
  })
  const url = new URL(database)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return { ...server, url: url.href }
}
