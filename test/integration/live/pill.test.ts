import { createServer, request as httpRequest, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { serve, type ServerType } from '@hono/node-server'
import { startHub, type Hub } from '@prisma-brisk/live'
import { slowQuery } from '@prisma-brisk/slow-query'
import compression from 'compression'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { stream } from 'hono/streaming'
import { createDatabase, type TestDatabase } from '../../support/databases.ts'
import type { PrismaClient } from '../../../prisma/generated/postgresql/client.ts'
import { seen } from './support/programs.ts'

/** The link that pages of HTML get, with the frameworks themselves; everything else that they send stays as it is. */

let database: TestDatabase<PrismaClient>
let hub: Hub
beforeAll(async () => {
  database = await createDatabase('postgresql')
  hub = await startHub({ port: 0 })
})
afterAll(async () => {
  await hub.close()
  await database.drop()
})

const PAGE = '<!doctype html><title>ä</title><body><h1>Grüße</h1></body></html>'
const PILL =
  /<a href="(http:\/\/127\.0\.0\.1:\d+\/#\/requests\/[\w-]+)" target="_blank" rel="noopener noreferrer"( style="[^"]+")?>1 statement, [\d.]+ ms<\/a><\/body>/

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

function ask(port: number, path: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<Answer>((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, headers, method, agent: false },
      (response) => {
        const pieces: Buffer[] = []
        response.on('data', (piece: Buffer) => pieces.push(piece))
        response.on('error', reject)
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(pieces),
          }),
        )
      },
    )
    request.once('error', reject)
    request.end()
  })
}

function client(livePill = true) {
  return database.createClient().$extends(
    slowQuery({
      sinks: [],
      livePill,
      live: { send: (lines) => hub.take(lines), origin: () => new URL(hub.address).origin },
    }),
  )
}

interface Running {
  readonly port: number
  close(): Promise<unknown>
}

async function listening(server: Server): Promise<Running> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** Applications with the same routes, each by its framework's own means. */
const frameworks: Record<string, (read: () => Promise<unknown>) => Promise<Running>> = {
  express: async (read) => {
    const app = express()
    app.use('/compressed', compression({ threshold: 0 }))
    app.use(async (_request, _response, next) => {
      await read()
      next()
    })
    app.get('/page', (_request, response) => void response.send(PAGE))
    app.get('/compressed', (_request, response) => void response.send(PAGE))
    app.get('/policy', (_request, response) => {
      response.set('Content-Security-Policy', "default-src 'self'").send(PAGE)
    })
    app.get('/json', (_request, response) => void response.json({ html: PAGE }))
    app.get('/streamed', (_request, response) => {
      response.type('html')
      response.write(PAGE.slice(0, 30))
      response.end(PAGE.slice(30))
    })
    return listening(createServer(app))
  },
  fastify: async (read) => {
    const app = fastify()
    app.addHook('preHandler', async () => void (await read()))
    app.get('/page', (_request, reply) => reply.type('text/html').send(PAGE))
    app.get('/policy', (_request, reply) =>
      reply.type('text/html').header('Content-Security-Policy', "default-src 'self'").send(PAGE),
    )
    app.get('/json', (_request, reply) => reply.send({ html: PAGE }))
    app.get('/streamed', (_request, reply) => {
      reply.hijack()
      reply.raw.writeHead(200, { 'Content-Type': 'text/html' })
      reply.raw.write(PAGE.slice(0, 30))
      reply.raw.end(PAGE.slice(30))
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
  },
  hono: async (read) => {
    const app = new Hono()
    app.use(async (_context, next) => {
      await read()
      await next()
    })
    app.get('/page', (context) => context.html(PAGE))
    app.get('/policy', (context) =>
      context.html(PAGE, 200, { 'Content-Security-Policy': "default-src 'self'" }),
    )
    app.get('/json', (context) => context.json({ html: PAGE }))
    app.get('/streamed', (context) => {
      context.header('Content-Type', 'text/html')
      return stream(context, async (to) => {
        await to.write(PAGE.slice(0, 30))
        await to.write(PAGE.slice(30))
      })
    })
    const server = await new Promise<ServerType>((resolve) => {
      const made = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(made))
    })
    return {
      port: (server.address() as AddressInfo).port,
      close: () => new Promise((resolve) => server.close(resolve)),
    }
  },
}

describe.each(Object.keys(frameworks))('%s', (name) => {
  let app: Running
  let prisma: ReturnType<typeof client>
  beforeAll(async () => {
    prisma = client()
    app = await frameworks[name]!(() => prisma.tag.count())
  })
  afterAll(async () => {
    await app.close()
    await prisma.$disconnect()
  })

  test('a page gets a link to its request in the hub, and its length is right', async () => {
    const { status, headers, body } = await ask(app.port, '/page')
    const text = body.toString()
    const [tag, address] = PILL.exec(text) ?? []
    expect(tag).toBeDefined()
    expect(text.replace(PILL, '</body>')).toBe(PAGE)
    expect({ status, length: Number(headers['content-length'] ?? body.length) }).toEqual({
      status: 200,
      length: body.length,
    })
    expect(headers['server-timing']).toMatch(/^db;dur=[\d.]+;desc="1 statement"$/)
    const id = address!.split('/').at(-1) as string
    expect((await seen(() => hub.history.get(id), Boolean))?.id).toBe(id)
    expect(text).not.toContain(new URL(hub.address).searchParams.get('token'))
  })

  test('under a content security policy the link has no style, and the policy stays', async () => {
    const { headers, body } = await ask(app.port, '/policy')
    expect(headers['content-security-policy']).toBe("default-src 'self'")
    expect(PILL.exec(body.toString())?.[2]).toBeUndefined()
    expect(body.toString()).toMatch(PILL)
  })

  test('HEAD, JSON, what comes in pieces and pages that are not there stay as they are', async () => {
    const head = await ask(app.port, '/page', {}, 'HEAD')
    expect(head.body).toHaveLength(0)
    if (head.headers['content-length'] !== undefined)
      expect(Number(head.headers['content-length'])).toBe(Buffer.byteLength(PAGE))
    expect(JSON.parse((await ask(app.port, '/json')).body.toString())).toEqual({ html: PAGE })
    const streamed = await ask(app.port, '/streamed')
    expect(streamed.body.toString()).toBe(PAGE)
    expect(streamed.headers['content-length']).toBeUndefined()
    expect((await ask(app.port, '/none')).status).toBe(404)
  })

  if (name === 'express')
    test('a compressed page stays as it is', async () => {
      const { headers, body } = await ask(app.port, '/compressed', { 'Accept-Encoding': 'gzip' })
      expect(headers['content-encoding']).toBe('gzip')
      expect(gunzipSync(body).toString()).toBe(PAGE)
    })
})

test('without the option no page gets a link', async () => {
  // The other clients of this process ask for it of their own hub.
  const own = await startHub({ port: 0 })
  const prisma = database.createClient().$extends(
    slowQuery({
      sinks: [],
      live: { send: (lines) => own.take(lines), origin: () => new URL(own.address).origin },
    }),
  )
  const app = await frameworks['express']!(() => prisma.tag.count())
  expect((await ask(app.port, '/page')).body.toString()).toBe(PAGE)
  await app.close()
  await prisma.$disconnect()
  await own.close()
})
