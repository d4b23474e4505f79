import { LANDMARKS } from '../../../prisma/seed.ts'
import { createDatabase, type Provider } from '../../support/databases.ts'

const PROVIDERS: Provider[] = ['postgresql', 'mysql', 'sqlite']

test('the seed gives the same rows on every database, and they keep every foreign key', async () => {
  const databases = await Promise.all(PROVIDERS.map((provider) => createDatabase(provider, { seed: 0.01 })))
  try {
    const seen = []
    for (const database of databases) {
      const prisma = database.createClient()
      const { userId, longConversationId, workshopId } = LANDMARKS
      seen.push({
        user: await prisma.user.findUnique({
          where: { id: userId },
          include: { profile: true, insights: true },
        }),
        patterns: await prisma.behaviorPattern.findMany({ where: { userId }, orderBy: { id: 'asc' } }),
        sessions: await prisma.studySession.findMany({ orderBy: { id: 'asc' } }),
        conversations: await prisma.conversation.count({ where: { userId } }),
        messages: await prisma.message.count({ where: { conversationId: longConversationId } }),
        traces: await prisma.trace.findMany({ where: { workshopId }, orderBy: { id: 'asc' } }),
        since: await prisma.message.count({
          where: { createdAt: { gte: new Date('2025-05-31T12:00:00Z') } },
        }),
        next: (await prisma.tag.create({ data: { name: 'after the seed' } })).id,
      })
    }
    expect(seen[1]).toEqual(seen[0])
    expect(seen[2]).toEqual(seen[0])
    expect(seen[0]).toMatchObject({ messages: 1_000, since: 721, next: 41 })
    expect(seen[0]!.conversations).toBeGreaterThanOrEqual(50)
    expect(seen[0]!.patterns.length).toBeGreaterThanOrEqual(60)

    const sqlite = databases[2]!.createClient()
    expect(await sqlite.$queryRawUnsafe('PRAGMA foreign_key_check')).toEqual([])
  } finally {
    await Promise.all(databases.map((database) => database.drop()))
  }
})
