import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { Redis } from 'ioredis'

import { freePort, pause, type ServerProcess, startServer, temporaryDirectory } from './server-process.ts'

export interface RedisServer extends ServerProcess {
  url: string
}

export interface RedisCluster {
  nodes: RedisServer[]
  /** Start-up nodes as ioredis and node-redis want them. */
  addresses: { host: string; port: number }[]
  kill(): Promise<void>
}

/** A Redis of this test's own: empty, without persistence, free to be filled, frozen or killed. */
export async function startRedis(
  settings: Record<string, string> = {},
  { port }: { port?: number } = {},
): Promise<RedisServer> {
  const chosen = port ?? (await freePort())
  const directory = temporaryDirectory('redis')
  const options = { bind: '127.0.0.1', save: '', appendonly: 'no', dir: directory, ...settings }
  const server = await startServer({
    name: 'redis-server',
    port: chosen,
    directory,
    command: 'redis-server',
    args: [
      '--port',
      String(chosen),
      ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    ],
  })
  return { ...server, url: `redis://127.0.0.1:${chosen}` }
}

/** A Sentinel that watches one master, under the name `main`. */
export async function startSentinel(master: RedisServer): Promise<ServerProcess> {
  const port = await freePort()
  const directory = temporaryDirectory('sentinel')
  const settings = join(directory, 'sentinel.conf')
  // Sentinel writes into its settings, so it takes them from a file alone.
  writeFileSync(settings, `bind 127.0.0.1\nport ${port}\nsentinel monitor main 127.0.0.1 ${master.port} 1\n`)
  return startServer({
    name: 'redis-sentinel',
    port,
    directory,
    command: 'redis-server',
    args: [settings, '--sentinel'],
  })
}

/**
 * A Redis Cluster, its slots spread evenly; resolves when every node agrees, and every replica has what its master has.
 * The first nodes are the masters; the replicas follow in the same order.
 */
export async function startRedisCluster(masters = 3, { replicas = 0 } = {}): Promise<RedisCluster> {
  const nodes = await Promise.all(
    Array.from({ length: masters * (1 + replicas) }, () =>
      startRedis({
        'cluster-enabled': 'yes',
        'cluster-config-file': 'nodes.conf',
        'cluster-node-timeout': '2000',
      }),
    ),
  )
  const kill = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.kill('SIGKILL')))
  }
  const clients = nodes.map(({ port }) => new Redis(port, '127.0.0.1'))
  try {
    const [first, ...others] = clients as [Redis, ...Redis[]]
    await Promise.all(
      clients.slice(0, masters).map((client, index) => {
        const from = Math.floor((index * SLOTS) / masters)
        const to = Math.floor(((index + 1) * SLOTS) / masters) - 1
        return client.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(to))
      }),
    )
    // Each node needs its own epoch, or two that claim nothing in common still quarrel at first.
    await Promise.all(
      clients.map((client, index) => client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))),
    )
    const [firstNode] = nodes as [RedisServer]
    await Promise.all(
      others.map((client) => client.call('CLUSTER', 'MEET', '127.0.0.1', String(firstNode.port))),
    )
    await agreed([first, ...others], ['cluster_state:ok', `cluster_known_nodes:${nodes.length}`])
    await Promise.all(
      clients.slice(masters).map(async (replica, index) => {
        const id = await clients[index % masters]?.call('CLUSTER', 'MYID')
        await replica.call('CLUSTER', 'REPLICATE', String(id))
      }),
    )
    if (replicas > 0) await replicating(clients, masters)
  } catch (error) {
    await kill()
    throw error
  } finally {
    for (const client of clients) client.disconnect()
  }
  return { nodes, addresses: nodes.map(({ port }) => ({ host: '127.0.0.1', port })), kill }
}

const SLOTS = 16_384

async function agreed(clients: readonly Redis[], wanted: readonly string[]): Promise<void> {
  await eventually('form', async () => {
    const reports = await Promise.all(
      clients.map((client) => client.call('CLUSTER', 'INFO') as Promise<string>),
    )
    return reports.every((report) => wanted.every((line) => report.includes(line)))
  })
}

/** A replica may take over once it is in step with its master, and all others know that it is one. */
async function replicating(clients: readonly Redis[], masters: number): Promise<void> {
  await eventually('replicate', async () => {
    const [links, views] = await Promise.all([
      Promise.all(clients.slice(masters).map((replica) => replica.info('replication'))),
      Promise.all(clients.map((client) => client.call('CLUSTER', 'NODES') as Promise<string>)),
    ])
    return (
      links.every((link) => link.includes('master_link_status:up')) &&
      views.every(
        (view) =>
          view.split(' slave ').length + view.split('myself,slave ').length === clients.length - masters + 2,
      )
    )
  })
}

async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`The Redis Cluster did not ${what} within 30 s`)
    await pause(50)
  }
}

/** Whether a Redis answers there. */
export async function answersRedis(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 3_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return (await client.ping()) === 'PONG'
  } catch {
    return false
  } finally {
    client.disconnect()
  }
}
