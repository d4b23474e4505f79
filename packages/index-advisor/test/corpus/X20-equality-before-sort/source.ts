import { PrismaClient } from './out/client'

const prisma = new PrismaClient()

export const list = (authorId: number, status: string) =>
  prisma.post.findMany({ where: { status, authorId }, orderBy: { createdAt: 'desc' }, take: 20 })
