import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { createDatabase, type TestDatabase } from '../../../test/support/databases.ts'
import { startRedis, type RedisServer } from '../../../test/support/redis.ts'
import { expectStatements, type StatementLog } from '../../../test/support/statements.ts'
import { createApp } from '../src/app.ts'
import { extended } from '../src/database.ts'

let database: TestDatabase<PrismaClient>
let log: StatementLog
let redisServer: RedisServer
let redis: Redis
let server: Server
let origin: string
let conversation: string

beforeAll(async () => {
  ;[database, redisServer] = await Promise.all([createDatabase('postgresql'), startRedis()])
  redis = new Redis(redisServer.url)
  const recorded = database.createRecordedClient({ adapter: database.adapter({ connections: 3 }) })
  log = recorded.log
  const user = await recorded.client.user.create({
    data: {
      email: 'ada@example.org',
      name: 'Ada',
      profile: { create: { displayName: 'Ada', preferences: { theme: 'dark' } } },
      conversations: { create: { title: 'Algebra' } },
    },
    include: { conversations: true },
  })
  conversation = user.conversations[0]?.id as string
  server = createApp(extended(recorded.client, redis, { readTimeout: 5000 })).listen(0)
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  redis.disconnect()
  await redisServer.kill()
  await database.drop()
})

const poll = (etag?: string) =>
  fetch(`${origin}/conversations/${conversation}/messages`, {
    headers: etag === undefined ? {} : { 'if-none-match': etag },
  })

test('a poll without news is 304 and no statement; a new message is seen at once', async () => {
  const first = await poll()
  expect(await first.json()).toEqual([])
  const etag = first.headers.get('etag') as string
  for (let time = 0; time < 5; time++) {
    const again = await expectStatements(log, 0, () => poll(etag))
    expect(again.status).toBe(304)
  }
  await fetch(`${origin}/conversations/${conversation}/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ body: 'What is a group?' }),
  })
  const news = await poll(etag)
  expect(news.status).toBe(200)
  expect(news.headers.get('etag')).not.toBe(etag)
  expect(await news.json()).toMatchObject([{ body: 'What is a group?' }])
})

test('a profile comes from Redis, and the dashboard shows it', async () => {
  const profile = () => fetch(`${origin}/users/1/profile`)
  expect((await profile()).headers.get('x-cache')).toBe('miss')
  for (let tries = 0; tries < 100 && (await profile()).headers.get('x-cache') !== 'hit'; tries++);
  const hit = await expectStatements(log, 0, profile)
  expect(await hit.json()).toMatchObject({ displayName: 'Ada', preferences: { theme: 'dark' } })
  const page = await (await fetch(`${origin}/dashboard`)).text()
  expect(page).toContain('<td>Profile</td>')
  expect(page).toContain('redis is available')
})
