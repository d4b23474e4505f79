import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const page = () =>
  prisma.user.findMany({
    include: {
      posts: {
        where: { published: true },
        orderBy: { createdAt: 'desc' },
        take: 3,
        include: { comments: { orderBy: { createdAt: 'asc' } } },
      },
    },
  })
