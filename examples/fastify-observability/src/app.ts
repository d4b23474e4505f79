import { fastifyMetrics, fastifyRequests } from '@prisma-brisk/slow-query/fastify'
import { fastify, type FastifyInstance } from 'fastify'
import type { Database } from './database.ts'

/** The tutor chat's API, with the mistakes that its logs and metrics are to show. */
export async function createApp(prisma: Database): Promise<FastifyInstance> {
  const app = fastify()
  // Before the routes: each request is a scope, in which statements are counted and loops are found.
  await app.register(fastifyRequests(prisma))
  app.get('/metrics', fastifyMetrics(prisma))

  // 1 + N statements: the last message of each conversation is read one by one.
  app.get('/conversations', async () => {
    const conversations = await prisma.conversation.findMany({ orderBy: { createdAt: 'desc' }, take: 50 })
    const list = []
    for (const { id, title } of conversations) {
      const [last] = await prisma.message.findMany({
        where: { conversationId: id },
        orderBy: { id: 'desc' },
        take: 1,
      })
      list.push({ id, title, last: last?.body ?? null })
    }
    return list
  })

  // The same in two statements.
  app.get('/v2/conversations', async () => {
    const conversations = await prisma.conversation.findMany({
      select: {
        id: true,
        title: true,
        messages: { orderBy: { id: 'desc' }, take: 1, select: { body: true } },
      },
      orderBy: { createdAt: 'desc' },
      take: 50,
    })
    return conversations.map(({ id, title, messages }) => ({ id, title, last: messages[0]?.body ?? null }))
  })

  // A report that takes its time; the log shows its SQL, not what was asked for.
  app.get<{ Querystring: { author: string } }>('/report', async ({ query }) => {
    const [row] = await prisma.$queryRaw<[{ messages: number }]>`
      SELECT count(*)::int AS messages, pg_sleep(0.3)::text AS rest FROM "Message" WHERE body LIKE ${`%${query.author}%`}`
    return { messages: row.messages }
  })

  // Fails the second time: the name is unique.
  app.post<{ Params: { name: string } }>('/tags/:name', async ({ params }, reply) => {
    const tag = await prisma.tag.create({ data: { name: params.name } })
    return reply.code(201).send(tag)
  })
  app.addHook('onClose', () => prisma.$disconnect())
  return app
}
