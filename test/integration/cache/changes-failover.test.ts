import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { PrismaPg } from '@prisma/adapter-pg'
import { cache } from '@prisma-brisk/cache'
import { installReplicationSql, postgresReplication } from '@prisma-brisk/cache/postgres-replication'
import { parseSchema } from '@prisma-brisk/core'
import pg from 'pg'
import { createDatabase } from '../../support/databases.ts'
import { answersPostgres, postgresBinaries, startPostgres } from '../../support/postgres.ts'
import { freePort, startServer, temporaryDirectory } from '../../support/server-process.ts'
import { serviceAccount } from '../../support/service-account.ts'
import { ownNamespace, until } from './support/cached-client.ts'

const schema = parseSchema(readFileSync('prisma/schema.prisma', 'utf8'), 'inline')
const SETTINGS = { wal_level: 'logical', max_replication_slots: '10', max_wal_senders: '10' }

/** The address that a service gives to its primary, whichever server that is. */
class Address {
  private readonly sockets = new Set<Socket>()
  private constructor(
    private readonly server: Server,
    private target: number,
  ) {}

  static async of(target: number): Promise<Address> {
    const server = createServer()
    const address = new Address(server, target)
    server.on('connection', (socket) => {
      const behind = connect(address.target, '127.0.0.1')
      for (const [from, to] of [
        [socket, behind],
        [behind, socket],
      ] as const) {
        address.sockets.add(from)
        from.on('error', () => to.destroy()).on('close', () => to.destroy())
        from.pipe(to)
      }
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return address
  }

  url(of: string): string {
    const url = new URL(of)
    url.port = String((this.server.address() as AddressInfo).port)
    return url.href
  }

  move(target: number): void {
    this.target = target
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy()
    this.server.close()
    await once(this.server, 'close')
  }
}

/** A copy of a server that follows it. */
async function startStandby(of: number) {
  const binaries = postgresBinaries() as string
  const as = serviceAccount('postgres')
  const directory = temporaryDirectory('standby', as)
  const data = join(directory, 'data')
  const from = [
    '-h',
    '127.0.0.1',
    '-p',
    String(of),
    '-U',
    'postgres',
    '-D',
    data,
    '-R',
    '-c',
    'fast',
    '--no-sync',
  ]
  execFileSync(join(binaries, 'pg_basebackup'), from, { cwd: directory, stdio: 'pipe', ...as })
  const port = await freePort()
  const settings = {
    ...SETTINGS,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    fsync: 'off',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = await startServer({
    name: 'standby',
    port,
    directory,
    command: join(binaries, 'postgres'),
    args: ['-D', data, '-p', String(port), ...options],
    as,
    isReady: () => answersPostgres(`postgresql://postgres@127.0.0.1:${port}/postgres`),
  })
  return { ...server, kill: () => server.kill('SIGINT') }
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

test('C43 a failover to a standby that has no slot: nothing is answered that is older than what it has', async () => {
  const primary = await startPostgres({ ...SETTINGS, synchronous_commit: 'on' })
  process.env.POSTGRES_URL = primary.url
  const database = await createDatabase('postgresql')
  const first = await connected(database.url)
  await first.query(installReplicationSql(schema))
  await first.query(`INSERT INTO "Tag" (id, name) VALUES (1, 'first')`)
  const standby = await startStandby(primary.port)
  const address = await Address.of(primary.port)
  const url = address.url(database.url)
  const client = database.createClient({ adapter: new PrismaPg({ connectionString: url }) })
  const prisma = client.$extends(
    cache({
      changes: postgresReplication(url, { heartbeat: 1000 }),
      namespace: ownNamespace(),
      earlyRefresh: 0,
    }),
  )
  const changes = () => prisma.$cache.stats().changes
  const name = async () =>
    (await prisma.tag.findUnique({ where: { id: 1 }, cacheStrategy: { ttl: 3600 } }))?.name
  try {
    await prisma.$cache.untilLive()
    expect(await name()).toBe('first')
    const standbyUrl = new URL(database.url)
    standbyUrl.port = String(standby.port)
    const second = await connected(standbyUrl.href)
    const { rows } = await first.query<{ at: string }>('SELECT pg_current_wal_lsn() AS at')
    const isFollowed = async () =>
      (
        await second.query<{ done: boolean }>('SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS done', [
          rows[0]?.at,
        ])
      ).rows[0]?.done === true
    await until(isFollowed)
    await first.end()
    await primary.kill('SIGQUIT')
    await second.query('SELECT pg_promote(true)')
    await second.query(`UPDATE "Tag" SET name = 'missed' WHERE id = 1`)
    await until(() => changes()?.state !== 'live')
    address.move(standby.port)
    await until(async () => (await name().catch(() => null)) !== null)
    expect(await name()).toBe('missed')
    await until(() => changes()?.state === 'live', 15_000)
    expect(await name()).toBe('missed')
    await second.query(`UPDATE "Tag" SET name = 'live' WHERE id = 1`)
    await until(async () => (await name()) === 'live')
    expect((await second.query('SELECT FROM pg_replication_slots WHERE temporary AND active')).rowCount).toBe(
      1,
    )
    await second.end()
  } finally {
    await client.$disconnect()
    await address.close()
    await standby.kill()
  }
}, 60_000)
