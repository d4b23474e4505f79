import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const thread = (postId: number) =>
  prisma.comment.findMany({ where: { postId }, orderBy: { createdAt: 'asc' }, take: 50 })
