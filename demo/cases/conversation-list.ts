import type { PrismaClient } from '../../prisma/client.ts'
import { LANDMARKS } from '../../prisma/seed.ts'
import { demoCase, slower, tooMany } from '../demo-case.ts'

interface Preview {
  title: string
  last: string | undefined
}

/** The list a chat opens with: a query for the list, and one more for each of its lines. */
export const conversationList = demoCase<Preview[]>({
  name: 'List 50 conversations with their last message',
  origin: '51 statements, 200–300 ms',
  wantsIndex: true,
  plain: listConversations,
  // Without an index one statement reads the messages as often as 50 do: its time shows where the index is.
  judge: (plain, brisk, indexed) => tooMany(brisk, 3) ?? slower(plain, indexed),
})

async function listConversations(prisma: Pick<PrismaClient, 'conversation' | 'message'>): Promise<Preview[]> {
  const conversations = await prisma.conversation.findMany({
    where: { userId: LANDMARKS.userId },
    orderBy: [{ createdAt: 'desc' }, { id: 'asc' }],
    take: 50,
  })
  return Promise.all(
    conversations.map(async ({ id, title }) => {
      const last = await readLastMessage(prisma, id)
      return { title, last: last?.body.slice(0, 80) }
    }),
  )
}

export function readLastMessage(prisma: Pick<PrismaClient, 'message'>, conversationId: string) {
  return prisma.message.findFirst({ where: { conversationId }, orderBy: { createdAt: 'desc' } })
}
