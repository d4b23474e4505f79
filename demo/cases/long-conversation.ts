import { LANDMARKS } from '../../prisma/seed.ts'
import { demoCase, slower } from '../demo-case.ts'

interface Conversation {
  bodies: string[]
  total: number
}

const where = { conversationId: LANDMARKS.longConversationId }
const orderBy = { createdAt: 'asc' } as const

/** A conversation of 1,000 long messages, opened without a limit; the suite gives its first page and the total. */
export const longConversation = demoCase<Conversation>({
  name: 'Open a conversation of 1,000 messages',
  origin: '5–10 s, 50 MB',
  wantsIndex: true,
  async plain(prisma) {
    const messages = await prisma.message.findMany({ where, orderBy })
    return { bodies: messages.map(({ body }) => body), total: messages.length }
  },
  async brisk(prisma) {
    const { items, pagination } = await prisma.message.paginate({ where, orderBy, page: 1, total: 'exact' })
    return { bodies: items.map(({ body }) => body), total: pagination.total ?? -1 }
  },
  witness: async (_prisma, { bodies, total }) => ({ total, first50: bodies.slice(0, 50) }),
  judge: (plain, brisk) => {
    if (brisk.result.bodies.length !== 50) return `a page of ${brisk.result.bodies.length} instead of 50`
    if (brisk.rows > 52) return `${brisk.rows} rows read for a page of 50`
    return slower(plain, brisk)
  },
})
