import express, { type Express } from 'express'
import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils'
import { brisk } from 'prisma-brisk'
import { expressRequests } from 'prisma-brisk/express'

import { PrismaClient } from '../../prisma/client.ts'

/** A learning platform with the faults that applications have, each at one of its routes, for `brisk live` to show. */
export function demoApplication(adapter: SqlDriverAdapterFactory): Express {
  const prisma = new PrismaClient({ adapter }).$extends(
    brisk({
      slowQuery: { sinks: [] },
      pagination: { models: { Annotation: { defaultLimit: 50 } } },
      cache: { models: { Profile: { ttl: 60 } } },
    }),
  )
  const app = express()
  app.use(expressRequests(prisma))

  app.get('/conversations', async (_, response) => {
    const conversations = await prisma.conversation.findMany({ orderBy: { createdAt: 'desc' }, take: 38 })
    const list = []
    for (const { title, userId } of conversations) {
      const user = await prisma.user.findUnique({ where: { id: userId } }) // the N+1
      list.push({ title, by: user?.name })
    }
    response.json(list)
  })

  app.get('/conversations/previews', async (_, response) => {
    const conversations = await prisma.conversation.findMany({ orderBy: { createdAt: 'desc' }, take: 40 })
    const last = await Promise.all(
      conversations.map(
        ({ id }) =>
          prisma.message.findFirst({ where: { conversationId: id }, orderBy: { createdAt: 'desc' } }), // merged
      ),
    )
    response.json(last.map((message) => message?.body.slice(0, 80)))
  })

  app.get('/users', async ({ query }, response) => {
    const users = await prisma.user.findMany({ where: { name: text(query['name']) }, take: 20 }) // the missing index
    response.json(users.map(({ id, name }) => ({ id, name })))
  })

  app.get('/users/:id', async ({ params }, response) => {
    const id = Number(params.id)
    const [user, profile] = await Promise.all([
      prisma.user.findUnique({ where: { id } }),
      prisma.profile.findUnique({ where: { userId: id } }), // the cached read
    ])
    response.json({ ...user, displayName: profile?.displayName })
  })

  app.post('/users/:id/profile', async ({ params, query }, response) => {
    const where = { userId: Number(params.id) }
    const data = { displayName: text(query['name']) }
    const { displayName } = await prisma.profile.update({ where, data }) // the invalidation
    response.json({ displayName })
  })

  app.get('/exercises', async (_, response) => {
    const exercises = await prisma.exercise.findMany({ where: { active: true } }) // the unlimited list
    response.json(exercises.length)
  })

  app.get('/annotations', async (_, response) => {
    const annotations = await prisma.annotation.findMany({ where: { rating: { gte: 3 } } }) // limited
    response.json(annotations.length)
  })

  app.get('/dashboard', async (_, response) => {
    const userId = 1
    const unread = await prisma.insight.count({ where: { userId, read: false } })
    const insights = await prisma.insight.findMany({ where: { userId }, take: 10 })
    const again = await prisma.insight.count({ where: { userId, read: false } }) // the duplicate read
    const patterns = await prisma.behaviorPattern.findMany({ where: { userId }, take: 10 })
    response.json({ unread: Math.min(unread, again), insights: insights.length, patterns: patterns.length })
  })

  app.post('/classes', async (_, response) => {
    const id = await prisma.$transaction(async (tx) => {
      const session = await tx.classSession.create({ data: { userId: 1, style: 'mat', minutes: 45 } })
      await tx.movement.createMany({
        data: ['hundred', 'roll up', 'saw'].map((name, position) => ({
          classId: session.id,
          userId: 1,
          position,
          name,
          muscleGroup: 'core',
          seconds: 60,
        })),
      })
      await tx.qualityLog.create({ data: { classId: session.id, score: '0.95' } })
      return session.id
    })
    response.status(201).json({ id })
  })

  app.post('/tags', async ({ query }, response) => {
    const tag = await prisma.tag.create({ data: { name: text(query['name']) } }) // fails where the name is taken
    response.status(201).json(tag)
  })

  app.use((_error: unknown, _request: express.Request, response: express.Response, _next: () => void) => {
    response.status(500).json({ error: 'This failed.' })
  })
  return app
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}
