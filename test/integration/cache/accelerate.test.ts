import { createServer, type Server } from 'node:http'
import { accelerateStore, cache } from '@prisma-brisk/cache'
import { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { until } from './support/cached-client.ts'

/** An Accelerate of this test: it answers plans with one row, and writes down what it was asked. */
interface Request {
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: { readonly tags?: unknown; readonly operation?: string }
}
const requests: Request[] = []
let status = 'miss'
let refuses = false
let server: Server
let url: string

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      const path = request.url ?? ''
      requests.push({
        path,
        headers: request.headers,
        body: text === '' ? {} : (JSON.parse(text) as Request['body']),
      })
      response.setHeader('content-type', 'application/json')
      if (path.includes('connection-info'))
        return response.end(
          JSON.stringify({ provider: 'postgres', connectionInfo: { supportsRelationJoins: true } }),
        )
      if (path.includes('invalidate')) {
        response.statusCode = refuses ? 401 : 200
        return response.end('{}')
      }
      response.setHeader('accelerate-cache-status', status)
      response.end(JSON.stringify({ data: [] }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address() as { port: number }
  url = `prisma+postgres://localhost:${address.port}/?api_key=secret`
})
afterAll(() => server.close())
beforeEach(() => void requests.splice(0))

const open = (accelerateUrl = url) =>
  new PrismaClient({ accelerateUrl }).$extends(cache({ store: accelerateStore() }))
const queries = () => requests.filter(({ path }) => path.includes('/query'))
const invalidated = () =>
  requests.filter(({ path }) => path === '/invalidate').map(({ body }) => body.tags as string[])

test('C35 ttl, swr and tags are passed on, the models as tags of ours; the answer says how it came', async () => {
  const prisma = open()
  const read = () =>
    prisma.user.findMany({
      include: { profile: true },
      cacheStrategy: { ttl: 60, swr: 30, tags: ['mine', 'team:7'] },
    })
  const { info } = await prisma.$cache.withInfo(read)
  expect(info.status).toBe('miss')
  const { headers } = queries()[0] as Request
  expect(headers['cache-control']).toBe('max-age=60,stale-while-revalidate=30')
  expect(headers['accelerate-cache-tags']).toMatch(/^mine,brisk_h_[0-9a-f]{40},brisk_m_User,brisk_m_Profile$/)
  status = 'ttl'
  expect((await prisma.$cache.withInfo(read)).info.status).toBe('hit')
  await prisma.user.findMany()
  expect(queries()[2]?.headers['accelerate-cache-tags']).toBeUndefined()
})

test('C35 writes and $cache.invalidate reach the API in chunks of five, with the key', async () => {
  const prisma = open()
  await prisma.user.deleteMany().catch(() => undefined)
  await until(() => invalidated().length > 1)
  expect(invalidated().every((tags) => tags.length <= 5)).toBe(true)
  expect(invalidated().flat()).toEqual(
    expect.arrayContaining(['brisk_m_User', 'brisk_m_Conversation', 'brisk_any_model']),
  )
  expect(requests.find(({ path }) => path === '/invalidate')?.headers['authorization']).toBe('Bearer secret')
  requests.splice(0)
  await prisma.$cache.invalidate({ tags: ['mine'] })
  expect(invalidated()).toEqual([['mine', 'brisk_any_tag']])
  await prisma.$cache.invalidateAll()
  expect(invalidated()[1]).toBe('all')
})

test('C35 a missing or refused key is an error, not a silent success', async () => {
  const invalid = expect.objectContaining({ code: 'E_INVALID_OPTIONS' }) as unknown as Error
  expect(() => open('prisma+postgres://localhost:1/')).toThrow()
  expect(() => cache({ store: accelerateStore(), scope: () => 'a' })).toThrow(invalid)
  refuses = true
  await expect(open().$cache.invalidate({ tags: ['mine'] })).rejects.toMatchObject({ code: 'E_ACCELERATE' })
  refuses = false
})
