import { Cluster, Redis } from 'ioredis'

import { startRedis, startRedisCluster } from '../../support/redis.ts'

test('a started Redis serves, freezes and ends', async () => {
  const server = await startRedis()
  const client = new Redis(server.url, { retryStrategy: () => null })
  client.on('error', () => undefined)
  expect(await client.set('key', 'value')).toBe('OK')
  server.pause()
  const answer = client.get('key')
  expect(await Promise.race([answer, new Promise((resolve) => setTimeout(resolve, 50, 'silence'))])).toBe(
    'silence',
  )
  server.resume()
  expect(await answer).toBe('value')
  await server.kill('SIGKILL')
  await expect(client.get('key')).rejects.toThrow()
  client.disconnect()
})

test('a started Redis Cluster spreads its keys', async () => {
  const cluster = await startRedisCluster(3)
  const client = new Cluster(cluster.addresses)
  try {
    await Promise.all(Array.from({ length: 60 }, (_, index) => client.set(`key:${index}`, 'value')))
    const sizes = await Promise.all(client.nodes('master').map((node) => node.dbsize()))
    expect(sizes).toHaveLength(3)
    expect(sizes.every((size) => size > 0)).toBe(true)
  } finally {
    client.disconnect()
    await cluster.kill()
  }
})
