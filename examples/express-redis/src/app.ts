/* oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 hands rejections to its error handler */
import express, { type Express } from 'express'
import { dashboard } from './dashboard.ts'
import type { Database } from './database.ts'

/** The tutor chat's API: what is read on every request comes from Redis, and a poll that brings no news costs no query. */
export function createApp(prisma: Database): Express {
  const app = express()
  app.use(express.json())
  // The etag is ours: it tells what the database would say, not what the body looks like.
  app.set('etag', false)

  app.get('/users/:id/profile', async (request, response) => {
    const { data, info } = await prisma.$cache.withInfo(() =>
      prisma.profile.findUnique({ where: { userId: Number(request.params.id) } }),
    )
    response.setHeader('X-Cache', info.status)
    response.status(data === null ? 404 : 200).json(data)
  })

  app.get('/conversations/:id/messages', async (request, response) => {
    const conversationId = request.params.id
    // Taken before the data, so that it is never newer than what it is sent with.
    const etag = await prisma.$cache.etag({ models: ['Message'] })
    response.setHeader('ETag', etag)
    response.setHeader('Cache-Control', 'private, no-cache')
    // Not `request.fresh`: fetch sends `no-cache` with an If-None-Match of the caller's own, and Express obeys it.
    if (request.headers['if-none-match'] === etag) {
      response.status(304).end()
      return
    }
    const messages = await prisma.message.findMany({
      where: { conversationId },
      orderBy: { id: 'desc' },
      take: 50,
      cacheStrategy: { ttl: 60, swr: 30 },
    })
    response.json(messages)
  })

  app.post('/conversations/:id/messages', async (request, response) => {
    const { body } = request.body as { body: string }
    const message = await prisma.message.create({
      data: { conversationId: request.params.id, role: 'USER', body },
    })
    response.status(201).json(message)
  })

  app.get('/dashboard', (_, response) => {
    response.type('html').send(dashboard(prisma.$cache.stats()))
  })
  return app
}
