import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const all = (authorId: number) =>
  prisma.post.findMany({ where: { authorId, views: { gt: 100 } }, orderBy: { createdAt: 'desc' } })
