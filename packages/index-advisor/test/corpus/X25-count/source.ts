import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const counts = () =>
  prisma.post.findMany({
    select: { id: true, _count: { select: { comments: { where: { text: 'spam' } } } } },
  })
