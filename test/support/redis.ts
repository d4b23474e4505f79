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
  const chosen = port ?? (await freePort((candidate) => candidate < 55_000))
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

/** A Redis Cluster of masters only, its slots spread evenly; resolves when every node agrees. */
export async function startRedisCluster(masters = 3): Promise<RedisCluster> {
  const nodes = await Promise.all(
    Array.from({ length: masters }, () =>
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
      clients.map((client, index) => {
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
    await agreed([first, ...others], masters)
  } catch (error) {
    await kill()
    throw error
  } finally {
    for (const client of clients) client.disconnect()
  }
  return { nodes, addresses: nodes.map(({ port }) => ({ host: '127.0.0.1', port })), kill }
}

const SLOTS = 16_384

async function agreed(clients: readonly Redis[], masters: number): Promise<void> {
  const deadline = Date.now() + 30_000
  for (;;) {
    const reports = await Promise.all(
      clients.map((client) => client.call('CLUSTER', 'INFO') as Promise<string>),
    )
    const known = `cluster_known_nodes:${masters}`
    if (reports.every((report) => report.includes('cluster_state:ok') && report.includes(known))) return
    if (Date.now() > deadline) throw new Error(`The Redis Cluster did not form:\n${reports[0]}`)
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
