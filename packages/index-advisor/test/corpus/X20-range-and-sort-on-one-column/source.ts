import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const since = (authorId: number, day: Date) =>
  prisma.post.findMany({ where: { createdAt: { gte: day }, authorId }, orderBy: { createdAt: 'asc' } })
